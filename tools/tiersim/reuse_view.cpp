#include "tools/tiersim/reuse_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/report/human.hpp"
#include "tools/tiersim/cache_request.hpp"
#include "tools/tiersim/rows.hpp"
#include "traces/sharing.hpp"

namespace tiersim::cli {
namespace {

using namespace literals;

constexpr const char* kRecomputing = "computing again";

std::string interval_text(Duration interval) {
  constexpr double kDay = 86'400, kLong = 1e9;
  const double seconds = in_seconds(interval).value();
  if (seconds > kLong) return "for ever";
  return seconds < 2 * kDay ? human::long_time(seconds) : human::number(seconds / kDay) + " days";
}

/// "15 min" where it is so many whole ones.
std::string window_text(Duration window) {
  struct Unit {
    Duration size;
    const char* name;
  };
  constexpr std::array kUnits = {Unit{3600_s, "h"}, Unit{60_s, "min"}, Unit{1_s, "s"}};
  for (const Unit& unit : kUnits)
    if (window > Duration(0) && window.value() % unit.size.value() == 0)
      return fmt::format("{} {}", window / unit.size, unit.name);
  return interval_text(window);
}

std::string speed_up(double hit_rate) {
  return hit_rate < 1 ? fmt::format("{:.2f}x", 1 / (1 - hit_rate)) : std::string("all hit");
}

std::string csv_row(const char* kind, const std::string& place, const std::string& instead, const Retention& r) {
  const ReplayCounts& c = r.counts;
  return fmt::format("{},{},{},{:.9f},{},{},{:.6f},{},{},{:.6f},{:.3f},{}\n", kind, place, instead,
                     in_seconds(r.window).value(), c.accesses, c.hits, c.hit_rate(), c.tokens, c.hit_tokens,
                     c.token_hit_rate(), r.mean_blocks, r.peak_blocks);
}

}  // namespace

ReuseView::ReuseView(const traces::Trace& trace, std::vector<Duration> windows, Holding holding)
    : trace_(trace), windows_(std::move(windows)), holding_(std::move(holding)) {
  if (holding_.costs) break_evens_ = break_evens(*holding_.costs);
  std::vector<Duration> all = windows_;
  for (const BreakEven& b : break_evens_) all.push_back(b.interval);
  reuse_ = reuse_intervals(trace_, all);
}

std::string ReuseView::name_of(std::size_t place) const {
  return place == kRecompute ? kRecomputing : holding_.costs->places[place].name;
}

std::string ReuseView::amount(double blocks) const {
  const bool whole = std::floor(blocks) == blocks;
  if (!holding_.block) return whole ? human::grouped(std::llround(blocks)) : human::number(blocks);
  constexpr double kMost = 9e18;  // what Bytes can say
  const double bytes = std::min(kMost, blocks * static_cast<double>(holding_.block->value()));
  return human::capacity(Bytes(static_cast<std::int64_t>(bytes)));
}

std::string ReuseView::room_used(std::size_t place, const Retention& held) const {
  const auto room = static_cast<double>(holding_.costs->places[place].capacity.value());
  return human::coarse_share(held.mean_blocks * static_cast<double>(holding_.block->value()) / room);
}

std::string ReuseView::interval_lines() const {
  const IntervalHistogram& intervals = reuse_.intervals;
  if (intervals.count() == 0) return "no block is used twice: nothing can hit\n";
  const double first =
      1 - static_cast<double>(intervals.count()) / static_cast<double>(std::max<std::uint64_t>(1, reuse_.prompt_uses));
  std::string out = fmt::format("of the uses {} are a block's first; the others come after\n ", human::share(first));
  for (const std::uint64_t percent : {10U, 25U, 50U, 75U, 90U, 99U})
    out += fmt::format("  {}% {}", percent, interval_text(intervals.percentile(percent)));
  return out + "\n";
}

std::string ReuseView::window_table() const {
  Rows rows(
      "kept for: shares of prompt blocks and tokens that hit; prefill: 1 / (1 - tokens'), the speed-up\n"
      "at best; held: over the time of the trace, mean and most",
      {{"kept for", 9}, {"blocks", 7}, {"tokens", 7}, {"prefill", 8}, {"held", 10}, {"most", 10}});
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    const Retention& r = reuse_.retention[i];
    rows.add({r.window == reuse_.span ? "all" : window_text(r.window), human::share(r.counts.hit_rate()),
              human::share(r.counts.token_hit_rate()), speed_up(r.counts.token_hit_rate()), amount(r.mean_blocks),
              amount(static_cast<double>(r.peak_blocks))});
  }
  return rows.text();
}

std::string ReuseView::place_table() const {
  const HoldingCosts& costs = *holding_.costs;
  Rows rows("a block in each place: what it costs to keep it there, and how long it takes to get it",
            {{"", 15, '<'}, {"room", 9}, {"USD/GB/month", 12}, {"USD/hour", 10}, {"takes", 9}});
  for (const HoldingPlace& p : costs.places) {
    const double month = p.gigabyte_month.value() * static_cast<double>(costs.block.value()) / 1e9;
    rows.add({p.name, human::capacity(p.capacity), fmt::format("{:.4g}", p.gigabyte_month.value()),
              fmt::format("{:.2e}", month / kHoursAMonth), human::duration(p.fetch.value())});
  }
  if (costs.recompute) rows.add({kRecomputing, "", "", "", human::duration(costs.recompute->value())});
  return rows.text();
}

