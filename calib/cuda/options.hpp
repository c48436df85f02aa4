#pragma once
/// The command line of the program that measures a GPU.
///
/// parse_options() takes the arguments without the program's name; errors are std::invalid_argument with what to type
/// instead. usage() is the text of --help.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tiersim::calib {

/// Of `tiersim_cuda offload`: requests over three tiers of KV instead of microkernels.
struct OffloadOptions {
  bool wanted = false;
  std::string trace;           ///< a CSV file (offload_trace.hpp); empty: a generated chat
  std::int64_t requests = 96;  ///< of the generated chat
  std::string policy = "lru";  ///< or "fifo"
  std::string folder = ".";    ///< on the drive
  std::int64_t hbm_frames = 2600, dram_frames = 4096, drive_frames = 8192;  ///< of 2 MiB; the latter two may be 0
};

struct CudaOptions {
  int device = 0;
  double budget = 300;                ///< seconds
  std::vector<std::string> families;  ///< empty: all
  std::uint64_t seed = 1;
  std::string out = ".";
  std::size_t fresh = 0;  ///< points a family, drawn anew for validation; 0: the grid
  bool dry_run = false, list = false, help = false;
  OffloadOptions offload;
};

[[nodiscard]] CudaOptions parse_options(std::span<const char* const> arguments);
[[nodiscard]] std::string usage();

/// "90", "90s", "5min", "1h" in seconds.
[[nodiscard]] double seconds_of(const std::string& text);

}  // namespace tiersim::calib
