#include "sim/memory/hierarchy.hpp"

#include <algorithm>
#include <utility>

#include "sim/core/diagnostics.hpp"

namespace tiersim {
namespace {

bool pins_anything(const std::vector<LowerTierSetup>& lower) {
  return std::any_of(lower.begin(), lower.end(), [](const LowerTierSetup& tier) { return tier.pins.any(); });
}

}  // namespace

Hierarchy::Hierarchy(Setup setup, const hw::Topology& topology, TransferEngine& engine)
    : topology_(topology),
      engine_(engine),
      hbm_(std::move(setup.hbm)),
      ranks_(std::move(setup.ranks)),
      lower_(std::move(setup.lower)),
      feeds_(std::move(setup.feeds)),
      host_(setup.host),
      block_tokens_(setup.block_tokens),
      free_transfers_(setup.free_transfers),
      uses_(pins_anything(lower_) ? setup.named_blocks : 0),
      refused_(setup.named_blocks),
      backlog_(lower_.size() + 1),
      use_(lower_.size() + 1),
      copies_(hbm_.size()) {
  ensure(tiers() <= kMaxTiers, "more tiers than kMaxTiers");
  ensure(feeds_.empty() || feeds_.size() == tiers(), "it is not said of each tier which one it feeds");
  for (std::size_t t = feeds_.size(); t < tiers(); ++t)
    feeds_.push_back(t + 1 < tiers() ? static_cast<std::uint8_t>(t + 1) : kNowhere);
  for (std::size_t t = 0; t < tiers(); ++t) {
    if (feeds_[t] == kNowhere) continue;
    const bool multiple = chunk_of(feeds_[t]) % chunk_of(t) == 0;
    const bool back = lower_[feeds_[t] - 1].write == WriteMode::back;
    ensure(multiple && (!back || ratio(t, feeds_[t]) == 1), "a tier cannot take what the one above it gives");
  }
  for (const LowerTierSetup& tier : lower_) {
    arriving_.emplace_back(tier.tier->frames());
    pins_.emplace_back(tier.pins, *tier.tier);
  }
  if (lower_.size() > 1) prefetched_.resize(lower_[0].tier->frames());
  for (const auto& tier : hbm_) {
    filling_.emplace_back(lower_.empty() ? 0 : tier->frames());
    seen_.emplace_back((setup.named_blocks + 63) / 64);
  }
}

std::uint32_t Hierarchy::match(ReplicaId replica, std::span<const BlockId> blocks, std::vector<PrefixRun>& runs) const {
  const Tier& hbm = *hbm_[replica.index()];
  const auto size = static_cast<std::uint32_t>(blocks.size());
  const auto holder = [&](BlockId block) -> std::size_t {
    if (!hbm.frame_of(block).is_none()) return 0;
    for (std::size_t t = 1; t <= lower_.size(); ++t) {
      const FrameId frame = lower_[t - 1].frame_of(block);
      if (!frame.is_none() && arriving_[t - 1][frame.index()] == 0) return t;
    }
    return kMaxTiers;
  };
  std::uint32_t i = 0;
  while (i < size) {
    const std::size_t tier = holder(blocks[i]);
    if (tier == kMaxTiers) break;
    PrefixRun run{tier, i, 1};
    while (i + run.count < size && holder(blocks[i + run.count]) == tier) ++run.count;
    if (tier > 0 && block_tokens_ * run.count < lower_[tier - 1].min_tokens) break;
    runs.push_back(run);
    i += run.count;
  }
  return i;
}

MissCause Hierarchy::cause_of(ReplicaId replica, BlockId block) const {
  const std::size_t word = block.index() / 64;
  const std::uint64_t bit = std::uint64_t{1} << (block.index() % 64);
  bool anywhere = false;
  for (const auto& seen : seen_) anywhere |= (seen[word] & bit) != 0;
  if (!anywhere) return MissCause::compulsory;
  if (!hbm_[replica.index()]->frame_of(block).is_none() || in_or_below(1, block)) return MissCause::passed_over;
  if (lower_.empty()) return (seen_[replica.index()][word] & bit) != 0 ? MissCause::capacity : MissCause::elsewhere;
  return refused_[block.index()] != 0 ? MissCause::admission : MissCause::capacity;
}

void Hierarchy::mark_seen(ReplicaId replica, std::span<const BlockId> blocks) {
  std::vector<std::uint64_t>& seen = seen_[replica.index()];
  for (BlockId b : blocks) seen[b.index() / 64] |= std::uint64_t{1} << (b.index() % 64);
}

Duration Hierarchy::estimate_load(ReplicaId replica, std::span<const PrefixRun> runs, Time now) const {
  Duration total{0};
  if (free_transfers_) return total;
  const auto& ranks = ranks_[replica.index()];
  for (const PrefixRun& run : runs) {
    if (run.tier == 0) continue;
    const LowerTierSetup& tier = lower_[run.tier - 1];
    const std::int64_t chunks = (run.begin + run.count - 1) / tier.chunk - run.begin / tier.chunk + 1;
    const Bytes bytes = tier.chunk_bytes() * chunks;
    const auto share = Bytes(bytes.value() / static_cast<std::int64_t>(ranks.size()));
    const Operations pieces{chunks * tier.fragments};
    const auto out = topology_.route(tier.place, host_);
    // The ranks' flows run beside each other: what they share on the way to the host bounds them together.
    const Duration to_host = engine_.estimate({out, bytes, pieces}, now);
    if (tier.staged) {
      total += to_host + engine_.estimate({topology_.route(host_, ranks[0]), share, pieces}, now);
    } else {
      total += std::max(to_host, engine_.estimate({topology_.route(tier.place, ranks[0]), share, pieces}, now));
    }
  }
  return total;
}

Hierarchy::Transfer& Hierarchy::open(MoveKind kind, ReplicaId replica, RequestId request, std::size_t source,
                                     std::size_t target, Time now) {
  if (free_ids_.empty()) {
    free_ids_.push_back(TransferId(transfers_.size()));
    transfers_.emplace_back();
  }
  const TransferId id = free_ids_.back();
  free_ids_.pop_back();
  Transfer& t = transfers_[id.index()];
  t.id = id, t.kind = kind, t.live = true;
  t.replica = replica, t.request = request, t.source = source, t.target = target;
  t.flows_left = 0, t.first_position = 0, t.bytes = Bytes(0), t.started = now;
  t.blocks.clear(), t.source_frames.clear(), t.target_frames.clear(), t.flows.clear(), t.waiters.clear();
  ++live_;
  return t;
}

void Hierarchy::close(Transfer& transfer) {
  transfer.live = false;
  --live_;
  free_ids_.push_back(transfer.id);
}

Operations Hierarchy::pieces_of(const Transfer& t) const {
  const std::size_t below = std::max(t.source, t.target);
  std::int64_t fragments = 1;
  for (const std::size_t tier : {t.source, t.target})
    if (tier > 0) fragments = std::max(fragments, lower_[tier - 1].fragments * ratio(tier, below));
  return Operations(static_cast<std::int64_t>(t.blocks.size()) * fragments);
}

FlowId Hierarchy::start_flow(Transfer& t, const Leg& leg, FlowId after, Time now, bool record_progress) {
  FlowRequest request;
  request.route = topology_.route(leg.from, leg.to);
  request.bytes = leg.bytes;
  request.operations = pieces_of(t);
  request.after = after;
  request.tag = t.id.value();
  request.record_progress = record_progress;
  ++t.flows_left;
  t.flows.push_back(engine_.start(request, now));
  return t.flows.back();
}

/// One flow a rank where HBM is one end, one flow between lower tiers; a staged load goes to the host first.
void Hierarchy::start_flows(Transfer& t, TransferId after, Time now, bool record_progress) {
  const std::size_t below = std::max(t.source, t.target);
  const LowerTierSetup& lower = lower_[below - 1];
  t.bytes = lower.chunk_bytes() * static_cast<std::int64_t>(t.blocks.size());
  if (t.target > 0) backlog_[t.target] += t.bytes;
  started_ += t.bytes;
  count_copy(t, 1);
  if (free_transfers_) return finish(t, now);
  const auto before = [&](std::size_t rank) {
    if (after.is_none() || !transfers_[after.index()].live) return FlowId::none();
    const std::vector<FlowId>& flows = transfers_[after.index()].flows;
    return flows[std::min(rank, flows.size() - 1)];
  };
  if (t.source > 0 && t.target > 0) {
    start_flow(t, {lower_[t.source - 1].place, lower_[t.target - 1].place, t.bytes}, before(0), now, record_progress);
    return;
  }
  const auto& ranks = ranks_[t.replica.index()];
  const bool staged = t.source > 0 && lower.staged;
  const FlowId first = staged ? start_flow(t, {lower.place, host_, t.bytes}, before(0), now, false) : FlowId::none();
  Bytes left = t.bytes;
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    const auto share = Bytes(left.value() / static_cast<std::int64_t>(ranks.size() - k));
    left -= share;
    const hw::PlaceId place = staged ? host_ : lower.place;
    const Leg leg = t.source > 0 ? Leg{place, ranks[k], share} : Leg{ranks[k], place, share};
    start_flow(t, leg, staged ? first : before(k), now, record_progress);
  }
}