std::string ReuseView::break_even_table() const {
  Rows rows(
      "break-even: used again sooner than that, a block is worth holding there instead of getting it\n"
      "otherwise. Kept for so long: what hits, what is held (mean, most), and how much of the room that is",
      {{"held in", 8, '<'},
       {"instead of", 15, '<'},
       {"break-even", 10},
       {"blocks", 7},
       {"tokens", 7},
       {"held", 10},
       {"most", 10},
       {"of room", 7}});
  for (std::size_t i = 0; i < break_evens_.size(); ++i) {
    const BreakEven& b = break_evens_[i];
    const Retention& r = held_for(i);
    Cells cells{name_of(b.place), name_of(b.instead)};
    if (b.interval == Duration(0)) {
      cells.emplace_back("never");
    } else {
      for (const std::string& cell :
           {interval_text(b.interval), human::share(r.counts.hit_rate()), human::share(r.counts.token_hit_rate()),
            amount(r.mean_blocks), amount(static_cast<double>(r.peak_blocks)), room_used(b.place, r)})
        cells.push_back(cell);
    }
    rows.add(cells);
  }
  return rows.text();
}

std::string ReuseView::cheapest_line() const {
  const std::vector<CheapestPlace> places = cheapest_places(*holding_.costs);
  std::string out = "cheapest in all, holding and getting together, by the time to the next use:\n ";
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string name = name_of(places[i].place);
    if (i + 1 < places.size()) {
      out += fmt::format(" {} up to {},", name, interval_text(places[i].up_to));
    } else {
      out += fmt::format(" {}{}\n", i == 0 ? "always " : "then ", name);
    }
  }
  return out;
}

std::string ReuseView::text() const {
  std::string out = trace_line(trace_, reuse_.retention[0].counts) + "\n";
  out +=
      "a use: a block in a request, at its arrival; identified answers use blocks, but ask for none\n"
      "kept: every block for so long after its last use, nothing else makes it leave; first uses miss\n";
  if (!traces::ids_are_prefixes(trace_))
    out += "! ids are no prefixes (a block follows different blocks): a prefix cache hits less than this\n";
  out += "\n" + interval_lines() + "\n" + window_table();
  if (!holding_.costs) return out;
  out += "\n" + holding_.origin + "\n" + place_table() + "\n" + break_even_table() + cheapest_line();
  return out;
}

std::string ReuseView::csv() const {
  std::string out =
      "row,place,instead_of,seconds,accesses,hits,block_hit_rate,tokens,hit_tokens,token_hit_rate,mean_blocks,"
      "peak_blocks\n";
  for (std::size_t i = 0; i < windows_.size(); ++i) out += csv_row("window", "", "", reuse_.retention[i]);
  for (std::size_t i = 0; i < break_evens_.size(); ++i)
    out += csv_row("break_even", name_of(break_evens_[i].place), name_of(break_evens_[i].instead), held_for(i));
  return out;
}

LogPlot ReuseView::plot(const std::string& title) const {
  LogPlot plot{title, "time since the block's last use (s)", "share of prompt blocks' uses within it", {}, {}, true};
  const auto uses = static_cast<double>(std::max<std::uint64_t>(1, reuse_.prompt_uses));
  plot.lines.push_back({"uses within the time: what hits if every block is kept for so long", {}});
  // Stairs, from as far left to as far right as the axis will go.
  constexpr double kFarLeft = 1e-9, kFarRight = 1e10;
  std::vector<PlotPoint>& stairs = plot.lines[0].points;
  double share = 0;
  for (const IntervalHistogram::Step& step : reuse_.intervals.cumulated()) {
    const double at = std::max(kFarLeft, in_seconds(step.interval).value());
    if (at > kFarLeft) stairs.push_back({at, share, {}});
    share = static_cast<double>(step.count) / uses;
    stairs.push_back({at, share, {}});
  }
  if (!stairs.empty() && stairs.front().x > kFarLeft) stairs.insert(stairs.begin(), {kFarLeft, 0, {}});
  stairs.push_back({kFarRight, share, {}});
  if (break_evens_.empty()) return plot;
  plot.series = {{"break-even instead of computing again", {}}, {"break-even instead of the next place", {}}};
  for (std::size_t i = 0; i < break_evens_.size(); ++i) {
    const BreakEven& b = break_evens_[i];
    const std::string name = fmt::format("{}: {}", name_of(b.place), interval_text(b.interval));
    plot.series[b.instead == kRecompute ? 0 : 1].points.push_back(
        {in_seconds(b.interval).value(), held_for(i).counts.hit_rate(), name});
  }
  return plot;
}

}  // namespace tiersim::cli
