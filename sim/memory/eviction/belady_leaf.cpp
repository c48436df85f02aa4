// Belady on a prefix tree: of the leaves the one whose next use is farthest goes first, unless the newcomer's own is
// not earlier: then neither it nor what follows it in its request is let in. What a tree of prefixes could do at best,
// up to ties; needs the future, so replays only.
#include "sim/core/registry.hpp"
#include "sim/memory/leaf_cache.hpp"

namespace tiersim {
namespace {

class FarthestUse {
 public:
  struct Key {
    std::uint32_t next = 0;
    bool operator<(const Key& o) const { return next > o.next; }
  };
  explicit FarthestUse(const SlotSetup& setup) : future_(setup.next_access), next_(setup.slots) {}

  void use(std::uint32_t block, std::uint64_t access, bool, const SlotTouch&) { next_[block] = future_[access]; }
  [[nodiscard]] Key key(std::uint32_t block) const { return {next_[block]}; }
  [[nodiscard]] bool keeps_out(std::uint32_t block, const Key& victim) const { return victim.next <= next_[block]; }

 private:
  std::span<const std::uint32_t> future_;
  ZeroedArray<std::uint32_t> next_;  // by block
};

using BeladyLeaf = LeafCache<FarthestUse>;
TIERSIM_REGISTER(BlockCache, "belady_leaf", BeladyLeaf,
                 "farthest next use among the leaves of the prefix tree (Belady's choice, ours for trees)", {});

}  // namespace
}  // namespace tiersim
