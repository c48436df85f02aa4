// Tiers whose frames hold chunks of four engine blocks: a chunk of 4000 bytes takes 4 us on links of 1 byte a
// nanosecond.
#include <doctest/doctest.h>

#include "tests/support/hierarchy_bench.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::test;

namespace {

constexpr std::uint32_t kChunk = 4;

Lower chunks(Lower tier = {}) {
  tier.chunk = kChunk;
  return tier;
}

Ids first_blocks(int count) {
  Ids out;
  for (int i = 0; i < count; ++i) out.push_back(BlockId(i));
  return out;
}

std::span<const FrameId> part(const FrameList& frames, std::size_t begin, std::size_t count) {
  return std::span(frames).subspan(begin, count);
}

}  // namespace

TEST_CASE("is a block found in a tier of chunks if its chunk is there?") {
  Bench b(Tiers{chunks()});
  b.hold(0, ids({0}));
  b.hold(1, ids({0, 2}));  // blocks 0 to 3 and 8 to 11
  CHECK(b.match(first_blocks(12)) == 4);
  check_runs(b.runs, {{0, 0, 1}, {1, 1, 3}});
  CHECK(b.match(first_blocks(3)) == 3);  // the end of a request inside a chunk
  check_runs(b.runs, {{0, 0, 1}, {1, 1, 2}});
}

