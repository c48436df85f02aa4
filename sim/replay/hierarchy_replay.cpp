#include "sim/replay/hierarchy_replay.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "sim/core/diagnostics.hpp"
#include "sim/core/parallel.hpp"
#include "sim/core/registry.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/transfer/transfer_engine.hpp"

namespace tiersim {
namespace {

constexpr ReplicaId kReplica{0};

class HierarchyReplay {
 public:
  HierarchyReplay(const traces::Trace& trace, std::span<const ReplayTier> tiers, std::uint64_t seed,
                  std::span<const std::uint32_t> next_access)
      : trace_(trace),
        seed_(seed),
        turns_(traces::turns_of(trace)),
        topology_({}, {}),
        engine_(topology_),
        hierarchy_(setup_of(tiers), topology_, engine_),
        hbm_(hierarchy_.hbm(kReplica)),
        last_request_(trace.distinct_blocks()) {
    BlockCacheSetup bound;
    bound.blocks = trace.distinct_blocks();
    for (const ReplayTier& tier : tiers) bound.capacity += std::min(tier.capacity, bound.blocks);  // no overflow
    bound.block_tokens = Tokens(trace.block_tokens());
    bound.next_access = next_access;
    belady_ = Registry<BlockCache>::instance().make("belady_leaf", bound);
    counts_.tiers.resize(tiers.size());
  }

  HierarchyCounts run() {
    for (std::size_t r = 0; r < trace_.size(); ++r) serve(RequestId(r));
    hierarchy_.check_conservation();
    for (std::size_t t = 0; t < counts_.tiers.size(); ++t) {
      const Tier& tier = t == 0 ? hbm_ : *hierarchy_.lower(t).tier;
      counts_.tiers[t].written = static_cast<std::uint64_t>(tier.inserted());
      counts_.tiers[t].evicted = static_cast<std::uint64_t>(tier.evicted());
      if (t > 0) counts_.tiers[t].refused = static_cast<std::uint64_t>(hierarchy_.use(t).refused_blocks);
    }
    return counts_;
  }

 private:
  [[nodiscard]] std::function<const PrefixTree&()> lazy_tree() {
    return [this]() -> const PrefixTree& {
      if (!tree_) tree_.emplace(trace_, Tokens(trace_.block_tokens()));
      return *tree_;
    };
  }
  [[nodiscard]] std::unique_ptr<Tier> tier_like(const ReplayTier& tier) {
    const std::size_t blocks = trace_.distinct_blocks();
    const auto capacity = static_cast<std::int64_t>(tier.capacity);
    const std::size_t frames = Tier::frames_needed(capacity, blocks, false, false);
    auto policy = Registry<EvictionPolicy>::instance().make(
        tier.eviction.name,
        {frames, tier.eviction.parameters, seed_, blocks, Tokens(trace_.block_tokens()), turns_, lazy_tree()});
    return std::make_unique<Tier>(TierSetup{capacity, blocks, false, std::move(policy)}, frames);
  }
  [[nodiscard]] Hierarchy::Setup setup_of(std::span<const ReplayTier> tiers) {
    Hierarchy::Setup setup;
    setup.hbm.push_back(tier_like(tiers[0]));
    setup.ranks.emplace_back();
    setup.named_blocks = trace_.distinct_blocks();
    setup.block_tokens = Tokens(trace_.block_tokens());
    setup.free_transfers = true;
    for (std::size_t t = 0; t < tiers.size(); ++t) {
      const std::size_t feeds = tiers[t].feeds.value_or(static_cast<std::uint8_t>(t + 1));
      setup.feeds.push_back(feeds < tiers.size() ? static_cast<std::uint8_t>(feeds) : kNowhere);
    }
    for (const ReplayTier& tier : tiers.subspan(1)) {
      LowerTierSetup& lower = setup.lower.emplace_back();
      lower.name = tier.name;
      lower.tier = tier_like(tier);
      lower.admission = Registry<AdmissionPolicy>::instance().make(
          tier.admission.name, {setup.named_blocks, tier.admission.parameters, setup.block_tokens, lazy_tree()});
      lower.write = tier.write;
      lower.exclusive = tier.exclusive;
      lower.inclusive = tier.inclusive;
      lower.pins = tier.pins;
      lower.min_tokens = tier.min_tokens;
      lower.block_bytes = Bytes(1);
      lower.backlog = Bytes(INT64_MAX);  // writes take no time
    }
    return setup;
  }

