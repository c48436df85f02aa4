#pragma once
/// A hierarchy on a small machine, driven by hand: one replica over DRAM and perhaps an SSD, blocks of 1000 bytes,
/// links of 1 byte a nanosecond.
///
/// Called by the unit tests of the hierarchy. Contents of a lower tier (put, hold, tier) are its chunks.
#include <doctest/doctest.h>

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/core/registry.hpp"
#include "sim/memory/hierarchy.hpp"

namespace tiersim::test {

using namespace tiersim::literals;

using Ids = std::vector<BlockId>;
using FrameList = std::vector<FrameId>;

inline constexpr std::size_t kNamed = 64;
inline constexpr ReplicaId kReplica(0);

inline Ids ids(std::initializer_list<int> list) {
  Ids out;
  for (int i : list) out.push_back(BlockId(i));
  return out;
}

inline hw::LinkSpec link(BytesPerSecond rate, hw::Sharing sharing) {
  return {.bandwidth = rate, .bandwidth_down = rate, .sharing = sharing};
}

/// PCIe at 1 GB/s in order, DRAM at 2 GB/s and an SSD at 0.5 GB/s shared fairly; no latencies.
inline hw::MachineSpec machine(std::int64_t gpus, Duration per_copy) {
  hw::MachineSpec m;
  m.name = "test";
  m.gpus = gpus;
  m.gpu_link = link(1_GBps, hw::Sharing::fifo);
  m.gpu_link.per_operation = per_copy;
  m.storage.push_back({"dram", 1_GB, link(2_GBps, hw::Sharing::fair)});
  m.storage.push_back({"ssd", 1_GB, link(BytesPerSecond(0.5e9), hw::Sharing::fair)});
  return m;
}

inline std::unique_ptr<Tier> make_tier(std::int64_t frames, std::size_t contents = kNamed) {
  auto policy = Registry<EvictionPolicy>::instance().make("lru", {static_cast<std::size_t>(frames), {}, 0});
  return std::make_unique<Tier>(TierSetup{frames, contents, false, std::move(policy)},
                                static_cast<std::size_t>(frames));
}

/// One lower tier as a test wants it.
struct Lower {
  std::int64_t frames = 32;
  WriteMode write = WriteMode::through;
  bool exclusive = false;
  std::string admission = "always";
  Bytes backlog = 1_GB;
  Tokens min_tokens{0};
  bool staged = false;
  std::int64_t fragments = 1;
  bool inclusive = false;
  PinSettings pins{};
  std::uint32_t chunk = 1;
};

using Tiers = std::vector<Lower>;

struct Released {
  Waiter waiter;
  Time at;
};

/// One replica over DRAM and perhaps an SSD.
struct Bench {
  explicit Bench(const Tiers& lower, std::int64_t hbm_frames = 32, std::int64_t ranks = 1, bool free = false,
                 Duration per_copy = 0_ns, std::vector<std::uint8_t> feeds = {})
      : topology(machine(ranks, per_copy)),
        engine(topology),
        hierarchy(setup(lower, hbm_frames, ranks, free, std::move(feeds)), topology, engine) {
    engine.set_free(free);
  }