void Hierarchy::hold(RequestId request, const PrefixRun& run, std::span<const BlockId> blocks, Time now) {
  std::vector<BlockId> room;
  hold_contents(request, run.tier, run.begin / chunk_of(run.tier), contents_of(run.tier, blocks, room), now);
}

void Hierarchy::hold_contents(RequestId request, std::size_t tier, std::uint32_t position,
                              std::span<const BlockId> contents, Time now) {
  Tier& source = *lower_[tier - 1].tier;
  std::vector<FrameId> frames;
  for (BlockId b : contents) frames.push_back(source.frame_of(b));
  source.acquire({frames, contents, position, request}, now);
}

TransferId Hierarchy::load(ReplicaId replica, RequestId request, const PrefixRun& run, std::span<const BlockId> blocks,
                           std::span<const FrameId> frames, TransferId after, Time now, bool record_progress) {
  Transfer& t = open(MoveKind::load, replica, request, run.tier, 0, now);
  const std::uint32_t chunk = chunk_of(run.tier);
  t.first_position = run.begin / chunk;
  std::vector<BlockId> room;
  const std::span<const BlockId> contents = contents_of(run.tier, blocks, room);
  t.blocks.assign(contents.begin(), contents.end());
  t.target_frames.assign(frames.begin(), frames.end());
  const Tier& source = *lower_[run.tier - 1].tier;
  for (BlockId b : contents) t.source_frames.push_back(source.frame_of(b));
  Tier& hbm = *hbm_[replica.index()];
  for (FrameId f : frames) filling_[replica.index()][f.index()] = t.id.value() + 1;
  hbm.insert({frames, blocks, run.begin, request}, now);
  if (run.tier == 1 && !prefetched_.empty()) {
    for (FrameId f : t.source_frames) use_[1].prefetched_used += chunk * std::exchange(prefetched_[f.index()], 0);
  }
  ++use_[run.tier].loads;
  use_[run.tier].loaded_blocks += chunk * static_cast<std::int64_t>(contents.size());
  start_flows(t, after, now, record_progress);
  return t.id;
}

