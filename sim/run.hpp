#pragma once
/// The line: a resolved scenario becomes a Result.
///
/// run() is a pure function: no globals, no wall clock, no environment. Two runs in one process or on two threads give
/// identical results; references (infinite cache, free transfers, no lower tiers) run beside the run itself.
/// Throws InternalError if an invariant of ours breaks, nothing else.
#include <atomic>
#include <functional>

#include "sim/report/result.hpp"
#include "sim/resolve/resolve.hpp"

namespace tiersim {

struct RunOptions {
  bool references = true;
  int threads = 1;               ///< references run beside the run itself
  Observer* observer = nullptr;  ///< of the run itself
  /// Now and then: requests done and to do over all runs.
  std::function<void(std::size_t done, std::size_t total)> progress;
  const std::atomic<bool>* stop = nullptr;
};

[[nodiscard]] Result run(const ResolvedScenario& scenario, const RunOptions& options = {});

}  // namespace tiersim
