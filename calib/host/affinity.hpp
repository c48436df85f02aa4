#pragma once
/// On which processors a thread may run.
///
/// Called by Team, which pins its threads, and by kernels that run on one NUMA node with memory of another.
#include <vector>

namespace tiersim::calib {

/// Of the calling thread, ascending; never empty.
[[nodiscard]] std::vector<int> allowed_processors();

/// Keeps the calling thread, and threads and teams that it makes meanwhile, on the given processors; afterwards the
/// calling thread may run where it could before. Best effort: a container may forbid it.
class AffinityScope {
 public:
  explicit AffinityScope(const std::vector<int>& processors);
  ~AffinityScope();
  AffinityScope(const AffinityScope&) = delete;
  AffinityScope& operator=(const AffinityScope&) = delete;

 private:
  std::vector<int> before_;
};

}  // namespace tiersim::calib
