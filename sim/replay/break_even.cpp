#include "sim/replay/break_even.hpp"

#include <algorithm>

#include "sim/transfer/transfer_engine.hpp"

namespace tiersim {
namespace {

constexpr double kMostSeconds = 9.2e9;  // what nanoseconds can count

double gpu_second(const HoldingCosts& costs) { return (costs.gpus * Seconds(1)).value(); }

/// Dollars for one block and second.
double holding(const HoldingCosts& costs, std::size_t place) {
  constexpr double kGigabyteMonth = 1e9 * kHoursAMonth * 3600;
  return costs.places[place].gigabyte_month.value() * static_cast<double>(costs.block.value()) / kGigabyteMonth;
}

/// Seconds.
double getting(const HoldingCosts& costs, std::size_t place) {
  return place == kRecompute ? costs.recompute->value() : costs.places[place].fetch.value();
}

Duration interval_of(double seconds) { return rounded(Seconds(std::clamp(seconds, 0.0, kMostSeconds))); }

/// What a use costs after an interval: `now` at once, `rise` for every second between.
struct Line {
  std::size_t place;
  double now, rise;
};

/// The line that is the first to fall below `from`, at `at` seconds or later; null if none does.
const Line* next_below(const std::vector<Line>& lines, const Line& from, double& at) {
  const Line* best = nullptr;
  double first = 0;
  for (const Line& line : lines) {
    if (line.rise >= from.rise) continue;
    const double crossing = std::max(at, (line.now - from.now) / (from.rise - line.rise));
    const bool earlier = best == nullptr || crossing < first || (crossing == first && line.rise < best->rise);
    if (earlier) best = &line, first = crossing;
  }
  if (best != nullptr) at = first;
  return best;
}

}  // namespace

std::vector<BreakEven> break_evens(const HoldingCosts& costs) {
  std::vector<BreakEven> out;
  const auto add = [&](std::size_t place, std::size_t instead) {
    const double saved = (getting(costs, instead) - getting(costs, place)) * gpu_second(costs);
    out.push_back({place, instead, interval_of(saved / holding(costs, place))});
  };
  for (std::size_t place = 0; place < costs.places.size(); ++place) {
    if (costs.recompute) add(place, kRecompute);
    if (place + 1 < costs.places.size()) add(place, place + 1);
  }
  return out;
}

std::vector<CheapestPlace> cheapest_places(const HoldingCosts& costs) {
  std::vector<Line> lines;
  for (std::size_t place = 0; place < costs.places.size(); ++place)
    lines.push_back({place, getting(costs, place) * gpu_second(costs), holding(costs, place)});
  if (costs.recompute) lines.push_back({kRecompute, getting(costs, kRecompute) * gpu_second(costs), 0});
  const Line* line = &*std::min_element(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return a.now < b.now || (a.now == b.now && a.rise < b.rise);
  });
  std::vector<CheapestPlace> out;
  for (double at = 0; line != nullptr;) {
    out.push_back({line->place, interval_of(kMostSeconds)});
    line = next_below(lines, *line, at);
    if (line != nullptr) out.back().up_to = interval_of(at);
  }
  return out;
}

Seconds fetch_time(const hw::Topology& topology, std::size_t storage, std::int64_t gpus, const Load& load) {
  TransferEngine engine(topology);
  const std::int64_t whole = load.block.value() * load.blocks;
  for (std::int64_t gpu = 0; gpu < gpus; ++gpu)
    engine.start({.route = topology.route(topology.storage(storage), topology.gpu(gpu)),
                  .bytes = Bytes((whole + gpus - 1) / gpus),
                  .operations = Operations(load.blocks * load.fragments)},
                 Time(0));
  Time now;
  std::vector<EndedFlow> ended;
  while (engine.live() > 0) {
    now = engine.next_event();
    engine.advance(now, ended);
  }
  return in_seconds(now - Time(0)) / static_cast<double>(load.blocks);
}

}  // namespace tiersim
