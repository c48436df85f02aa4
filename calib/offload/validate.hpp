#pragma once
/// A measured hierarchy end to end: the offload engine's times on this machine beside the simulator's.
///
/// Called by `tiersim validate`. The same generated chat is served by each configuration of tiers (eviction policies,
/// with and without a drive, a smaller pool), in turn and the whole round twice, so that a drift of the machine shows
/// as spread and not as difference; what is measured is the mean of both. A round during which something else took the
/// processors is repeated once. The prediction is the simulator's from profile and machine alone. The number of
/// requests follows from the time that there is and from a short warm-up. A configuration is good if its total is
/// within kOffloadMostError or twice its own spread; the order of two counts if their measured totals differ by more
/// than the widest spread of all. With `out`, each configuration's measurement and its trace are written there
/// (record_h5.hpp). Errors: std::runtime_error (drive, memory, folder; a machine without "ssd"). Cost: the time that it
/// is given.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "calib/host/team.hpp"
#include "calib/offload/compute.hpp"
#include "calib/profile.hpp"
#include "hw/device_spec.hpp"

namespace tiersim::calib {

struct OffloadSettings {
  std::string folder;  ///< on the drive to be measured
  std::string out;     ///< for the measurements; empty: they are not kept
  std::uint64_t seed = 1;
  double seconds = 90;
  std::shared_ptr<Team> team;  ///< all processors
  DecoderShape shape;
};

/// Measured and predicted seconds of one quantity.
struct OffloadTime {
  double measured = 0, predicted = 0;
  [[nodiscard]] double error() const { return measured > 0 ? predicted / measured - 1 : 0; }
};

/// Blocks of prompts that were found, and blocks that were written.
struct OffloadBlocks {
  std::int64_t memory = 0, drive = 0, written = 0;
  friend bool operator==(const OffloadBlocks&, const OffloadBlocks&) = default;
};

struct OffloadRow {
  std::string name;
  std::int64_t frames = 0, drive_frames = 0;
  OffloadTime total, first_tokens, decode, load_wait;  ///< sums over requests but the total
  double spread = 0;                                   ///< of the rounds' totals: (most - least) / mean
  double request_p50 = 0, request_p90 = 0;             ///< of the requests' absolute relative errors, end to end
  double bookkeeping = 0;                              ///< measured seconds that are neither load, prefill nor decode
  OffloadBlocks measured, predicted;
  std::int64_t differing = 0;  ///< requests that found other blocks than predicted, or in other tiers, in some round
  int disturbed = 0;           ///< rounds during which something else took the processors
  [[nodiscard]] bool good() const;
};

struct OffloadResult {
  std::vector<OffloadRow> rows;
  std::int64_t requests = 0;
  std::string io;                                   ///< how the drive was read: "io_uring", "threads"
  int pairs = 0, pairs_right = 0, pairs_alike = 0;  ///< alike: nearer than the spread, do not count
  bool stopped = false;
  [[nodiscard]] bool good() const;
};

inline constexpr double kOffloadMostError = 0.15;

using OffloadStop = std::function<bool()>;
using OffloadProgress = std::function<void(double done, double total, const std::string& what)>;  ///< seconds

[[nodiscard]] OffloadResult validate_offload(const Profile& profile, const hw::MachineSpec& machine,
                                             const OffloadSettings& settings, const OffloadStop& stop,
                                             const OffloadProgress& progress);

/// For people: a row per configuration, then the verdict.
[[nodiscard]] std::string offload_table(const OffloadResult& result);

}  // namespace tiersim::calib
