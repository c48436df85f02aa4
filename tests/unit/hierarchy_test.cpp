// What moves between tiers and when, to the nanosecond, on links of 1 byte a nanosecond: a block of 1000 bytes takes 1
// us.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/hierarchy_bench.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::test;

TEST_CASE("is a prefix found over the union of the tiers, each block in the fastest that has it?") {
  Bench b(Tiers{Lower{}, Lower{}});
  b.hold(0, ids({0, 1, 4}));
  b.hold(1, ids({1, 2}));
  b.hold(2, ids({0, 1, 2, 3, 4, 6}));
  CHECK(b.match(ids({0, 1, 2, 3, 4, 5, 6})) == 5);
  check_runs(b.runs, {{0, 0, 2}, {1, 2, 1}, {2, 3, 1}, {0, 4, 1}});
  CHECK(b.match(ids({5, 0})) == 0);
  CHECK(b.runs.empty());
  CHECK(b.match({}) == 0);
}

TEST_CASE("does a run shorter than its tier's min_tokens end the prefix?") {
  Bench b(Tiers{Lower{.min_tokens = 33_tok}});
  b.hold(0, ids({0}));
  b.hold(1, ids({1, 2, 3}));
  CHECK(b.match(ids({0, 1, 2, 9})) == 1);  // 32 tokens of DRAM
  check_runs(b.runs, {{0, 0, 1}});
  CHECK(b.match(ids({0, 1, 2, 3})) == 4);  // 48
  check_runs(b.runs, {{0, 0, 1}, {1, 1, 3}});
}

TEST_CASE("is a block that is written through found below when it has arrived, its source pinned until then?") {
  Bench b(Tiers{Lower{}});
  const FrameList frames = b.put(0, ids({0, 1}));
  b.write(ids({0, 1}), frames);
  b.release(0, frames);
  CHECK(b.tier(0).available() == 30);
  b.run_to(Time(1999));
  for (FrameId f : frames) CHECK(b.tier(0).references(f) == 1);
  CHECK(b.tier(1).resident() == 2);
  CHECK(b.match(ids({0, 1})) == 2);
  check_runs(b.runs, {{0, 0, 2}});
  for (FrameId f : frames) CHECK(b.tier(0).block_in(f).index() < 2);
  b.run_to(Time(2000));
  CHECK(b.tier(0).available() == 32);
  FrameList taken;
  b.make_room(32, taken);
  CHECK(b.match(ids({0, 1})) == 2);
  check_runs(b.runs, {{1, 0, 2}});
  b.release(0, taken);
  b.hierarchy.check_conservation();
  CHECK(b.hierarchy.use(1).written_blocks == 2);
}

TEST_CASE("is a block on its way not found, and not written twice?") {
  Bench b(Tiers{Lower{}}, 2);
  const FrameList frames = b.put(0, ids({0}));
  b.write(ids({0}), frames);
  b.write(ids({0}), frames);
  CHECK(b.hierarchy.transfers_live() == 1);
  const FrameList other = b.put(0, ids({1}));
  b.run_to(Time(500));
  CHECK(b.match(ids({0})) == 1);
  CHECK(b.runs[0].tier == 0);
  b.run_out();
  CHECK(b.now == Time(1000));
  b.release(0, frames);
  b.release(0, other);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a load take its bytes over the link, with its sources pinned and its frames filling until it ends?") {
  Bench b(Tiers{Lower{}});
  b.hold(1, ids({0, 1, 2}));
  FrameList frames;
  const TransferId t = b.load({1, 0, 3}, ids({0, 1, 2}), frames, 5);
  b.hierarchy.wait(t, {kReplica, RequestId(5)});
  CHECK(b.hierarchy.filling(kReplica, frames[1]) == t);
  CHECK(b.tier(1).referenced() == 3);
  CHECK(b.match(ids({0, 1, 2})) == 3);  // in HBM for those who come now: they wait for the same transfer
  CHECK(b.runs[0].tier == 0);
  b.run_to(Time(2999));
  CHECK(b.hierarchy.pending(t));
  b.run_to(Time(3000));
  CHECK_FALSE(b.hierarchy.pending(t));
  CHECK(b.hierarchy.filling(kReplica, frames[1]).is_none());
  CHECK(b.tier(1).referenced() == 0);
  CHECK(b.tier(1).resident() == 3);  // the lower copy stays
  REQUIRE(b.released.size() == 1);
  CHECK(b.released[0].waiter.request == RequestId(5));
  CHECK(b.released[0].at == Time(3000));
  b.release(0, frames);
  b.hierarchy.check_conservation();
  CHECK(b.hierarchy.use(1).loads == 1);
  CHECK(b.hierarchy.use(1).loaded_blocks == 3);
}

