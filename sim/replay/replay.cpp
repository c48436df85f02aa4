#include "sim/replay/replay.hpp"

#include <algorithm>
#include <memory>

#include "sim/core/diagnostics.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

std::uint64_t blocks_in(std::span<const traces::Extent> extents) {
  std::uint64_t blocks = 0;
  for (const traces::Extent& e : extents) blocks += e.count;
  return blocks;
}

}  // namespace

std::vector<std::uint32_t> next_accesses(const traces::Trace& trace, TouchOrder order) {
  const std::uint64_t mentions = blocks_in(trace.columns().extents);
  ensure(mentions < kNeverAgain, "more mentions than can be numbered");
  std::vector<std::uint32_t> next(mentions), seen(trace.distinct_blocks(), kNeverAgain);
  std::uint64_t t = mentions;
  const auto note = [&](std::uint32_t block) {
    next[--t] = seen[block];
    seen[block] = static_cast<std::uint32_t>(t);
  };
  for (std::size_t r = trace.size(); r-- > 0;) {
    const auto extents = trace.extents(RequestId(r));
    if (order == TouchOrder::tail_first) {
      for (const traces::Extent& e : extents)
        for (std::uint32_t i = 0; i < e.count; ++i) note(e.first + i);
    } else {
      for (std::size_t e = extents.size(); e-- > 0;)
        for (std::uint32_t i = extents[e].count; i-- > 0;) note(extents[e].first + i);
    }
  }
  return next;
}

bool needs_future(std::string_view policy) { return policy.starts_with("belady"); }

ReplayCounts replay(const traces::Trace& trace, const ReplaySettings& settings,
                    std::span<const std::uint32_t> next_access) {
  const auto cache = Registry<BlockCache>::instance().make(
      settings.policy.name, {settings.capacity, trace.distinct_blocks(), Tokens(trace.block_tokens()),
                             settings.policy.parameters, settings.seed, settings.order, next_access});
  ReplayCounts counts;
  const std::vector<std::uint32_t> turns = traces::turns_of(trace);
  for (std::size_t r = 0; r < trace.size(); ++r) {
    const RequestId request(r);
    const auto extents = trace.extents(request);
    const std::uint64_t asked = std::min(blocks_in(extents), trace.prompt_blocks(request));
    const std::uint64_t resident = settings.rule == HitRule::prefix ? cache->resident_prefix(extents) : 0;
    const std::uint64_t touched =
        cache->access({extents, asked, request, trace.arrival(request), turns.empty() ? 0 : turns[r]});
    const std::uint64_t hits = settings.rule == HitRule::prefix ? std::min(resident, asked) : touched;
    const std::uint64_t prompt = trace.prompt_tokens(request);
    counts.accesses += asked;
    counts.tokens += prompt;
    counts.hits += hits;
    counts.hit_tokens += std::min(hits * trace.block_tokens(), prompt);
  }
  return counts;
}

}  // namespace tiersim
