#include "sim/replay/sweep.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

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
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failing;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < replays.size(); i = next++)
        out[i] = replay(trace, replays[i], future[number_of(replays[i].order)]);
    } catch (...) {
      const std::lock_guard lock(failing);
      failure = std::current_exception();
    }
  };
  std::vector<std::jthread> pool;
  for (std::size_t t = 1; t < std::min(threads, replays.size()); ++t) pool.emplace_back(work);
  work();
  pool.clear();
  if (failure) std::rethrow_exception(failure);
  return out;
}

}  // namespace tiersim
