// On arrival: while a request waits in the queue its prefix comes up from the slow tiers, as SGLang's HiCache and
// Mooncake's conductor do. `delay` after the arrival it must still be waiting: with more than 0, one that is taken up
// at once loads its blocks itself.
#include "sim/core/registry.hpp"
#include "sim/memory/prefetch.hpp"

namespace tiersim {
namespace {

class OnArrival final : public PrefetchPolicy {
 public:
  explicit OnArrival(const PrefetchSetup& setup)
      : delay_(static_cast<std::int64_t>(setup.parameters.number("delay"))) {}
  Time on_arrival(RequestId, Time now) override { return now + delay_; }
  Time on_completion(RequestId, Time) override { return Time::never(); }

 private:
  Duration delay_;
};

TIERSIM_REGISTER(PrefetchPolicy, "on_arrival", OnArrival, "while a request waits in the queue (HiCache, Mooncake)",
                 {{"delay", ParameterKind::duration, "0 s", "after the arrival, if the request still waits"}});

}  // namespace
}  // namespace tiersim
