// Cost-aware placement: a block goes where it saves the most time for the room it takes. In a tier it saves, at each
// use, the time of computing it less that of loading it; per byte and second of room that is
//
//   density = uses per second x max(0, recompute - load) / bytes
//
// Uses per second are an average of the past that halves every `half_life`. What a tier's room is worth is its price:
// the mean density of what it gave up of late (of the last `memory` blocks or so), which fades as uses do: else a tier
// that gave up something dear would take nothing more, give up nothing more and stay as dear. Nothing as long as it has
// given up nothing. A block goes to the tier where its density exceeds the price by most, times its bytes; where it
// exceeds none, it is dropped. So deep blocks, dear to compute, and blocks that come often go to the fast tiers, blocks
// that load no faster than they compute to none. The rule is the marginal one of a market for room; its ends are the
// five-minute rule (Gray and Putzolu, 1987) and GreedyDual-Size (Cao and Irani, 1997).
#include <algorithm>

#include "sim/core/mathematics.hpp"
#include "sim/core/registry.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/memory/placement.hpp"

namespace tiersim {
namespace {

class CostAware final : public PlacementPolicy {
 public:
  explicit CostAware(const PlacementSetup& setup)
      : offers_(setup.offers),
        recompute_(setup.recompute),
        prices_(offers_.size()),
        uses_(setup.blocks),
        decay_(kLogTwo / std::max(1.0, setup.parameters.number("half_life"))),
        learn_(1 / std::max(1.0, setup.parameters.number("memory"))) {}

  void on_use(std::span<const BlockId> blocks, Time now) override {
    for (BlockId b : blocks) {
      Fading& uses = uses_[b.index()];
      uses = {faded(uses, now) + 1, now.value()};
    }
  }
  void place(std::size_t from, std::span<const BlockId> blocks, std::span<std::uint8_t> targets, Time now) override {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const double rate = faded(uses_[blocks[i].index()], now) * decay_ * 1e9;  // per second
      const double recompute = recompute_(blocks[i]);
      if (from > 0) learn(from, density(from, rate, recompute), now);
      targets[i] = best(from, rate, recompute, now);
    }
  }

 private:
  static constexpr double kLogTwo = 0.6931471805599453;
  /// What halves every half_life: uses, and prices, since what a tier still holds is used no more than what it gave up.
  struct Fading {
    double amount = 0;    // at `at`
    std::int64_t at = 0;  // ns
  };

  [[nodiscard]] double faded(const Fading& f, Time now) const {
    return f.amount == 0 ? 0 : f.amount * exponential(-decay_ * static_cast<double>(now.value() - f.at));
  }
  void learn(std::size_t tier, double density, Time now) {
    const double price = faded(prices_[tier], now);
    prices_[tier] = {price + (density - price) * learn_, now.value()};
  }
  [[nodiscard]] double density(std::size_t tier, double rate, double recompute) const {
    const PlaceOffer& offer = offers_[tier];
    return rate * std::max(0.0, recompute - offer.load_seconds) / static_cast<double>(offer.block_bytes.value());
  }
  [[nodiscard]] std::uint8_t best(std::size_t from, double rate, double recompute, Time now) const {
    std::uint8_t tier = kNowhere;
    double most = 0;
    for (std::size_t t = from + 1; t < offers_.size(); ++t) {
      if (!offers_[t].written_back) continue;
      const double surplus =
          (density(t, rate, recompute) - faded(prices_[t], now)) * static_cast<double>(offers_[t].block_bytes.value());
      if (surplus > most) most = surplus, tier = static_cast<std::uint8_t>(t);
    }
    return tier;
  }

  std::vector<PlaceOffer> offers_;
  std::function<double(BlockId)> recompute_;
  std::vector<Fading> prices_;  // by tier, seconds saved per byte and second
  ZeroedArray<Fading> uses_;    // by block
  double decay_, learn_;        // per ns; per block
};

TIERSIM_REGISTER(PlacementPolicy, "cost_aware", CostAware,
                 "where a block saves most recompute time per byte and second (after the five-minute rule, 1987)",
                 {{"half_life", ParameterKind::duration, "2 min", "after which a past use counts half"},
                  {"memory", ParameterKind::count, "10000", "blocks given up, over which a tier's price is a mean"}});

}  // namespace
}  // namespace tiersim
