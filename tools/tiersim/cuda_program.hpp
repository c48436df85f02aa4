#pragma once
/// tiersim_cuda, the program that measures a GPU, run as a child.
///
/// It stands beside the tiersim command where a CUDA compiler built it; it needs the driver and nothing of ours, so
/// that it also runs alone on machines that have nothing else. What it prints goes to stderr, of a dry run to stdout;
/// Ctrl-C reaches it and us, and it ends by itself, keeping its samples. Errors: BadInput where the program is not
/// there or finds no usable GPU, std::runtime_error where it stopped early.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/units.hpp"

namespace tiersim::cli {

struct CudaRun {
  int device = 0;
  Duration budget;
  std::vector<std::string> families;
  std::uint64_t seed = 1;
  std::string out;         ///< folder
  std::int64_t fresh = 0;  ///< points a family, into fresh.csv; 0: the grid, into samples.csv
  bool dry_run = false;
};

void run_cuda_program(const std::string& command, const CudaRun& run);

}  // namespace tiersim::cli
