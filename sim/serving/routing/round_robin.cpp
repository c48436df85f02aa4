// Round robin: the next replica in turn, whatever its load.
#include "sim/core/registry.hpp"
#include "sim/serving/router.hpp"

namespace tiersim {
namespace {

class RoundRobin final : public Router {
 public:
  explicit RoundRobin(const RouterSetup&) {}
  ReplicaId route(RequestId, std::span<const ReplicaLoad> replicas) override {
    return ReplicaId(next_++ % replicas.size());
  }

 private:
  std::size_t next_ = 0;
};

TIERSIM_REGISTER(Router, "round_robin", RoundRobin, "each replica in turn (the plainest of load balancers)", {});

}  // namespace
}  // namespace tiersim
