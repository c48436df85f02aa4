// Every placement policy: blocks go down or nowhere, and the same history gives the same answer.
#include "sim/memory/placement.hpp"

#include <doctest/doctest.h>

#include "sim/core/rng.hpp"
#include "tests/support/policies.hpp"

using namespace tiersim;

namespace {

constexpr std::size_t kBlocks = 200;

PlacementSetup setup_of(std::string_view name, std::size_t tiers) {
  PlacementSetup setup{tests::default_parameters<PlacementPolicy>(name), kBlocks, {}, {PlaceOffer{Bytes(1), 0}}, {}};
  for (std::size_t t = 0; t < tiers; ++t) {
    setup.feeds.push_back(t + 1 < tiers ? static_cast<std::uint8_t>(t + 1) : kNowhere);
    if (t > 0) setup.offers.push_back({Bytes(1'000'000), 1e-4 * static_cast<double>(t)});
  }
  setup.recompute = [](BlockId block) { return 1e-3 * (1 + static_cast<double>(block.value() % 7)); };
  return setup;
}

/// Uses and evictions drawn at random; returns all answers.
std::vector<std::uint8_t> answers(std::string_view name, std::size_t tiers, std::uint64_t seed) {
  const auto policy = Registry<PlacementPolicy>::instance().make(name, setup_of(name, tiers));
  Rng rng(seed);
  std::vector<std::uint8_t> all;
  Time now;
  for (int i = 0; i < 400; ++i) {
    now = now + Duration(static_cast<std::int64_t>(rng.below(20'000'000'000)));
    std::vector<BlockId> blocks;
    for (std::uint64_t n = 1 + rng.below(5); n > 0; --n) blocks.emplace_back(rng.below(kBlocks));
    if (rng.below(2) == 0) {
      policy->on_use(blocks, now);
      continue;
    }
    const std::size_t from = rng.below(tiers);
    std::vector<std::uint8_t> targets(blocks.size(), 99);
    policy->place(from, blocks, targets, now);
    for (const std::uint8_t target : targets) {
      CHECK((target == kNowhere || (target > from && target < tiers)));
      all.push_back(target);
    }
  }
  return all;
}

}  // namespace

TEST_CASE("does every placement policy send blocks further down or nowhere, the same way each time?") {
  for (const std::string_view name : Registry<PlacementPolicy>::instance().names()) {
    CAPTURE(name);
    for (const std::size_t tiers : {2, 3, 5})
      CHECK(answers(name, tiers, 11 + tiers) == answers(name, tiers, 11 + tiers));
  }
}

TEST_CASE("does cost-aware placement choose by recompute time saved per byte and second?") {
  PlacementSetup setup = setup_of("cost_aware", 3);
  setup.offers[1].load_seconds = 1e-3;
  setup.offers[2].load_seconds = 3e-3;
  setup.recompute = [](BlockId block) {
    return block == BlockId(0) ? 5e-4 : 2e-3 * static_cast<double>(block.value());
  };
  const auto policy = Registry<PlacementPolicy>::instance().make("cost_aware", setup);
  const std::vector<BlockId> all{BlockId(0), BlockId(1), BlockId(2), BlockId(3)};
  policy->on_use(all, Time(0));
  std::vector<std::uint8_t> targets(4);
  policy->place(0, all, targets, Time(0));
  // Block 0 is computed faster than it is loaded. While both tiers have room, the faster one saves more.
  CHECK(targets == std::vector<std::uint8_t>{kNowhere, 1, 1, 1});
  // Once the first tier gives up blocks as dear as block 2 (2 x 2 ms - 1 ms), it is worth less to block 1, and as long
  // as the second costs nothing, 2 and 3 gain more there: 4 - 3 = 1 > 3 - 3, 6 - 3 = 3 = 5 - 3 + 1.
  for (int i = 0; i < 20'000; ++i) policy->place(1, std::vector{BlockId(2)}, targets, Time(0));
  policy->place(0, all, targets, Time(0));
  CHECK(targets == std::vector<std::uint8_t>{kNowhere, kNowhere, 2, 2});
}

TEST_CASE("is a block that is used more often dearer, and one that was used long ago cheaper?") {
  PlacementSetup setup = setup_of("cost_aware", 2);
  setup.recompute = [](BlockId) { return 1e-2; };
  const auto policy = Registry<PlacementPolicy>::instance().make("cost_aware", setup);
  const std::vector<BlockId> often{BlockId(0)}, once{BlockId(1)}, before{BlockId(2)};
  const Time now(600'000'000'000);
  policy->on_use(before, Time(0));
  policy->on_use(often, now);
  policy->on_use(often, now);
  policy->on_use(once, now);
  std::vector<std::uint8_t> target(1);
  for (int i = 0; i < 200'000; ++i) policy->place(1, once, target, now);  // the price is that of a block used once, now
  policy->place(0, often, target, now);
  CHECK(target[0] == 1);
  policy->place(0, before, target, now);
  CHECK(target[0] == kNowhere);
}
