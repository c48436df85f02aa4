// SGLang's radix cache (evict_policy.py, 2025): only leaves of the prefix tree leave, the one with the lowest score
// first. The score is by strategy:
//
//   sglang_lru    last access (its default)          sglang_mru    latest access first
//   sglang_lfu    hits, then last access             sglang_filo   latest entry first
//   sglang_fifo   entry                              sglang_slru   on probation until two hits, then last access
//   sglang_priority  priority, then last access
//
// A hit is a later request's match, not the entry. A node's priority is the highest of the requests that came by; since
// traces carry none, the first `head` tokens of every request have `head_priority` here and the rest 0. Departs from
// SGLang in that every block is a node of its own, where a radix node is a run of tokens that nobody has yet had reason
// to split: a node leaves as a whole there, from its tail here; and in that a request's end is not an access.
#include <algorithm>

#include "sim/memory/leaf_frames.hpp"

namespace tiersim {
namespace {

enum class Strategy { lru, lfu, fifo, mru, filo, slru };

template <Strategy kStrategy>
class RadixScore {
 public:
  struct Key {
    std::uint64_t first = 0, second = 0;
    bool operator<(const Key& o) const { return first != o.first ? first < o.first : second < o.second; }
  };
  explicit RadixScore(const SlotSetup& setup) : uses_(setup.slots) {}

  void use(std::uint32_t slot, std::uint64_t access, bool hit, const SlotTouch&) {
    Use& u = uses_[slot];
    u.last = access;
    u.hits = hit ? u.hits + 1 : 0;
    if (!hit) u.entered = access;
  }
  [[nodiscard]] Key key(std::uint32_t slot) const {
    const Use& u = uses_[slot];
    switch (kStrategy) {
      case Strategy::lfu:
        return {u.hits, u.last};
      case Strategy::fifo:
        return {u.entered, 0};
      case Strategy::mru:
        return {UINT64_MAX - u.last, 0};
      case Strategy::filo:
        return {UINT64_MAX - u.entered, 0};
      case Strategy::slru:
        return {u.hits >= kProtectedFrom ? 1U : 0U, u.last};
      case Strategy::lru:
        break;
    }
    return {u.last, 0};
  }

 private:
  static constexpr std::uint64_t kProtectedFrom = 2;
  struct Use {
    std::uint64_t entered, last, hits;
  };
  ZeroedArray<Use> uses_;  // by slot
};

/// Lowest priority, then last access.
class RadixPriority {
 public:
  struct Key {
    std::uint64_t priority = 0, last = 0;
    bool operator<(const Key& o) const { return priority != o.priority ? priority < o.priority : last < o.last; }
  };
  explicit RadixPriority(const SlotSetup& setup)
      : head_blocks_(setup.blocks("head")),
        head_priority_(static_cast<std::uint64_t>(setup.parameters.number("head_priority"))),
        uses_(setup.slots) {}

  void use(std::uint32_t slot, std::uint64_t access, bool hit, const SlotTouch& touch) {
    const std::uint64_t priority = touch.position < head_blocks_ ? head_priority_ : 0;
    uses_[slot] = {hit ? std::max(uses_[slot].priority, priority) : priority, access};
  }
  [[nodiscard]] Key key(std::uint32_t slot) const { return {uses_[slot].priority, uses_[slot].last}; }

 private:
  struct Use {
    std::uint64_t priority, last;
  };
  std::uint64_t head_blocks_, head_priority_;
  ZeroedArray<Use> uses_;  // by slot
};

using SglangLru = RadixScore<Strategy::lru>;
using SglangLfu = RadixScore<Strategy::lfu>;
using SglangFifo = RadixScore<Strategy::fifo>;
using SglangMru = RadixScore<Strategy::mru>;
using SglangFilo = RadixScore<Strategy::filo>;
using SglangSlru = RadixScore<Strategy::slru>;
TIERSIM_REGISTER_LEAF_ORDER("sglang_lru", SglangLru, "SGLang's radix leaves, least recently used first", {});
TIERSIM_REGISTER_LEAF_ORDER("sglang_lfu", SglangLfu, "SGLang's radix leaves, fewest hits first", {});
TIERSIM_REGISTER_LEAF_ORDER("sglang_fifo", SglangFifo, "SGLang's radix leaves, first in first out", {});
TIERSIM_REGISTER_LEAF_ORDER("sglang_mru", SglangMru, "SGLang's radix leaves, most recently used first", {});
TIERSIM_REGISTER_LEAF_ORDER("sglang_filo", SglangFilo, "SGLang's radix leaves, first in last out", {});
TIERSIM_REGISTER_LEAF_ORDER("sglang_slru", SglangSlru, "SGLang's radix leaves, on probation until two hits", {});
TIERSIM_REGISTER_LEAF_ORDER("sglang_priority", RadixPriority, "SGLang's radix leaves, lowest priority first",
                            {{"head", ParameterKind::tokens, "0 tokens",
                              "of a request, from its start, that have a priority of their own"},
                             {"head_priority", ParameterKind::count, "1", "of those; the rest have 0"}});

}  // namespace
}  // namespace tiersim