TEST_CASE("does a load move whole chunks, and take HBM frames for the wanted blocks alone?") {
  Bench b(Tiers{chunks({.fragments = 3})}, 32, 1, false, 100_ns);
  b.hold(0, ids({0, 1}));
  b.hold(1, ids({0, 1}));
  CHECK(b.match(first_blocks(6)) == 6);
  check_runs(b.runs, {{0, 0, 2}, {1, 2, 4}});
  // 8 blocks' bytes, and 3 pieces of each chunk.
  CHECK(b.hierarchy.estimate_load(kReplica, b.runs, b.now) == 8600_ns);
  FrameList frames;
  b.load({1, 2, 4}, first_blocks(6), frames);
  CHECK(b.tier(0).available() == 28);
  CHECK(b.tier(1).referenced() == 2);
  b.run_out();
  CHECK(b.now == Time(8600));
  CHECK(b.match(first_blocks(8)) == 8);
  check_runs(b.runs, {{0, 0, 6}, {1, 6, 2}});
  CHECK(b.hierarchy.use(1).loads == 1);
  CHECK(b.hierarchy.use(1).loaded_blocks == 8);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("is a chunk written when all its blocks are there, the rest of the sequence not at all?") {
  Bench b(Tiers{chunks()});
  const FrameList frames = b.put(0, first_blocks(9));
  const Ids names = first_blocks(9);
  b.hierarchy.write(kReplica, RequestId(0), std::span(names).first(6), part(frames, 0, 6), 0, b.now);
  b.release(0, frames);
  CHECK(b.tier(0).referenced() == 4);  // what is read: blocks 0 to 3
  b.tier(0).acquire({part(frames, 4, 5), std::span(names).subspan(4), 4, RequestId(0)}, b.now);
  b.run_to(Time(3999));
  CHECK(b.tier(1).referenced() == 1);
  b.run_to(Time(4000));
  CHECK(b.tier(1).referenced() == 0);

  const std::uint32_t repeated = b.hierarchy.before_in_chunk(6);
  CHECK(repeated == 2);
  b.hierarchy.write(kReplica, RequestId(0), std::span(names).subspan(4), part(frames, 4, 5), 4, b.now, repeated);
  b.release(0, {frames.begin() + 4, frames.end()});
  CHECK(b.tier(0).referenced() == 4);  // blocks 4 to 7
  b.run_out();
  CHECK(b.now == Time(8000));
  CHECK(b.tier(1).resident() == 2);
  CHECK(b.hierarchy.use(1).written_blocks == 8);
  FrameList taken;
  b.make_room(32, taken);
  CHECK(b.match(names) == 8);
  b.release(0, taken);
  b.hierarchy.check_conservation();
}

TEST_CASE("is a chunk turned away as a whole, by its tier's admission and by its backlog?") {
  for (const bool by_backlog : {false, true}) {
    CAPTURE(by_backlog);
    Bench b(Tiers{chunks({.admission = by_backlog ? "always" : "second_touch", .backlog = by_backlog ? 7_KB : 1_GB})});
    const Ids names = first_blocks(8);
    b.hierarchy.mark_seen(kReplica, names);
    const FrameList frames = b.put(0, names);
    b.write(names, frames);
    const std::int64_t refused = by_backlog ? 4 : 8;  // 7 KB are room for one chunk
    CHECK(b.hierarchy.use(1).refused_blocks == refused);
    CHECK(b.hierarchy.use(1).written_blocks == 8 - refused);
    b.run_out();
    b.release(0, frames);
    FrameList taken;
    b.make_room(32, taken);
    for (int i = 4; i < 8; ++i) CHECK(b.hierarchy.cause_of(kReplica, BlockId(i)) == MissCause::admission);
    CHECK(b.hierarchy.cause_of(kReplica, BlockId(3)) == (by_backlog ? MissCause::passed_over : MissCause::admission));
    b.release(0, taken);
    b.hierarchy.check_conservation();
  }
}

TEST_CASE("does a load from an exclusive tier take the whole chunk away?") {
  Bench b(Tiers{chunks({.exclusive = true})});
  b.hold(1, ids({0}));
  FrameList frames;
  b.load({1, 0, 2}, first_blocks(2), frames);
  b.run_out();
  b.release(0, frames);
  CHECK(b.tier(1).resident() == 0);
  CHECK(b.match(first_blocks(4)) == 2);
  b.hierarchy.check_conservation();
}

TEST_CASE("do all blocks of a chunk leave HBM when it leaves an inclusive tier?") {
  Bench b(Tiers{chunks({.frames = 1, .inclusive = true})});
  const Ids names = first_blocks(9);
  const FrameList frames = b.put(0, names);
  b.write(first_blocks(4), {frames.begin(), frames.begin() + 4});
  b.run_out();
  b.release(0, frames);
  const Ids next = ids({12, 13, 14, 15});
  const FrameList others = b.put(0, next);
  b.hierarchy.write(kReplica, RequestId(1), next, others, 0, b.now);
  for (int i = 0; i < 9; ++i) CHECK(b.tier(0).frame_of(BlockId(i)).is_none() == (i < 4));
  b.run_out();
  b.release(0, others);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a tier of chunks take a chunk when the tier of blocks above it has the last of its blocks?") {
  Bench b(Tiers{Lower{}, chunks()}, 32, 1, false, 0_ns);
  const FrameList frames = b.put(0, first_blocks(4));
  b.hierarchy.write(kReplica, RequestId(0), ids({0, 1, 2}), part(frames, 0, 3), 0, b.now);
  b.run_out();
  CHECK(b.now == Time(3000));
  CHECK(b.hierarchy.transfers_live() == 0);
  b.hierarchy.write(kReplica, RequestId(0), ids({3}), part(frames, 3, 1), 3, b.now);
  b.run_to(Time(4000));
  CHECK(b.hierarchy.use(2).written_blocks == 4);
  CHECK(b.tier(1).referenced() == 4);  // all that is read, though only the last block has just come
  b.run_out();
  CHECK(b.now == Time(12'000));  // 4000 bytes at the drive's 0.5 bytes a nanosecond
  CHECK(b.tier(2).resident() == 1);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a chunk that lost a block in the tier above stay away?") {
  Bench b(Tiers{Lower{.frames = 3}, chunks()});
  const FrameList frames = b.put(0, first_blocks(4));
  b.write(ids({0, 1, 2}), {frames.begin(), frames.begin() + 3});
  b.run_out();
  b.hierarchy.write(kReplica, RequestId(0), ids({3}), part(frames, 3, 1), 3, b.now);
  b.run_out();
  CHECK(b.tier(1).resident() == 3);
  CHECK(b.tier(2).resident() == 0);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("are chunks written back between tiers of the same chunks?") {
  Bench b(Tiers{chunks({.frames = 1}), chunks({.write = WriteMode::back})});
  const FrameList frames = b.put(0, first_blocks(8));
  b.write(first_blocks(4), {frames.begin(), frames.begin() + 4});
  b.run_out();
  const Ids next = ids({4, 5, 6, 7});
  b.hierarchy.write(kReplica, RequestId(0), next, part(frames, 4, 4), 4, b.now);
  b.run_out();
  CHECK(b.now == Time(4000 + 8000 + 4000));  // the frame is written when what it held is down on the drive
  CHECK(b.hierarchy.use(2).write_backs == 4);
  CHECK(b.tier(2).frame_of(BlockId(0)).is_none() == false);
  b.release(0, frames);
  b.hierarchy.check_conservation();
}

TEST_CASE("does a prefetch bring whole chunks up, and only to a tier of the same chunks?") {
  for (const bool same : {true, false}) {
    CAPTURE(same);
    Bench b(Tiers{same ? chunks() : Lower{}, chunks()});
    b.hold(2, ids({0, 1}));
    b.hold(0, ids({0, 1, 2, 3}));
    b.hierarchy.prefetch(RequestId(0), first_blocks(6), b.now);  // HBM has the first chunk
    b.run_out();
    CHECK(b.hierarchy.use(1).prefetched_blocks == (same ? 4 : 0));
    CHECK(b.tier(1).resident() == (same ? 1 : 0));
    if (same) CHECK(b.now == Time(8000));
    b.hierarchy.check_conservation();
  }
}
