// None: blocks move up when a request at the head of the queue loads them.
#include "sim/core/registry.hpp"
#include "sim/memory/prefetch.hpp"

namespace tiersim {
namespace {

class NoPrefetch final : public PrefetchPolicy {
 public:
  explicit NoPrefetch(const PrefetchSetup&) {}
  Time on_arrival(RequestId, Time) override { return Time::never(); }
  Time on_completion(RequestId, Time) override { return Time::never(); }
};

TIERSIM_REGISTER(PrefetchPolicy, "none", NoPrefetch, "blocks are loaded when they are asked for (LMCache)", {});

}  // namespace
}  // namespace tiersim
