#include "calib/host/chase.hpp"

#include <numeric>
#include <utility>
#include <vector>

namespace tiersim::calib {

void link_at_random(std::span<ChaseLine> lines, Rng& rng) {
  std::vector<std::uint32_t> order(lines.size());
  std::iota(order.begin(), order.end(), 0U);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  for (std::size_t i = 0; i < order.size(); ++i) {
    lines[order[i]].next = &lines[order[i + 1 < order.size() ? i + 1 : 0]];
  }
}

const ChaseLine* chase(const ChaseLine* from, std::int64_t loads) {
  for (std::int64_t i = 0; i < loads; ++i) from = from->next;
  return from;
}

}  // namespace tiersim::calib
