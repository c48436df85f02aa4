// SGLang's radix cache (evict_policy.py, 2025): only leaves of the prefix tree leave, the one with the lowest score
// first. The score is by strategy:
//
//   sglang_lru    last access (its default)          sglang_mru    latest access first
//   sglang_lfu    hits, then last access             sglang_filo   latest entry first
//   sglang_fifo   entry                              sglang_slru   on probation until two hits, then last access
//
// A hit is a later request's match, not the entry. Its `priority` is trtllm's matter here: traces carry none. Departs
// from SGLang in that every block is a node of its own, where a radix node is a run of tokens that nobody has yet had
// reason to split: a node leaves as a whole there, from its tail here.
#include "sim/core/registry.hpp"
#include "sim/memory/leaf_cache.hpp"

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
  explicit RadixScore(const BlockCacheSetup& setup) : uses_(setup.blocks) {}

  void use(std::uint32_t block, std::uint64_t access, bool hit, const Mention&) {
    Use& u = uses_[block];
    u.last = access;
    u.hits = hit ? u.hits + 1 : 0;
    if (!hit) u.entered = access;
  }
  [[nodiscard]] Key key(std::uint32_t block) const {
    const Use& u = uses_[block];
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
  [[nodiscard]] static bool keeps_out(std::uint32_t, const Key&) { return false; }

 private:
  static constexpr std::uint64_t kProtectedFrom = 2;
  struct Use {
    std::uint64_t entered, last, hits;
  };
  ZeroedArray<Use> uses_;  // by block
};

using SglangLru = LeafCache<RadixScore<Strategy::lru>>;
using SglangLfu = LeafCache<RadixScore<Strategy::lfu>>;
using SglangFifo = LeafCache<RadixScore<Strategy::fifo>>;
using SglangMru = LeafCache<RadixScore<Strategy::mru>>;
using SglangFilo = LeafCache<RadixScore<Strategy::filo>>;
using SglangSlru = LeafCache<RadixScore<Strategy::slru>>;
TIERSIM_REGISTER(BlockCache, "sglang_lru", SglangLru, "SGLang's radix leaves, least recently used first", {});
TIERSIM_REGISTER(BlockCache, "sglang_lfu", SglangLfu, "SGLang's radix leaves, fewest hits first", {});
TIERSIM_REGISTER(BlockCache, "sglang_fifo", SglangFifo, "SGLang's radix leaves, first in first out", {});
TIERSIM_REGISTER(BlockCache, "sglang_mru", SglangMru, "SGLang's radix leaves, most recently used first", {});
TIERSIM_REGISTER(BlockCache, "sglang_filo", SglangFilo, "SGLang's radix leaves, first in last out", {});
TIERSIM_REGISTER(BlockCache, "sglang_slru", SglangSlru, "SGLang's radix leaves, on probation until two hits", {});

}  // namespace
}  // namespace tiersim