  Hierarchy::Setup setup(const Tiers& lower, std::int64_t hbm_frames, std::int64_t ranks, bool free,
                         std::vector<std::uint8_t> feeds) {
    Hierarchy::Setup s;
    s.feeds = std::move(feeds);
    s.hbm.push_back(make_tier(hbm_frames));
    s.ranks.emplace_back();
    for (std::int64_t k = 0; k < ranks; ++k) s.ranks[0].push_back(topology.gpu(k));
    for (std::size_t i = 0; i < lower.size(); ++i) {
      LowerTierSetup t;
      t.name = i == 0 ? "dram" : "ssd";
      t.tier = make_tier(lower[i].frames, kNamed / lower[i].chunk);
      t.chunk = lower[i].chunk;
      t.admission = Registry<AdmissionPolicy>::instance().make(lower[i].admission, {kNamed, {}});
      t.write = lower[i].write;
      t.exclusive = lower[i].exclusive;
      t.inclusive = lower[i].inclusive;
      t.pins = lower[i].pins;
      t.block_bytes = 1_KB;
      t.backlog = lower[i].backlog;
      t.min_tokens = lower[i].min_tokens;
      t.staged = lower[i].staged;
      t.fragments = lower[i].fragments;
      t.place = topology.storage(i);
      s.lower.push_back(std::move(t));
    }
    for (std::size_t p = 0; p < topology.places(); ++p)
      if (topology.name(hw::PlaceId(p)) == "host") s.host = hw::PlaceId(p);
    s.named_blocks = kNamed;
    s.block_tokens = 16_tok;
    s.free_transfers = free;
    return s;
  }

  Tier& tier(std::size_t t) { return t == 0 ? hierarchy.hbm(kReplica) : *hierarchy.lower(t).tier; }
  /// Puts blocks into a tier, referenced once.
  FrameList put(std::size_t t, const Ids& blocks) {
    FrameList frames;
    Ids evicted;
    REQUIRE(tier(t).allocate(static_cast<std::int64_t>(blocks.size()), frames, evicted, now));
    tier(t).insert({frames, blocks}, now);
    return frames;
  }
  void release(std::size_t t, const FrameList& frames) { tier(t).release({frames, {}}, now); }
  /// Blocks that nobody references.
  void hold(std::size_t t, const Ids& blocks) { release(t, put(t, blocks)); }

  /// As a replica does it: room for the run, then the flow. The frames stay referenced.
  TransferId load(const PrefixRun& run, const Ids& blocks, FrameList& frames, int request = 0) {
    Ids evicted;
    const auto part = std::span(blocks).subspan(run.begin, run.count);
    hierarchy.hold(RequestId(request), run, part, now);
    REQUIRE(tier(0).allocate(run.count, frames, evicted, now));
    const TransferId before = hierarchy.evicted_from_hbm(kReplica, evicted, now);
    return hierarchy.load(kReplica, RequestId(request), run, part, frames, before, now, false);
  }
  void write(const Ids& blocks, const FrameList& frames) {
    hierarchy.write(kReplica, RequestId(0), blocks, frames, 0, now);
  }
  /// Evicts so many HBM blocks to make room, as an allocation does; the frames stay referenced.
  TransferId make_room(std::int64_t count, FrameList& frames) {
    Ids evicted;
    REQUIRE(tier(0).allocate(count, frames, evicted, now));
    tier(0).insert({frames, {}}, now);
    return hierarchy.evicted_from_hbm(kReplica, evicted, now);
  }

  std::uint32_t match(const Ids& blocks) {
    runs.clear();
    return hierarchy.match(kReplica, blocks, runs);
  }
  void run_to(Time end) {
    while (engine.next_event() <= end) {
      now = engine.next_event();
      std::vector<EndedFlow> ended;
      std::vector<Waiter> waiters;
      engine.advance(now, ended);
      for (const EndedFlow& flow : ended) {
        hierarchy.on_flow_end(flow, now, waiters);
        last_end = now;
      }
      for (const Waiter& w : waiters) released.push_back({w, now});
    }
    now = end;
  }
  void run_out() {
    const Time before = now;
    run_to(Time(1'000'000'000));
    now = std::max(before, last_end);
  }

  hw::Topology topology;
  TransferEngine engine;
  Hierarchy hierarchy;
  Time now, last_end;
  std::vector<PrefixRun> runs;
  std::vector<Released> released;
};

inline void check_runs(const std::vector<PrefixRun>& found, const std::vector<PrefixRun>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].tier == expected[i].tier);
    CHECK(found[i].begin == expected[i].begin);
    CHECK(found[i].count == expected[i].count);
  }
}

}  // namespace tiersim::test
