#pragma once
/// The end-to-end part of `tiersim validate`: a small engine over real tiers on this host, beside the simulator.
///
/// Needs the profile and, beside it, the machine that calibrate described: NAME.yaml and NAME/machine.yaml. Prints the
/// table; returns whether it holds. Errors: BadInput where the machine is missing or has no drive.
#include <string>

#include "calib/profile.hpp"

namespace tiersim::cli {

struct OffloadRequest {
  std::string command;
  std::string profile_path;
  std::string folder;  ///< on the drive to be measured
  std::string keep;    ///< for the measurements (HDF5); empty: not kept
  std::int64_t seed = 1;
  double seconds = 90;
};

[[nodiscard]] bool offload_holds(const OffloadRequest& request, const calib::Profile& profile);

}  // namespace tiersim::cli