TEST_CASE("does an exclusive tier give its copy up when the load has ended?") {
  Bench b(Tiers{Lower{.exclusive = true}});
  b.hold(1, ids({0, 1}));
  FrameList frames;
  b.load({1, 0, 2}, ids({0, 1}), frames);
  b.run_to(Time(1999));
  CHECK(b.tier(1).resident() == 2);
  b.run_to(Time(2000));
  CHECK(b.tier(1).resident() == 0);
  CHECK(b.tier(1).available() == 32);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does an exclusive tier give up once a block that stands twice in a request?") {
  Bench b(Tiers{Lower{.frames = 4, .exclusive = true}});
  b.hold(1, ids({0, 1}));
  FrameList frames;
  b.load({1, 0, 3}, ids({0, 1, 0}), frames);
  b.run_out();
  CHECK(b.tier(1).resident() == 0);
  FrameList others = b.put(1, ids({2, 3, 4, 5}));
  std::sort(others.begin(), others.end());
  CHECK(std::unique(others.begin(), others.end()) == others.end());
  b.release(0, frames);
  b.release(1, others);
  b.hierarchy.check_conservation();
}

TEST_CASE("do two loads wait for each other on a fifo link?") {
  Bench b(Tiers{Lower{}});
  b.hold(1, ids({0, 1, 2}));
  FrameList first, second;
  b.hierarchy.wait(b.load({1, 0, 2}, ids({0, 1}), first, 1), {kReplica, RequestId(1)});
  b.hierarchy.wait(b.load({1, 0, 1}, ids({2}), second, 2), {kReplica, RequestId(2)});
  b.run_out();
  REQUIRE(b.released.size() == 2);
  CHECK(b.released[0].at == Time(2000));
  CHECK(b.released[1].at == Time(3000));
  b.release(0, first);
  b.release(0, second);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a write-back hold up whoever got the frame, and is the block found below after it?") {
  Bench b(Tiers{Lower{.write = WriteMode::back}}, 2);
  b.hold(0, ids({0, 1}));
  b.hierarchy.write(kReplica, RequestId(0), ids({0}), FrameList{FrameId(0)}, 0, b.now);
  CHECK(b.hierarchy.transfers_live() == 0);  // nothing is written while it stays above
  FrameList frames;
  const TransferId t = b.make_room(2, frames);
  REQUIRE(b.hierarchy.pending(t));
  CHECK(b.match(ids({0, 1})) == 0);  // gone above, not yet there below
  b.hierarchy.wait(t, {kReplica, RequestId::none()});
  b.run_out();
  REQUIRE(b.released.size() == 1);
  CHECK(b.released[0].at == Time(2000));
  CHECK(b.match(ids({0, 1})) == 2);
  CHECK(b.runs[0].tier == 1);
  CHECK(b.hierarchy.use(1).write_backs == 2);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("is nothing written back that a lower tier has?") {
  Bench b(Tiers{Lower{.write = WriteMode::back}, Lower{.write = WriteMode::back}}, 3);
  b.hold(0, ids({0, 1, 2}));
  b.hold(1, ids({0}));
  b.hold(2, ids({1}));
  FrameList frames;
  const TransferId t = b.make_room(3, frames);
  b.run_out();
  CHECK_FALSE(b.hierarchy.pending(t));
  CHECK(b.now == Time(1000));  // block 2 alone
  CHECK(b.hierarchy.use(1).written_blocks == 1);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a load into frames that are written back start when that has ended?") {
  Bench b(Tiers{Lower{.write = WriteMode::back}}, 1);
  b.hold(0, ids({0}));
  b.hold(1, ids({1}));
  FrameList frames;
  const TransferId t = b.load({1, 0, 1}, ids({1}), frames, 1);
  b.hierarchy.wait(t, {kReplica, RequestId(1)});
  b.run_out();
  REQUIRE(b.released.size() == 1);
  CHECK(b.released[0].at == Time(2000));  // 1 us out, then 1 us in, though the directions are two links
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does making room for a load leave its own sources where they are?") {
  Bench b(Tiers{Lower{.frames = 2, .write = WriteMode::back}}, 1);
  b.hold(1, ids({1, 2}));  // 1 is the first that the tier would give up
  b.hold(0, ids({0}));
  FrameList frames;
  b.hierarchy.wait(b.load({1, 0, 1}, ids({1}), frames, 1), {kReplica, RequestId(1)});
  CHECK_FALSE(b.tier(1).frame_of(BlockId(1)).is_none());
  CHECK(b.tier(1).frame_of(BlockId(2)).is_none());  // made way for block 0
  b.run_out();
  CHECK(b.match(ids({1})) == 1);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a tier refuse writes beyond its backlog until some have arrived?") {
  Bench b(Tiers{Lower{.backlog = 2'500_B}});
  const FrameList frames = b.put(0, ids({0, 1, 2, 3}));
  b.write(ids({0, 1, 2}), std::vector(frames.begin(), frames.begin() + 3));
  CHECK(b.hierarchy.use(1).written_blocks == 2);
  CHECK(b.hierarchy.use(1).refused_blocks == 1);
  b.write(ids({3}), {frames[3]});
  CHECK(b.hierarchy.use(1).refused_blocks == 2);
  b.run_out();
  CHECK(b.now == Time(2000));
  b.write(ids({3}), {frames[3]});
  CHECK(b.hierarchy.use(1).written_blocks == 3);
  b.run_out();
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does the admission policy decide what is written?") {
  Bench b(Tiers{Lower{.admission = "second_touch"}});
  const FrameList frames = b.put(0, ids({0, 1}));
  b.write(ids({0}), {frames[0]});
  CHECK(b.hierarchy.transfers_live() == 0);
  b.write(ids({0, 1}), frames);
  CHECK(b.hierarchy.use(1).written_blocks == 1);
  CHECK(b.hierarchy.use(1).refused_blocks == 2);
  b.run_out();
  CHECK(b.tier(1).frame_of(BlockId(0)).is_none() == false);
  CHECK(b.tier(1).frame_of(BlockId(1)).is_none());
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a full write-through tier push its oldest down to a write-back one, and write when that has left?") {
  Bench b(Tiers{Lower{.frames = 1}, Lower{.write = WriteMode::back}});
  b.hold(1, ids({9}));
  const FrameList frames = b.put(0, ids({0}));
  b.write(ids({0}), frames);
  CHECK(b.hierarchy.transfers_live() == 2);
  b.run_to(Time(1999));
  CHECK(b.match(ids({9})) == 0);  // in neither tier while it moves
  b.run_to(Time(2000));           // 1000 bytes at the SSD's half byte a nanosecond
  CHECK(b.match(ids({9})) == 1);
  CHECK(b.runs[0].tier == 2);
  b.run_out();
  CHECK(b.now == Time(3000));
  CHECK_FALSE(b.tier(1).frame_of(BlockId(0)).is_none());
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does what arrives in a tier go on to a write-through tier below?") {
  Bench b(Tiers{Lower{}, Lower{}});
  const FrameList frames = b.put(0, ids({0}));
  b.write(ids({0}), frames);
  b.release(0, frames);
  b.run_to(Time(1000));
  CHECK(b.tier(0).referenced() == 0);
  CHECK(b.tier(1).referenced() == 1);  // the source of the next write
  b.run_out();
  CHECK(b.now == Time(3000));
  CHECK(b.tier(2).resident() == 1);
  b.hierarchy.check_conservation();
}

TEST_CASE("is a full tier whose frames are all pinned refusing writes rather than failing?") {
  Bench b(Tiers{Lower{.frames = 1}});
  const FrameList frames = b.put(0, ids({0, 1}));
  b.write(ids({0, 1}), frames);
  CHECK(b.hierarchy.use(1).written_blocks == 1);
  CHECK(b.hierarchy.use(1).refused_blocks == 1);
  b.run_out();
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("what is the cause of a miss?") {
  SUBCASE("without lower tiers") {
    Bench b(Tiers{});
    CHECK(b.hierarchy.cause_of(kReplica, BlockId(0)) == MissCause::compulsory);
    b.hierarchy.mark_seen(kReplica, ids({0}));
    CHECK(b.hierarchy.cause_of(kReplica, BlockId(0)) == MissCause::capacity);
    CHECK(b.hierarchy.cause_of(kReplica, BlockId(63)) == MissCause::compulsory);
  }
  SUBCASE("with a tier that refused it the last time it was offered") {
    Bench b(Tiers{Lower{.admission = "second_touch"}});
    const FrameList frames = b.put(0, ids({0}));
    b.hierarchy.mark_seen(kReplica, ids({0, 1}));
    b.hierarchy.mark_seen(kReplica, ids({2}));
    const FrameList other = b.put(0, ids({2}));
    b.write(ids({0}), frames);
    CHECK(b.hierarchy.cause_of(kReplica, BlockId(0)) == MissCause::passed_over);  // still in HBM
    CHECK(b.hierarchy.cause_of(kReplica, BlockId(1)) == MissCause::capacity);
    b.release(0, frames);
    b.tier(0).drop(frames[0]);
    CHECK(b.hierarchy.cause_of(kReplica, BlockId(0)) == MissCause::admission);
    b.write(ids({2}), other);
    b.write(ids({2}), other);
    b.release(0, other);
    b.run_out();
    b.tier(0).drop(other[0]);
    CHECK(b.hierarchy.cause_of(kReplica, BlockId(2)) == MissCause::passed_over);  // in the lower tier
  }
}

TEST_CASE("does a staged load bring all bytes to the host first?") {
  Bench b(Tiers{Lower{}, Lower{.staged = true}});
  b.hold(2, ids({0, 1}));
  FrameList frames;
  b.hierarchy.wait(b.load({2, 0, 2}, ids({0, 1}), frames), {kReplica, RequestId(0)});
  b.run_out();
  REQUIRE(b.released.size() == 1);
  CHECK(b.released[0].at == Time(4000 + 2000));  // off the SSD, then over PCIe
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a block that lies in a piece a layer cost the link an operation for each?") {
  for (const std::int64_t fragments : {1, 4}) {
    Bench b(Tiers{Lower{.fragments = fragments}}, 32, 1, false, 100_ns);
    b.hold(1, ids({0, 1}));
    const PrefixRun run{1, 0, 2};
    CHECK(b.hierarchy.estimate_load(kReplica, {&run, 1}, b.now) == 2'000_ns + 2 * fragments * 100_ns);
    FrameList frames;
    b.load(run, ids({0, 1}), frames);
    b.run_out();
    CHECK(b.now == Time(2'000 + 2 * fragments * 100));
    b.release(0, frames);
  }
}

TEST_CASE("does a load that is not staged stream at the slowest link of its route?") {
  Bench b(Tiers{Lower{}, Lower{}});
  b.hold(2, ids({0, 1}));
  FrameList frames;
  b.hierarchy.wait(b.load({2, 0, 2}, ids({0, 1}), frames), {kReplica, RequestId(0)});
  b.run_out();
  CHECK(b.released.at(0).at == Time(4000));
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("is the estimate of a load on idle links what it then takes?") {
  for (bool staged : {false, true}) {
    for (std::int64_t ranks : {1, 2}) {
      CAPTURE(staged);
      CAPTURE(ranks);
      Bench b(Tiers{Lower{}, Lower{.staged = staged}}, 32, ranks);
      b.hold(2, ids({0, 1, 2}));
      const PrefixRun run{2, 0, 3};
      const Duration estimate = b.hierarchy.estimate_load(kReplica, std::span(&run, 1), b.now);
      FrameList frames;
      b.hierarchy.wait(b.load(run, ids({0, 1, 2}), frames), {kReplica, RequestId(0)});
      b.run_out();
      CHECK(b.released.at(0).at == Time(0) + estimate);
      b.release(0, frames);
    }
  }
}

TEST_CASE("do tensor-parallel ranks load their shares over their own links, and the last decides?") {
  Bench b(Tiers{Lower{}}, 32, 2);
  b.hold(1, ids({0, 1, 2}));
  FrameList frames;
  b.hierarchy.wait(b.load({1, 0, 3}, ids({0, 1, 2}), frames), {kReplica, RequestId(0)});
  CHECK(b.engine.live() == 2);
  b.run_out();
  CHECK(b.released.size() == 1);
  CHECK(b.released.at(0).at == Time(1500));  // 1500 bytes each at 1 byte/ns; DRAM gives both their full rate
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("do free transfers end where they start?") {
  Bench b(Tiers{Lower{}, Lower{.staged = true}}, 32, 1, true);
  const FrameList frames = b.put(0, ids({0}));
  b.write(ids({0}), frames);
  CHECK(b.hierarchy.transfers_live() == 0);
  CHECK(b.tier(1).resident() == 1);
  CHECK(b.tier(2).resident() == 1);  // and on, to the tier below
  b.release(0, frames);
  b.hold(1, ids({5}));
  FrameList loaded;
  const TransferId t = b.load({1, 0, 1}, ids({5}), loaded);
  CHECK_FALSE(b.hierarchy.pending(t));
  const PrefixRun run{1, 0, 1};
  CHECK(b.hierarchy.estimate_load(kReplica, std::span(&run, 1), b.now) == 0_ns);
  CHECK(b.match(ids({5})) == 1);
  CHECK(b.runs[0].tier == 0);
  b.release(0, loaded);
  b.hierarchy.check_conservation();
}

TEST_CASE("does what leaves an inclusive tier leave the tiers above, but for what is in use there?") {
  Bench b(Tiers{Lower{.frames = 2, .inclusive = true}});
  const FrameList used = b.put(0, ids({0})), idle = b.put(0, ids({1}));
  b.write(ids({0}), used);
  b.write(ids({1}), idle);
  b.run_out();
  b.release(0, idle);
  const FrameList others = b.put(0, ids({2, 3}));
  b.write(ids({2, 3}), others);  // the two that are below make room
  b.run_out();
  CHECK(b.tier(1).frame_of(BlockId(0)).is_none());
  CHECK(b.tier(1).frame_of(BlockId(1)).is_none());
  CHECK_FALSE(b.tier(0).frame_of(BlockId(0)).is_none());
  CHECK(b.tier(0).frame_of(BlockId(1)).is_none());
  b.release(0, used);
  b.release(0, others);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a block that two requests used stay in the tier, until another one takes the room for pins?") {
  Bench b(Tiers{Lower{.frames = 3, .pins = {.after = 2, .most = 1}}});
  const auto serve = [&](int block) {
    const FrameList frames = b.put(0, ids({block}));
    b.write(ids({block}), frames);
    b.run_out();
    b.release(0, frames);
    b.tier(0).drop(frames[0]);
  };
  serve(0);
  serve(0);
  for (int other : {1, 2, 3, 4}) serve(other);
  CHECK_FALSE(b.tier(1).frame_of(BlockId(0)).is_none());  // least recently used, and still there
  CHECK(b.tier(1).referenced() == 1);
  serve(4);  // the second that is used twice
  CHECK(b.tier(1).referenced() == 1);
  for (int other : {5, 6, 7}) serve(other);
  CHECK(b.tier(1).frame_of(BlockId(0)).is_none());
  CHECK_FALSE(b.tier(1).frame_of(BlockId(4)).is_none());
  b.hierarchy.check_conservation();
}

TEST_CASE("does a tier feed the one that it is told to, past the next?") {
  Bench b(Tiers{Lower{.write = WriteMode::back}, Lower{.write = WriteMode::back}}, 2, 1, false, 0_ns,
          {2, kNowhere, kNowhere});
  b.hold(0, ids({0, 1}));
  FrameList frames;
  b.make_room(2, frames);
  b.run_out();
  CHECK(b.tier(1).resident() == 0);
  CHECK(b.tier(2).resident() == 2);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

namespace {

/// Sends even blocks to the first lower tier, odd ones to the second, those from 10 on nowhere.
class ByParity final : public PlacementPolicy {
 public:
  void on_use(std::span<const BlockId>, Time) override {}
  void place(std::size_t from, std::span<const BlockId> blocks, std::span<std::uint8_t> targets, Time) override {
    for (std::size_t i = 0; i < blocks.size(); ++i)
      targets[i] =
          from > 0 || blocks[i].value() >= 10 ? kNowhere : static_cast<std::uint8_t>(1 + blocks[i].value() % 2);
  }
};

}  // namespace

TEST_CASE("do blocks go where placement sends them, one write-back after the other, and is the last waited for?") {
  Bench b(Tiers{Lower{.write = WriteMode::back}, Lower{.write = WriteMode::back}}, 5);
  b.hierarchy.set_placement(std::make_unique<ByParity>());
  b.hold(0, ids({0, 1, 2, 3, 10}));
  FrameList frames;
  const TransferId last = b.make_room(5, frames);
  REQUIRE(b.hierarchy.pending(last));
  CHECK(b.hierarchy.move_of(last).target == 2);
  b.hierarchy.wait(last, {kReplica, RequestId::none()});
  b.run_out();
  CHECK(b.match(ids({0})) == 1);
  CHECK(b.runs[0].tier == 1);
  CHECK(b.match(ids({1})) == 1);
  CHECK(b.runs[0].tier == 2);
  CHECK(b.match(ids({10})) == 0);
  REQUIRE(b.released.size() == 1);
  CHECK(b.released[0].at == Time(2000 + 4000));  // two blocks to DRAM, then two to the SSD at half the rate
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a prefetch bring a prefix up from the slow tier, past what is higher, up to the first gap?") {
  Bench b(Tiers{Lower{}, Lower{}});
  b.hold(0, ids({0}));
  b.hold(1, ids({1}));
  b.hold(2, ids({0, 2, 3, 5}));
  b.hierarchy.prefetch(RequestId(7), ids({0, 1, 2, 3, 4, 5}), b.now);
  CHECK(b.tier(2).referenced() == 2);
  CHECK(b.match(ids({0, 1, 2, 3})) == 4);
  CHECK(b.runs.back().tier == 2);  // until it has arrived
  b.run_out();
  CHECK(b.now == Time(2 * 2000));
  CHECK(b.match(ids({1, 2, 3})) == 3);
  CHECK(b.runs.size() == 1);
  CHECK(b.runs[0].tier == 1);
  CHECK(b.tier(2).resident() == 4);
  CHECK(b.hierarchy.use(1).prefetched_blocks == 2);
  CHECK(b.hierarchy.use(1).written_blocks == 0);
  FrameList frames;
  b.load({1, 0, 2}, ids({2, 3}), frames);
  b.run_out();
  CHECK(b.hierarchy.use(1).prefetched_used == 2);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does what makes room for a prefetch leave the blocks that it fetches next in their slow tier?") {
  Bench b(Tiers{Lower{.frames = 2}, Lower{.frames = 3, .write = WriteMode::back}});
  b.hold(1, ids({20}));
  b.hold(1, ids({21}));
  b.hold(0, ids({1}));  // so that 0 and 2 come in two runs
  for (int block : {2, 0, 9}) b.hold(2, ids({block}));
  b.hierarchy.prefetch(RequestId(7), ids({0, 1, 2}), b.now);
  b.run_out();
  CHECK(b.hierarchy.use(1).prefetched_blocks == 2);
  CHECK(b.match(ids({0, 1, 2})) == 3);
  CHECK(b.runs.back().tier == 1);
  CHECK(b.tier(2).frame_of(BlockId(9)).is_none());
  b.hierarchy.check_conservation();
}

TEST_CASE("does a prefetch take no more than the room that nobody references, and leave an exclusive tier?") {
  Bench b(Tiers{Lower{.frames = 3}, Lower{.exclusive = true}});
  const FrameList pinned = b.put(1, ids({20, 21}));
  b.hold(2, ids({0, 1}));
  b.hierarchy.prefetch(RequestId(7), ids({0, 1}), b.now);
  b.run_out();
  CHECK(b.hierarchy.use(1).prefetched_blocks == 1);
  CHECK_FALSE(b.tier(1).frame_of(BlockId(0)).is_none());
  CHECK(b.tier(2).resident() == 1);
  b.release(1, pinned);
  b.hierarchy.check_conservation();
}
