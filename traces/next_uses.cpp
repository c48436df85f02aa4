// Next uses, from the back: the request that mentioned a block last is, one mention further to the front, its next use.
#include <algorithm>
#include <vector>

#include "traces/readers.hpp"

namespace tiersim::traces {
namespace {

struct OwnedNextUses {
  std::vector<std::uint64_t> offsets;
  std::vector<NextUse> runs;
};

/// Appends a request's runs, tail first, and takes note of its mentions.
void append_backwards(const Trace& trace, RequestId request, std::vector<std::uint32_t>& next_mention,
                      std::vector<NextUse>& runs) {
  const std::size_t begin = runs.size();
  const auto extents = trace.extents(request);
  for (std::size_t e = extents.size(); e-- > 0;)
    for (std::uint32_t i = extents[e].count; i-- > 0;) {
      std::uint32_t& next = next_mention[extents[e].first + i];
      if (runs.size() > begin && runs.back().request == next)
        ++runs.back().count;
      else
        runs.push_back({1, next});
      next = request.value();
    }
}

}  // namespace

NextUses next_uses(const Trace& trace) {
  if (trace.has_next_uses()) return {trace.columns().next_use_offsets, trace.columns().next_uses, trace.storage()};
  const auto owned = std::make_shared<OwnedNextUses>();
  owned->offsets.resize(trace.size() + 1);
  std::vector<std::uint32_t> next_mention(trace.distinct_blocks(), kNoRequest);
  for (std::size_t r = trace.size(); r-- > 0;) {
    owned->offsets[r + 1] = owned->runs.size();  // counted from the back until all are known
    append_backwards(trace, RequestId(r), next_mention, owned->runs);
  }
  std::reverse(owned->runs.begin(), owned->runs.end());
  for (std::size_t r = 1; r < owned->offsets.size(); ++r) owned->offsets[r] = owned->runs.size() - owned->offsets[r];
  return {owned->offsets, owned->runs, owned};
}

}  // namespace tiersim::traces
