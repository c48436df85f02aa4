// A tier's frames: what an allocation gives and takes, what can be found again, who pins what.
#include "sim/memory/tier.hpp"

#include <doctest/doctest.h>

#include "sim/core/registry.hpp"

using namespace tiersim;

namespace {

using BlockList = std::vector<BlockId>;
using FrameList = std::vector<FrameId>;

constexpr std::size_t kNamed = 100;

Tier make_tier(std::int64_t capacity, bool unlimited = false, std::string_view policy = "lru") {
  const std::size_t frames = Tier::frames_needed(capacity, kNamed, unlimited, true);
  return Tier({capacity, kNamed, unlimited, Registry<EvictionPolicy>::instance().make(policy, {frames, {}, 0})},
              frames);
}

/// Allocates, names and inserts; the frames stay referenced. `evicted` gets what had to leave.
FrameList put(Tier& tier, const BlockList& blocks, BlockList* evicted = nullptr) {
  FrameList frames;
  BlockList left;
  REQUIRE(tier.allocate(static_cast<std::int64_t>(blocks.size()), frames, left, Time(0)));
  tier.insert({frames, blocks}, Time(0));
  if (evicted != nullptr) *evicted = left;
  return frames;
}

void conserves(const Tier& tier) { CHECK(tier.inserted() == tier.removed() + tier.resident()); }

}  // namespace

TEST_CASE("does a tier hand out its frames lowest first, and fail whole when they do not suffice?") {
  Tier tier = make_tier(3);
  FrameList frames;
  BlockList evicted;
  CHECK(tier.allocate(2, frames, evicted, Time(0)));
  CHECK(frames == FrameList{FrameId(0), FrameId(1)});
  CHECK(tier.available() == 1);
  CHECK_FALSE(tier.allocate(2, frames, evicted, Time(0)));
  CHECK(frames.size() == 2);
  CHECK(tier.available() == 1);
  CHECK(tier.referenced() == 2);
  CHECK(tier.allocate(0, frames, evicted, Time(0)));
}

TEST_CASE("does a released block stay findable until its frame is needed?") {
  Tier tier = make_tier(2);
  const FrameList a = put(tier, {BlockId(7), BlockId(8)});
  tier.release({a, {}}, Time(1));
  CHECK(tier.available() == 2);
  CHECK(tier.resident() == 2);
  CHECK(tier.frame_of(BlockId(7)) == a[0]);
  BlockList evicted;
  const FrameList b = put(tier, {BlockId(9)}, &evicted);
  CHECK(evicted == BlockList{BlockId(7)});
  CHECK(b == FrameList{a[0]});
  CHECK(tier.frame_of(BlockId(7)).is_none());
  CHECK(tier.frame_of(BlockId(8)) == a[1]);
  CHECK(tier.evicted() == 1);
  CHECK(tier.resident() == 2);
  conserves(tier);
}

TEST_CASE("does a block stay while anyone references it?") {
  Tier tier = make_tier(2);
  const FrameList a = put(tier, {BlockId(1)});
  const FrameList b = put(tier, {BlockId(2)});
  tier.pin(a);  // a transfer reads it
  tier.release({a, {}}, Time(1));
  CHECK(tier.references(a[0]) == 1);
  CHECK(tier.available() == 0);
  tier.acquire({b, std::vector{BlockId(2)}}, Time(1));  // a second request hits it
  tier.release({b, {}}, Time(2));
  CHECK(tier.available() == 0);
  tier.release({a, {}}, Time(3));
  CHECK(tier.available() == 1);
  BlockList evicted;
  put(tier, {BlockId(3)}, &evicted);
  CHECK(evicted == BlockList{BlockId(1)});
  CHECK(tier.frame_of(BlockId(2)) == b[0]);
  conserves(tier);
}

TEST_CASE("is a second copy of a block left without identity?") {
  Tier tier = make_tier(3);
  const FrameList first = put(tier, {BlockId(5)});
  const FrameList second = put(tier, {BlockId(5)});
  CHECK(tier.frame_of(BlockId(5)) == first[0]);
  CHECK(tier.block_in(second[0]).is_none());
  CHECK(tier.resident() == 1);
  tier.release({second, {}}, Time(1));
  tier.release({first, {}}, Time(1));
  CHECK(tier.frame_of(BlockId(5)) == first[0]);
  conserves(tier);
}

TEST_CASE("is private content kept, but neither found by others nor counted as evicted?") {
  Tier tier = make_tier(1);
  const BlockId mine(kNamed + 4);
  const FrameList a = put(tier, {mine});
  tier.release({a, {}}, Time(1));
  CHECK(tier.block_in(a[0]) == mine);
  CHECK(tier.resident() == 0);
  BlockList evicted;
  const FrameList b = put(tier, {BlockId(1)}, &evicted);
  CHECK(evicted.empty());
  CHECK(tier.evicted() == 0);
  CHECK(tier.block_in(b[0]) == BlockId(1));
  conserves(tier);
}

TEST_CASE("does clearing private content spare named content?") {
  Tier tier = make_tier(2);
  const FrameList frames = put(tier, {BlockId(3), BlockId(kNamed)});
  for (FrameId f : frames) tier.clear_private(f);
  CHECK(tier.block_in(frames[0]) == BlockId(3));
  CHECK(tier.block_in(frames[1]).is_none());
  conserves(tier);
}

TEST_CASE("does a dropped block leave at once, its frame empty, without counting as evicted?") {
  Tier tier = make_tier(2);
  const FrameList frames = put(tier, {BlockId(3), BlockId(4)});
  tier.release({frames, {}}, Time(1));
  tier.drop(frames[0]);
  CHECK(tier.frame_of(BlockId(3)).is_none());
  CHECK(tier.resident() == 1);
  CHECK(tier.evicted() == 0);
  BlockList evicted;
  CHECK(put(tier, {BlockId(9)}, &evicted) == FrameList{frames[0]});
  CHECK(evicted.empty());
  conserves(tier);
}

TEST_CASE("does an unlimited tier evict nothing and bound only what is referenced?") {
  Tier tier = make_tier(2, true);
  for (std::uint32_t i = 0; i < kNamed; i += 2) {
    BlockList evicted;
    const FrameList frames = put(tier, {BlockId(i), BlockId(i + 1)}, &evicted);
    CHECK(evicted.empty());
    FrameList more;
    CHECK_FALSE(tier.allocate(1, more, evicted, Time(0)));
    tier.release({frames, {}}, Time(0));
    CHECK(tier.available() == 2);
  }
  CHECK(tier.resident() == kNamed);
  conserves(tier);
}

TEST_CASE("does an unlimited tier use the frames of content without identity again?") {
  Tier tier = make_tier(2, true);
  for (int i = 0; i < 1000; ++i) {
    FrameList frames;
    BlockList evicted;
    REQUIRE(tier.allocate(2, frames, evicted, Time(i)));
    tier.insert({frames, {}}, Time(i));
    tier.release({frames, {}}, Time(i));
  }
  CHECK(tier.frames() == kNamed + 2);
  CHECK(tier.resident() == 0);
}

TEST_CASE("how many frames does a tier need?") {
  CHECK(Tier::frames_needed(10, 100, false, false) == 10);
  CHECK(Tier::frames_needed(1000, 100, false, false) == 100);  // never more than there are blocks to hold
  CHECK(Tier::frames_needed(1000, 100, false, true) == 1000);
  CHECK(Tier::frames_needed(10, 100, true, false) == 100);
  CHECK(Tier::frames_needed(10, 100, true, true) == 110);
}
