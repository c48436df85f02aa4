// Least loaded: the replica with the fewest unfinished requests (waiting, loading or running); ties to the lowest.
#include <algorithm>

#include "sim/core/registry.hpp"
#include "sim/serving/router.hpp"

namespace tiersim {
namespace {

class LeastLoaded final : public Router {
 public:
  explicit LeastLoaded(const RouterSetup&) {}
  ReplicaId route(RequestId, std::span<const ReplicaLoad> replicas) override {
    const auto fewest =
        std::min_element(replicas.begin(), replicas.end(),
                         [](const ReplicaLoad& a, const ReplicaLoad& b) { return a.unfinished < b.unfinished; });
    return ReplicaId(static_cast<std::size_t>(fewest - replicas.begin()));
  }
};

TIERSIM_REGISTER(Router, "least_loaded", LeastLoaded,
                 "the replica with the fewest unfinished requests (join the shortest queue)", {});

}  // namespace
}  // namespace tiersim
