// A link as a queue, against closed forms: processor sharing on a fair direction, first come first served on a fifo
// one.
#include <doctest/doctest.h>

#include <cmath>

#include "sim/core/rng.hpp"
#include "sim/transfer/transfer_engine.hpp"

using namespace tiersim;

namespace {

constexpr double kService = 1e6;  // mean bytes, at one byte a nanosecond
constexpr int kFlows = 400'000;

/// Mean time from start to end, in nanoseconds, of Poisson arrivals at utilisation rho.
template <class Size>
double mean_sojourn(hw::Sharing sharing, double rho, Size size) {
  hw::DirectedLink link;
  link.bandwidth = BytesPerSecond(1e9);
  link.sharing = sharing;
  const hw::Topology topology({link}, {});
  const std::vector<LinkId> route{LinkId(0)};
  TransferEngine engine(topology);
  Rng arrivals = Rng(5).fork("arrivals"), sizes = Rng(5).fork("sizes");
  std::vector<EndedFlow> ended;
  double arrival = 0, sum = 0;
  const auto drain_to = [&](Time limit) {
    while (engine.next_event() <= limit && engine.live() > 0) {
      ended.clear();
      const Time now = engine.next_event();
      engine.advance(now, ended);
      for (const EndedFlow& flow : ended) sum += static_cast<double>((now - flow.started).value());
    }
  };
  for (int i = 0; i < kFlows; ++i) {
    arrival += arrivals.exponential(kService / rho);
    const Time now(static_cast<std::int64_t>(arrival));
    drain_to(now);
    engine.start({.route = route, .bytes = Bytes(static_cast<std::int64_t>(size(sizes)))}, now);
  }
  drain_to(Time::never());
  return sum / kFlows;
}

double constant(Rng&) { return kService; }
double exponential(Rng& rng) { return rng.exponential(kService); }

}  // namespace

TEST_CASE("flows over a fair link take S / (1 - rho) on average, whatever their sizes (M/G/1 processor sharing)") {
  for (double rho : {0.5, 0.7}) {
    CHECK(std::abs(mean_sojourn(hw::Sharing::fair, rho, constant) / (kService / (1 - rho)) - 1) < 0.02);
    CHECK(std::abs(mean_sojourn(hw::Sharing::fair, rho, exponential) / (kService / (1 - rho)) - 1) < 0.02);
  }
}

TEST_CASE("flows of one size over a fifo link wait rho S / (2 (1 - rho)) on average (M/D/1)") {
  for (double rho : {0.5, 0.7}) {
    const double wait = mean_sojourn(hw::Sharing::fifo, rho, constant) - kService;
    CHECK(std::abs(wait / (rho * kService / (2 * (1 - rho))) - 1) < 0.02);
  }
}
