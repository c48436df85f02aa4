#pragma once
/// When to bring blocks from slow tiers up to the fastest lower tier before they are asked for.
///
/// Called by Simulation when a request arrives and when one is complete. The answer is the time at which what is known
/// of the session is fetched: after an arrival the request's own prompt, as long as it still waits in the queue; after
/// a completion its prompt and answer, which a next turn would extend. A policy sees the past alone. One instance
/// serves a run. O(1) a call; state in arrays by request, allocated once. Deterministic.
#include <cstdint>
#include <span>

#include "sim/core/ids.hpp"
#include "sim/core/parameters.hpp"
#include "sim/core/units.hpp"

namespace tiersim {

struct PrefetchSetup {
  Parameters parameters{};
  std::span<const std::uint32_t> previous{};  ///< by request: the turn before, UINT32_MAX for none
};

class PrefetchPolicy {
 public:
  using Setup = PrefetchSetup;
  virtual ~PrefetchPolicy() = default;
  /// Time::never(): not at all.
  virtual Time on_arrival(RequestId request, Time now) = 0;
  virtual Time on_completion(RequestId request, Time now) = 0;
};

}  // namespace tiersim
