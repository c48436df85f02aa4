#include "traces/sharing.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

namespace tiersim::traces {
namespace {

constexpr std::uint32_t kNoBlock = UINT32_MAX;

/// A block that did not stand behind the block numbered before it when it was first mentioned.
struct Head {
  std::uint32_t block;
  std::uint32_t before;  ///< what it stood behind, or kNoBlock
};

/// Knows what each block stood behind: the block numbered before it, but for the heads. As ids come in order of first
/// touch, heads come in order too.
class Chain {
 public:
  /// Whether the extent, behind block `before`, agrees with what was seen; new blocks are taken note of.
  bool accept(const Extent& extent, std::uint32_t before) {
    const auto at = std::ranges::lower_bound(heads_, extent.first, {}, &Head::block);
    if (extent.first >= seen_) {
      heads_.push_back({extent.first, before});
    } else {
      const bool is_head = at != heads_.end() && at->block == extent.first;
      if (before != (is_head ? at->before : extent.first - 1)) return false;
      const auto next = is_head ? at + 1 : at;
      if (next != heads_.end() && next->block < extent.first + extent.count) return false;
    }
    seen_ = std::max(seen_, extent.first + extent.count);
    return true;
  }

 private:
  std::vector<Head> heads_;
  std::uint32_t seen_ = 0;
};

}  // namespace

Sharing sharing_of(const Trace& trace) {
  Sharing out;
  std::vector<std::uint32_t> mentions(trace.distinct_blocks());
  for (const Extent& extent : trace.columns().extents)
    for (std::uint32_t i = 0; i < extent.count; ++i) ++mentions[extent.first + i];
  out.used_once = static_cast<std::uint64_t>(std::ranges::count(mentions, 1U));
  out.popular_blocks = (mentions.size() + 9) / 10;
  const auto tenth = mentions.begin() + static_cast<std::ptrdiff_t>(out.popular_blocks);
  if (tenth != mentions.end()) std::nth_element(mentions.begin(), tenth, mentions.end(), std::greater<>());
  out.popular_references = std::accumulate(mentions.begin(), tenth, std::uint64_t{0});
  return out;
}

bool ids_are_prefixes(const Trace& trace) {
  Chain chain;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    std::uint32_t before = kNoBlock;
    for (const Extent& extent : trace.extents(RequestId(r))) {
      if (!chain.accept(extent, before)) return false;
      before = extent.first + extent.count - 1;
    }
  }
  return true;
}

}  // namespace tiersim::traces
