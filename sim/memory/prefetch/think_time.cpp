// End of think time: when a turn is complete the session's blocks come up a while before its next turn is expected, as
// CachedAttention (ATC'24) and Pensieve do for conversations that come back. Expected is the mean of the session's own
// think times so far, or of all sessions' as long as it has none; `early` of it is waited for. Before any think time is
// known nothing is fetched. A think time is from a completion to the arrival of the turn that follows it.
#include <cstdint>

#include "sim/core/registry.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/memory/prefetch.hpp"

namespace tiersim {
namespace {

class ThinkTime final : public PrefetchPolicy {
 public:
  explicit ThinkTime(const PrefetchSetup& setup)
      : previous_(setup.previous), turns_(setup.previous.size()), early_(setup.parameters.number("early")) {}

  Time on_arrival(RequestId request, Time now) override {
    const std::uint32_t before = previous_[request.index()];
    if (before == UINT32_MAX) return Time::never();
    Turn& turn = turns_[request.index()];
    turn.think = turns_[before].think;
    if (turns_[before].completed == 0) return Time::never();  // open loop: it did not wait for the answer
    const std::int64_t think = now.value() + 1 - turns_[before].completed;
    turn.think.add(think);
    all_.add(think);
    return Time::never();
  }
  Time on_completion(RequestId request, Time now) override {
    Turn& turn = turns_[request.index()];
    turn.completed = now.value() + 1;
    const Mean& known = turn.think.count > 0 ? turn.think : all_;
    if (known.count == 0) return Time::never();
    const double expected = static_cast<double>(known.sum) / static_cast<double>(known.count);
    return now + Duration(static_cast<std::int64_t>(expected * early_));
  }

 private:
  struct Mean {
    std::int64_t sum, count;  // ns
    void add(std::int64_t value) { sum += value, ++count; }
  };
  struct Turn {
    Mean think;              // of the session, up to this turn
    std::int64_t completed;  // ns, plus 1; 0: not yet
  };

  std::span<const std::uint32_t> previous_;
  ZeroedArray<Turn> turns_;  // by request
  Mean all_{0, 0};
  double early_;
};

TIERSIM_REGISTER(PrefetchPolicy, "think_time", ThinkTime,
                 "before a session's next turn is expected (CachedAttention, ATC'24)",
                 {{"early", ParameterKind::fraction, "0.5", "of the expected think time, after which blocks come up"}});

}  // namespace
}  // namespace tiersim
