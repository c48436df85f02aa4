#include "sim/replay/sweep.hpp"

#include <algorithm>
#include <array>

#include "sim/core/parallel.hpp"

namespace tiersim {
namespace {

constexpr std::array kOrders = {TouchOrder::head_first, TouchOrder::tail_first};

std::size_t number_of(TouchOrder order) { return order == kOrders[0] ? 0 : 1; }

}  // namespace

std::vector<ReplayCounts> replay_all(const traces::Trace& trace, std::span<const ReplaySettings> replays,
                                     std::size_t threads) {
  std::array<std::vector<std::uint32_t>, kOrders.size()> future;
  for (const TouchOrder order : kOrders) {
    const bool wanted = std::any_of(replays.begin(), replays.end(), [&](const ReplaySettings& s) {
      return s.order == order && needs_future(s.policy.name);
    });
    if (wanted) future[number_of(order)] = next_accesses(trace, order);
  }
  std::vector<ReplayCounts> out(replays.size());
  for_each_index(replays.size(), threads,
                 [&](std::size_t i) { out[i] = replay(trace, replays[i], future[number_of(replays[i].order)]); });
  return out;
}

}  // namespace tiersim