  void serve(RequestId request) {
    const auto extents = trace_.extents(request);
    blocks_.clear();
    for (const traces::Extent& e : extents)
      for (std::uint32_t i = 0; i < e.count; ++i) blocks_.emplace_back(e.first + i);
    const std::size_t asked = std::min<std::size_t>(blocks_.size(), trace_.prompt_blocks(request));
    runs_.clear();
    const std::size_t hits = hierarchy_.match(kReplica, std::span(blocks_).first(asked), runs_);
    count_hits(request, hits, asked);
    const std::size_t best = std::min<std::size_t>(asked, belady_->resident_prefix(extents));
    add(counts_.belady, request, best, asked);
    std::size_t seen = 0;
    while (seen < asked && last_request_[blocks_[seen].index()] != 0) ++seen;
    add(counts_.infinite, request, seen, asked);
    count_misses(asked, hits, best);
    static_cast<void>(belady_->access({extents, asked, request, trace_.arrival(request), 0}));
    keep_first_mentions(request);
    const auto piece = static_cast<std::size_t>(hbm_.capacity());
    for (std::size_t end = blocks_.size(); end > 0;) {
      const std::size_t begin = (end - 1) / piece * piece;
      bring(request, begin, end);
      end = begin;
    }
  }

  void add(ReplayCounts& counts, RequestId request, std::size_t hits, std::size_t asked) const {
    const std::uint64_t prompt = trace_.prompt_tokens(request);
    counts.accesses += asked;
    counts.tokens += prompt;
    counts.hits += hits;
    counts.hit_tokens += std::min<std::uint64_t>(hits * trace_.block_tokens(), prompt);
  }
  void count_hits(RequestId request, std::size_t hits, std::size_t asked) {
    add(counts_.all, request, hits, asked);
    const std::uint64_t prompt = trace_.prompt_tokens(request), block = trace_.block_tokens();
    for (const PrefixRun& run : runs_) {
      TierCounts& tier = counts_.tiers[run.tier];
      tier.hits += run.count;
      tier.hit_tokens += std::min((run.begin + run.count) * block, prompt) - run.begin * block;
    }
  }

  /// `best`: the prefix that Belady has.
  void count_misses(std::size_t asked, std::size_t hits, std::size_t best) {
    ReplayMisses& misses = counts_.misses;
    for (std::size_t i = hits; i < asked; ++i) {
      switch (hierarchy_.cause_of(kReplica, blocks_[i])) {
        case MissCause::compulsory:
          ++misses.compulsory;
          break;
        case MissCause::admission:
          ++misses.admission;
          break;
        case MissCause::passed_over:
          ++misses.gap;
          break;
        default:
          ++(i < best ? misses.policy : misses.capacity);
      }
    }
  }

  /// A block that a request mentions twice has one frame.
  void keep_first_mentions(RequestId request) {
    const std::uint32_t mark = request.value() + 1;
    std::erase_if(blocks_, [&](BlockId b) { return std::exchange(last_request_[b.index()], mark) == mark; });
  }

  /// Has blocks [begin, end) of the request in the first tier, offers them below and lets them go.
  void bring(RequestId request, std::size_t begin, std::size_t end) {
    const Time now = trace_.arrival(request);
    const auto blocks = std::span(blocks_).subspan(begin, end - begin);
    const auto first = static_cast<std::uint32_t>(begin);
    find(request, blocks, first, now);
    allocate(static_cast<std::size_t>(std::count(frames_.begin(), frames_.end(), FrameId::none())), now);
    std::size_t used = 0;
    for (const PrefixRun& run : runs_) {
      if (run.tier == 0) continue;
      const std::size_t offset = run.begin - first;
      const auto frames = std::span(fresh_).subspan(used, run.count);
      used += run.count;
      std::copy(frames.begin(), frames.end(), frames_.begin() + static_cast<std::ptrdiff_t>(offset));
      const auto content = blocks.subspan(offset, run.count);
      if (run.tier == kMaxTiers) {
        compute(request, run.begin, content, frames, now);
      } else {
        hierarchy_.load(kReplica, request, run, content, frames, TransferId::none(), now, false);
      }
    }
    hierarchy_.write(kReplica, request, blocks, frames_, first, now);
    hbm_.release({frames_, blocks, first, request}, now);
  }

