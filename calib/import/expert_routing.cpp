#include "calib/import/expert_routing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "sim/core/mathematics.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {
namespace {

using Rows = std::vector<std::int64_t>;  // by expert, a rank's beside each other

Rows even_rows(const Routing& r) {
  Rows rows(static_cast<std::size_t>(r.experts), 0);
  const std::int64_t stride = (r.experts + r.active - 1) / r.active;
  for (std::int64_t t = 0; t < r.tokens; ++t) {
    const std::int64_t first = r.tokens >= stride ? t : t * stride / r.tokens;
    for (std::int64_t i = 0; i < r.active; ++i) ++rows[static_cast<std::size_t>((first + i * stride) % r.experts)];
  }
  return rows;
}

/// Rank by rank adds what is missing to the expert with the fewest rows, or takes what is too much from the one with
/// the most.
void settle(Rows& rows, const Routing& r) {
  std::int64_t left = r.tokens * r.active - std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  const std::int64_t held = r.experts / r.ranks;
  for (std::int64_t rank = 0; left != 0; rank = (rank + 1) % r.ranks) {
    const auto first = rows.begin() + rank * held;
    const std::int64_t step = std::max<std::int64_t>(1, std::abs(left) / r.experts);
    const auto at = left > 0 ? std::min_element(first, first + held) : std::max_element(first, first + held);
    const std::int64_t change = left > 0 ? std::min(step, r.tokens - *at) : -std::min(step, *at);
    *at += change, left -= change;
  }
}

Rows drawn_rows(const Routing& r, Rng& rng) {
  const bool many = r.tokens * r.active > r.experts;
  const double low = many ? 1 : 0.01, high = many ? 0.8 * static_cast<double>(r.tokens) : 2;
  const double e = 1 - r.exponent, from = power(low, e), to = power(high, e);
  std::vector<double> shares(static_cast<std::size_t>(r.experts));
  for (double& share : shares) share = power(from + rng.uniform() * (to - from), 1 / e);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  Rows rows;
  for (double share : shares) {
    const double count = share / sum * static_cast<double>(r.tokens * r.active);
    rows.push_back(std::min(r.tokens, std::int64_t{std::llround(count)}));
  }
  settle(rows, r);
  return rows;
}

ExpertLoad load_of_rank(const Rows& rows, std::int64_t rank, std::int64_t held) {
  ExpertLoad load;
  for (auto at = rows.begin() + rank * held; at != rows.begin() + (rank + 1) * held; ++at) {
    load.rows += static_cast<double>(*at);
    load.experts += *at > 0 ? 1 : 0;
    const std::int64_t tiles = (*at + kTileRows - 1) / kTileRows;
    load.tiles += static_cast<double>(tiles);
  }
  return load;
}

ExpertLoad busiest_load(const Rows& rows, const Routing& r) {
  ExpertLoad busiest;
  for (std::int64_t rank = 0; rank < r.ranks; ++rank) {
    const ExpertLoad load = load_of_rank(rows, rank, r.experts / r.ranks);
    if (load.rows > busiest.rows) busiest = load;
  }
  return busiest;
}

}  // namespace

ExpertLoad load_of(const Routing& r) {
  constexpr int kDraws = 8;
  if (r.exponent <= 0) return load_of_rank(even_rows(r), 0, r.experts / r.ranks);
  Rng rng = Rng(1).fork(fmt::format("{} {} {} {} {}", r.tokens, r.experts, r.active, r.ranks, r.exponent));
  ExpertLoad mean;
  for (int i = 0; i < kDraws; ++i) {
    const ExpertLoad load = busiest_load(drawn_rows(r, rng), r);
    mean.rows += load.rows / kDraws, mean.experts += load.experts / kDraws, mean.tiles += load.tiles / kDraws;
  }
  return mean;
}

}  // namespace tiersim::calib
