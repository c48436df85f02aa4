// TensorRT-LLM's queues by retention priority (evictionPolicy.cpp, 2025): only leaves of the prefix tree wait, in one
// queue for each priority from 0 to 100, in the order of their release; the front of the lowest non-empty queue goes.
// Every block has `priority`, but those of the first `head` tokens of a request, which have `head_priority` until
// `duration` has passed since their last use (0: for good); then they are back at `priority`, at the end of the queue.
// What a request's KvCacheRetentionConfig says by token range comes down to that here, since traces carry none. A block
// whose last child has left waits at the end of its queue.
#include <algorithm>
#include <vector>

#include "sim/memory/leaf_frames.hpp"

namespace tiersim {
namespace {

class TrtLlm {
 public:
  struct Key {
    std::uint64_t priority = 0, queued = 0;
    bool operator<(const Key& o) const { return priority != o.priority ? priority < o.priority : queued < o.queued; }
  };
  explicit TrtLlm(const SlotSetup& setup)
      : priority_(static_cast<std::uint64_t>(setup.parameters.number("priority"))),
        head_priority_(static_cast<std::uint64_t>(setup.parameters.number("head_priority"))),
        head_blocks_(setup.blocks("head")),
        duration_(static_cast<std::int64_t>(setup.parameters.number("duration"))),
        until_(setup.slots) {}

  void use(std::uint32_t slot, std::uint64_t, bool, const SlotTouch& touch) {
    now_ = touch.now;
    const bool head = touch.position < head_blocks_;
    until_[slot] = !head ? 0 : duration_ == Duration(0) ? INT64_MAX : (touch.now + duration_).value();
  }
  /// Asked when a block joins the queue.
  [[nodiscard]] Key key(std::uint32_t slot) {
    const bool retained = until_[slot] > now_.value();
    if (retained && until_[slot] != INT64_MAX) {
      expiring_.push_back({until_[slot], slot});
      std::push_heap(expiring_.begin(), expiring_.end(), LaterFirst{});
    }
    return {retained ? head_priority_ : priority_, ++queued_};
  }
  /// Calls requeue(slot) for those whose retention has ended.
  template <class Requeue>
  void settle(Time now, Requeue requeue) {
    now_ = now;
    while (!expiring_.empty() && expiring_.front().until <= now.value()) {
      const Expiry expired = expiring_.front();
      std::pop_heap(expiring_.begin(), expiring_.end(), LaterFirst{});
      expiring_.pop_back();
      if (until_[expired.slot] == expired.until) requeue(expired.slot);  // else it was used since, or holds another
    }
  }

 private:
  struct Expiry {
    std::int64_t until;
    std::uint32_t slot;
  };
  struct LaterFirst {
    bool operator()(const Expiry& a, const Expiry& b) const {
      return a.until != b.until ? a.until > b.until : a.slot > b.slot;
    }
  };

  std::uint64_t priority_, head_priority_, head_blocks_;
  Duration duration_;
  ZeroedArray<std::int64_t> until_;  // by slot: end of its retention, ns
  std::vector<Expiry> expiring_;     // a heap, soonest first
  std::uint64_t queued_ = 0;
  Time now_;
};

TIERSIM_REGISTER_LEAF_ORDER(
    "trtllm", TrtLlm, "TensorRT-LLM's queues of leaves by retention priority, with expiry",
    {{"priority", ParameterKind::count, "35", "of every block, 0 to 100; the lowest go first"},
     {"head", ParameterKind::tokens, "0 tokens", "of a request, from its start, that are retained"},
     {"head_priority", ParameterKind::count, "100", "of those"},
     {"duration", ParameterKind::duration, "0 s", "after a use, for which they have it; 0: for good"}});

}  // namespace
}  // namespace tiersim
