// Belady's MIN (1966): what is used again farthest in the future goes first, what is never used again before that.
// Needs the future (BlockCacheSetup::next_access), so it runs in replays without a clock alone. `belady` always lets
// the new block in, `belady_bypass` keeps it out when it would be the first to go: the bound that no policy beats.
//
// A resident block is a set bit at the number of its next access: an access is a hit if its own bit is set, and the
// victim is the highest bit. Blocks that never return are a count. No state by block.
#include <algorithm>

#include "sim/core/bit_tree.hpp"
#include "sim/core/registry.hpp"
#include "sim/memory/block_cache.hpp"

namespace tiersim {
namespace {

template <bool kBypass>
class Belady final : public BlockCache {
 public:
  explicit Belady(const BlockCacheSetup& setup)
      : room_(setup.capacity), order_(setup.order), next_(setup.next_access), uses_(setup.next_access.size()) {}

  std::uint64_t access(const Mention& mention) override {
    std::uint64_t blocks = 0, hits = 0;
    for (const traces::Extent& e : mention.extents) blocks += e.count;
    const bool forward = order_ == TouchOrder::head_first;
    for (std::uint64_t i = 0; room_ > 0 && i < blocks; ++i)
      hits += touch(now_ + i) && (forward ? i : blocks - 1 - i) < mention.asked ? 1 : 0;
    now_ += blocks;
    return hits;
  }
  [[nodiscard]] std::uint64_t resident_prefix(std::span<const traces::Extent> extents) const override {
    std::uint64_t blocks = 0, prefix = 0;
    for (const traces::Extent& e : extents) blocks += e.count;
    const bool forward = order_ == TouchOrder::head_first;
    while (prefix < blocks && uses_.contains(now_ + (forward ? prefix : blocks - 1 - prefix))) ++prefix;
    return prefix;
  }
  [[nodiscard]] std::size_t resident() const override { return returning_ + never_again_; }

 private:
  bool touch(std::uint64_t t) {
    const std::uint32_t next = next_[t];
    const bool hit = uses_.contains(t);
    if (hit) {
      uses_.erase(t);
      --returning_;
    } else if (returning_ + never_again_ == room_ && !make_room(next)) {
      return false;
    }
    if (next == kNeverAgain) {
      ++never_again_;
    } else {
      uses_.insert(next);
      ++returning_;
    }
    return hit;
  }
  /// False: the new block is not let in.
  bool make_room(std::uint32_t next) {
    if (never_again_ > 0) {
      --never_again_;
      return true;
    }
    const std::size_t farthest = uses_.greatest();
    if (kBypass && next >= farthest) return false;
    uses_.erase(farthest);
    --returning_;
    return true;
  }

  std::size_t room_, returning_ = 0, never_again_ = 0;
  TouchOrder order_;
  std::span<const std::uint32_t> next_;
  BitTree uses_;  // next accesses of resident blocks
  std::uint64_t now_ = 0;
};

using BeladyForced = Belady<false>;
using BeladyBypass = Belady<true>;
TIERSIM_REGISTER(BlockCache, "belady", BeladyForced, "farthest next use first (Belady, 1966)", {});
TIERSIM_REGISTER(BlockCache, "belady_bypass", BeladyBypass,
                 "the same, newcomers kept out where that is better: the bound (Belady, 1966, with bypass)", {});

}  // namespace
}  // namespace tiersim