  /// Where these blocks are, as runs (in no tier: kMaxTiers); references them there. frames_: those in the first tier.
  void find(RequestId request, std::span<const BlockId> blocks, std::uint32_t first, Time now) {
    runs_.clear();
    frames_.clear();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      frames_.push_back(hbm_.frame_of(blocks[i]));
      const std::size_t tier = tier_of(blocks[i]);
      if (runs_.empty() || runs_.back().tier != tier) runs_.push_back({tier, first + static_cast<std::uint32_t>(i), 0});
      ++runs_.back().count;
    }
    for (const PrefixRun& run : runs_) {
      const std::size_t offset = run.begin - first;
      const auto content = blocks.subspan(offset, run.count);
      if (run.tier == 0) {
        hbm_.acquire({std::span(frames_).subspan(offset, run.count), content, run.begin, request}, now);
      } else if (run.tier < kMaxTiers) {
        hierarchy_.hold(request, run, content, now);
      }
    }
  }
  [[nodiscard]] std::size_t tier_of(BlockId block) const {
    if (!hbm_.frame_of(block).is_none()) return 0;
    for (std::size_t t = 1; t < hierarchy_.tiers(); ++t)
      if (!hierarchy_.lower(t).tier->frame_of(block).is_none()) return t;
    return kMaxTiers;
  }

  void allocate(std::size_t count, Time now) {
    fresh_.clear();
    evicted_.clear();
    const bool fits = hbm_.allocate(static_cast<std::int64_t>(count), fresh_, evicted_, now);
    ensure(fits, "a piece of a request did not fit the first tier");
    static_cast<void>(hierarchy_.evicted_from_hbm(kReplica, evicted_, now));  // over at once
  }

  void compute(RequestId request, std::uint32_t position, std::span<const BlockId> blocks,
               std::span<const FrameId> frames, Time now) {
    hbm_.insert({frames, blocks, position, request}, now);
    hierarchy_.mark_seen(kReplica, blocks);
  }

  const traces::Trace& trace_;
  std::uint64_t seed_;
  std::vector<std::uint32_t> turns_;  // by request
  std::optional<PrefixTree> tree_;    // where a policy goes by it
  hw::Topology topology_;
  TransferEngine engine_;
  Hierarchy hierarchy_;
  Tier& hbm_;
  std::unique_ptr<BlockCache> belady_;
  ZeroedArray<std::uint32_t> last_request_;  // by block: number of the last request that mentioned it, plus one
  HierarchyCounts counts_;
  std::vector<BlockId> blocks_;          // scratch: of the request
  std::vector<PrefixRun> runs_;          // scratch
  std::vector<FrameId> frames_, fresh_;  // scratch
  std::vector<BlockId> evicted_;         // scratch
};

}  // namespace

HierarchyCounts replay_hierarchy(const traces::Trace& trace, std::span<const ReplayTier> tiers, std::uint64_t seed,
                                 std::span<const std::uint32_t> next_access) {
  return HierarchyReplay(trace, tiers, seed, next_access).run();
}

std::vector<HierarchyCounts> replay_by_depth(const traces::Trace& trace, std::span<const ReplayTier> tiers,
                                             std::uint64_t seed, std::size_t threads) {
  const std::vector<std::uint32_t> next_access = next_accesses(trace, TouchOrder::head_first);
  std::vector<HierarchyCounts> out(tiers.size());
  for_each_index(tiers.size(), threads,
                 [&](std::size_t i) { out[i] = replay_hierarchy(trace, tiers.first(i + 1), seed, next_access); });
  return out;
}

}  // namespace tiersim
