#include "sim/cost/expert_load.hpp"

#include <algorithm>
#include <cmath>

#include "sim/core/mathematics.hpp"

namespace tiersim {
namespace {

using models::FeedForward;

double touched(const FeedForward& f, std::int64_t tokens) {
  const double experts = static_cast<double>(f.experts), active = static_cast<double>(f.active);
  if (f.active >= f.experts) return experts;
  return experts * (1 - power(1 - active / experts, static_cast<double>(tokens)));
}

double busiest(const FeedForward& f, double tokens, std::int64_t ranks) {
  const double rows = tokens * static_cast<double>(f.active);
  if (ranks == 1) return rows;
  const double mean = rows / static_cast<double>(ranks);
  const double most = tokens * static_cast<double>(std::min(f.active, f.experts / ranks));
  return std::min(most, mean + std::sqrt(2 * mean * natural_log(static_cast<double>(ranks))));
}

/// Expected tiles of an expert that has rows, `mean` of them.
double tiles_of(double mean) {
  constexpr double kReach = 6;         // deviations beyond which nothing is left to chance
  constexpr double kLogistic = 1.702;  // 1 / (1 + exp(-1.702 z)) is the normal distribution to within 0.01
  const double size = static_cast<double>(kTileRows), deviation = std::sqrt(mean);
  // Begun for sure, and perhaps.
  const auto certain = static_cast<std::int64_t>(1 + std::max(0.0, mean - kReach * deviation) / size);
  const auto most = static_cast<std::int64_t>(1 + (mean + kReach * deviation) / size);
  double tiles = static_cast<double>(certain);
  for (std::int64_t before = certain; before < most; ++before)
    tiles += 1 / (1 + exponential(kLogistic * (static_cast<double>(before) * size - mean) / deviation));
  return tiles;
}

}  // namespace

ExpertLoad even_load(const FeedForward& f, std::int64_t tokens, std::int64_t ranks) {
  const double share = 1.0 / static_cast<double>(ranks);
  const double rows = busiest(f, static_cast<double>(tokens), ranks), experts = touched(f, tokens) * share;
  return {rows, experts, experts > 0 ? experts * tiles_of(rows / experts) : 0};
}

}  // namespace tiersim
