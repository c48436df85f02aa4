// Cost-aware placement, worked by hand: a block takes 1000 B, 1 s to compute and 0.1 s to load from anywhere.
#include "sim/memory/placement.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>

#include "sim/core/registry.hpp"
#include "tests/support/policies.hpp"

using namespace tiersim;
using namespace tiersim::literals;

namespace {

std::unique_ptr<PlacementPolicy> cost_aware(std::vector<PlaceOffer> lower) {
  PlacementSetup setup;
  setup.parameters = tests::parameters_with<PlacementPolicy>("cost_aware", {{"half_life", 60e9}, {"memory", 1}});
  setup.blocks = 8;
  setup.offers = std::move(lower);
  setup.offers.insert(setup.offers.begin(), PlaceOffer{1_B});
  setup.recompute = [](BlockId) { return 1.0; };
  return Registry<PlacementPolicy>::instance().make("cost_aware", setup);
}

std::uint8_t target(PlacementPolicy& policy, std::size_t from, BlockId block, Time now) {
  std::array<std::uint8_t, 1> targets{};
  policy.place(from, {&block, 1}, targets, now);
  return targets[0];
}

void use(PlacementPolicy& policy, BlockId block, Time now, int times = 1) {
  for (int i = 0; i < times; ++i) policy.on_use({&block, 1}, now);
}

}  // namespace

TEST_CASE("does a tier that gave up a dear block take cheaper ones again when that would be cheap by now?") {
  const auto policy = cost_aware({{1000_B, 0.1}});
  const Time start(0), later = start + 240_s;  // four half-lives: ten uses count less than one
  use(*policy, BlockId(0), start, 10);
  CHECK(target(*policy, 1, BlockId(0), start) == kNowhere);
  use(*policy, BlockId(1), start);
  CHECK(target(*policy, 0, BlockId(1), start) == kNowhere);
  use(*policy, BlockId(2), later);
  CHECK(target(*policy, 0, BlockId(2), later) == 1);
}

TEST_CASE("does a block go past a tier that takes nothing back?") {
  const auto policy = cost_aware({{1000_B, 0.1, false}, {1000_B, 0.1, true}});
  use(*policy, BlockId(0), Time(0));
  CHECK(target(*policy, 0, BlockId(0), Time(0)) == 2);
}
