#pragma once
/// Which replica a request goes to, decided once, at its arrival.
///
/// Called by the simulation with the load of every replica at that moment. O(replicas). Deterministic: ties go to the
/// lowest replica.
#include <cstdint>
#include <span>

#include "sim/core/ids.hpp"
#include "sim/core/parameters.hpp"
#include "sim/core/units.hpp"

namespace tiersim {

struct ReplicaLoad {
  std::int64_t unfinished = 0;  ///< requests waiting, loading or running
  Tokens queued_tokens;         ///< prompt tokens of those not yet admitted
};

struct RouterSetup {
  std::size_t replicas = 1;
  Parameters parameters{};
};

class Router {
 public:
  using Setup = RouterSetup;
  virtual ~Router() = default;
  [[nodiscard]] virtual ReplicaId route(RequestId request, std::span<const ReplicaLoad> replicas) = 0;
};

}  // namespace tiersim