bool Hierarchy::in_or_below(std::size_t tier, BlockId block) const {
  for (std::size_t t = tier; t <= lower_.size(); ++t)
    if (!lower_[t - 1].frame_of(block).is_none()) return true;
  return false;
}

TransferId Hierarchy::filling(ReplicaId replica, FrameId frame) const {
  const auto& filling = filling_[replica.index()];
  return filling.size() == 0 ? TransferId::none() : TransferId(filling[frame.index()] - 1);
}

bool Hierarchy::pending(TransferId transfer) const { return !transfer.is_none() && transfers_[transfer.index()].live; }

void Hierarchy::wait(TransferId transfer, Waiter waiter) { transfers_[transfer.index()].waiters.push_back(waiter); }

void Hierarchy::on_flow_end(const EndedFlow& flow, Time now, std::vector<Waiter>& released) {
  Transfer& t = transfers_[static_cast<std::size_t>(flow.tag)];
  if (--t.flows_left > 0) return;
  released.insert(released.end(), t.waiters.begin(), t.waiters.end());
  finish(t, now);
}

void Hierarchy::count_copy(const Transfer& t, std::int64_t change) {
  if (t.target == 0) copies_[t.replica.index()].in += change;
  if (t.source == 0) copies_[t.replica.index()].out += change;
}

void Hierarchy::finish(Transfer& t, Time now) {
  count_copy(t, -1);
  ended_ += t.bytes;
  if (t.target > 0) backlog_[t.target] -= t.bytes;
  if (t.kind != MoveKind::write_back) {
    const std::uint32_t position = t.first_position * ratio(t.source, std::max(t.source, t.target));
    tier_at(t.source, t.replica).release({t.source_frames, {}, position, t.request}, now);
  }
  if (t.kind == MoveKind::load) {
    for (FrameId f : t.target_frames) filling_[t.replica.index()][f.index()] = 0;
  } else {
    for (FrameId f : t.target_frames) arriving_[t.target - 1][f.index()] = 0;
    if (t.kind != MoveKind::prefetch)
      offer(t.target, t.replica, t.request, t.blocks, t.target_frames, t.first_position, now);
    keep_shared(t.target, t.blocks, t.target_frames, now);
    lower_[t.target - 1].tier->release({t.target_frames, t.blocks, t.first_position, t.request}, now);
  }
  if (t.source > t.target && lower_[t.source - 1].exclusive) {
    Tier& source = *lower_[t.source - 1].tier;
    for (FrameId f : t.source_frames)  // one that stands twice in the request is gone by then
      if (source.references(f) == 0 && !source.block_in(f).is_none()) source.drop(f);
  }
  close(t);
}

void Hierarchy::check_conservation() const {
  ensure(live_ == 0, "transfers were left open at the end of the run");
  ensure(started_ == ended_, "bytes that started to move did not all arrive");
  const auto check = [](const Tier& tier, std::int64_t pinned) {
    ensure(tier.inserted() == tier.removed() + tier.resident(), "blocks in are not blocks out plus resident");
    ensure(tier.referenced() == pinned, "frames were left referenced at the end of the run");
  };
  for (const auto& tier : hbm_) check(*tier, 0);
  for (std::size_t t = 0; t < lower_.size(); ++t) check(*lower_[t].tier, pins_[t].count());
}

}  // namespace tiersim
