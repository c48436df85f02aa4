#include "sim/report/verdicts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sim/config/units_text.hpp"
#include "sim/report/human.hpp"
#include "sim/report/words.hpp"

namespace tiersim {
namespace {

using human::coarse_share;

constexpr std::int64_t kFewestArrivals = 40;
constexpr double kClearingShare = 0.1;
constexpr double kPeakShare = 0.02, kPeakSeconds = 5;  // of the span; both must be exceeded
constexpr double kNoticeable = 0.05;                   // of a tier's loads or misses
constexpr double kBusyLink = 0.8;
constexpr double kBusyGpu = 0.9;
constexpr double kOfAll = 0.01;  // of the blocks wanted, of the tokens prefilled

/// The window up to the last arrival.
struct Span {
  Time begin, end;
  [[nodiscard]] double seconds() const { return static_cast<double>((end - begin).value()) / 1e9; }
};

Span loaded_span(const RunResult& run) {
  Span span{run.outcome.begin.at, run.outcome.begin.at};
  for (const RequestOutcome& r : run.outcome.requests)
    if (r.arrival <= run.outcome.end.at) span.end = std::max(span.end, r.arrival);
  return span;
}

/// When the request stopped queueing; it still does if it never entered the batch.
Time left_queue(const RequestOutcome& r) { return r.scheduled >= Time(0) ? r.scheduled : Time::never(); }

double mean_queue(const RunResult& run, Span span) {
  double waited = 0;
  for (const RequestOutcome& r : run.outcome.requests) {
    if (r.arrival < Time(0) || r.status == RequestStatus::rejected) continue;
    const Time from = std::max(r.arrival, span.begin), to = std::min(left_queue(r), span.end);
    if (to > from) waited += static_cast<double>((to - from).value());
  }
  return waited / static_cast<double>((span.end - span.begin).value());
}

/// Requests within a span.
struct Counts {
  std::int64_t arrived = 0, completed = 0, queued_at_end = 0;
};

Counts counts_in(const RunResult& run, Span span) {
  Counts n;
  for (const RequestOutcome& r : run.outcome.requests) {
    if (r.arrival < Time(0) || r.status == RequestStatus::rejected) continue;
    n.arrived += r.arrival >= span.begin && r.arrival <= span.end;
    n.completed += r.last_token >= span.begin && r.last_token <= span.end;
    n.queued_at_end += r.arrival <= span.end && left_queue(r) > span.end;
  }
  return n;
}

bool throughout(const std::array<double, 4>& queue) {
  return queue[0] < queue[1] && queue[1] < queue[2] && queue[2] < queue[3];
}

std::string sentence(const StabilityVerdict& v) {
  switch (v.state) {
    case Stability::unknown:
      return "too few arrivals to tell whether the load is borne";
    case Stability::stable:
      return "stable over the window";
    case Stability::backlogged:
      if (!throughout(v.queue))
        return fmt::format(
            "backlogged: the queue peaked at {} requests (mean of a quarter); percentiles measure the backlog",
            human::number(*std::max_element(v.queue.begin(), v.queue.end())));
      return fmt::format("backlogged: the queue grew throughout the window, from {} to {} requests",
                         human::number(v.queue[0]), human::number(v.queue[3]));
    case Stability::overloaded:
      return fmt::format("overloaded: the queue grew from {} to {} requests; percentiles measure the backlog",
                         human::number(v.queue[0]), human::number(v.queue[3]));
  }
  return {};
}

/// Fills in the queue and what follows from it; n.arrived > 0 and the span is not empty.
void measure_queue(const RunResult& run, Span span, const Counts& n, StabilityVerdict& v) {
  const Duration length = span.end - span.begin;
  for (int q = 0; q < 4; ++q)
    v.queue[static_cast<std::size_t>(q)] = mean_queue(
        run, {span.begin + Duration(length.value() * q / 4), span.begin + Duration(length.value() * (q + 1) / 4)});
  const double rate = static_cast<double>(std::max<std::int64_t>(1, n.completed)) / span.seconds();
  v.clearing = static_cast<double>(n.queued_at_end) / rate;
  v.peak_clearing = *std::max_element(v.queue.begin(), v.queue.end()) / rate;
  v.borne = std::min(1.0, static_cast<double>(n.completed) / static_cast<double>(n.arrived));
}

Stability state_of(const StabilityVerdict& v, double seats, double span) {
  const double much = std::max(4.0, seats / 20);
  const auto [lowest, highest] = std::minmax_element(v.queue.begin(), v.queue.end());
  const bool grew = v.queue[3] - v.queue[0] >= much;
  const bool peaked = *highest - *lowest >= much && v.peak_clearing > std::max(kPeakSeconds, kPeakShare * span);
  if (grew && v.clearing > kClearingShare * span) return Stability::overloaded;
  return peaked || (grew && throughout(v.queue)) ? Stability::backlogged : Stability::stable;
}

/// One tier's lookups within the window, in blocks.
struct Lookups {
  std::int64_t missed = 0;     ///< not found in this tier or above
  std::int64_t below = 0;      ///< of those, found further down
  std::int64_t evicted = 0;    ///< of those, had been in some tier and were evicted from all
  std::int64_t refused = 0;    ///< of those, turned away from a lower tier
  std::int64_t elsewhere = 0;  ///< of those, only another replica had them
  std::int64_t fresh = 0;      ///< of those, never computed before
  std::int64_t wanted = 0;     ///< by the admissions, whatever tier they were found in

  [[nodiscard]] double share(std::int64_t part) const {
    return missed > 0 ? static_cast<double>(part) / static_cast<double>(missed) : 0;
  }
};

/// What one tier's verdict is made from.
struct TierView {
  const RunResult& run;
  const Metrics& metrics;
  std::vector<LinkGroup> links;
  std::size_t tier = 0;
  Lookups lookups;

  [[nodiscard]] const TierInfo& info() const { return run.context.tiers[tier]; }
  [[nodiscard]] bool is_lowest() const { return tier + 1 == run.context.tiers.size(); }
  [[nodiscard]] double of_tier(const char* metric) const {
    return metrics.or_zero(fmt::format("tier.{}.{}", as_key(info().name), metric));
  }
};

std::int64_t misses(const Metrics& metrics, MissCause cause) {
  return static_cast<std::int64_t>(metrics.or_zero(fmt::format("misses.{}", word_of(cause))));
}

Lookups lookups_of(const RunResult& run, const Metrics& metrics, std::size_t tier) {
  Lookups n;
  const std::int64_t block = run.context.block.value();
  for (std::size_t t = 0; t < run.context.tiers.size(); ++t) {
    const auto found = static_cast<std::int64_t>(
        metrics.or_zero(fmt::format("tier.{}.hit_tokens", as_key(run.context.tiers[t].name))) /
        static_cast<double>(block));
    if (t > tier) n.below += found;
    n.wanted += found;
  }
  n.evicted = misses(metrics, MissCause::capacity);
  n.refused = misses(metrics, MissCause::admission);
  n.elsewhere = misses(metrics, MissCause::elsewhere);
  n.fresh = misses(metrics, MissCause::compulsory);
  n.missed = n.below + n.evicted + n.refused + n.elsewhere + n.fresh + misses(metrics, MissCause::passed_over);
  n.wanted += n.missed - n.below;
  return n;
}

/// The busiest direction of the links that this tier's blocks pass: its own, and those of the GPUs.
LinkGroup busiest_link(const TierView& v) {
  LinkGroup busiest;
  for (const LinkGroup& link : v.links) {
    const std::string owner = link.name.substr(0, link.name.find(' '));
    const bool of_another =
        owner != v.info().name && std::any_of(v.run.context.tiers.begin(), v.run.context.tiers.end(),
                                              [&](const TierInfo& t) { return t.name == owner; });
    if (!of_another && link.busy_max > busiest.busy_max) busiest = link;
  }
  return busiest;
}

/// Were the lengths of loads spread evenly from nothing to twice their mean, and the shortest lost, this length would
/// part the lost from the rest; a power of two.
std::int64_t suggested_min_tokens(const TierView& v) {
  const double loads = std::max(1.0, v.of_tier("loads"));
  const double block_bytes = std::max(1.0, static_cast<double>(v.info().block_bytes.value()));
  const double block = static_cast<double>(v.run.context.block.value());
  const double mean = v.of_tier("loaded_bytes") / block_bytes / loads * block;
  const double length = std::max(2 * block, 2 * mean * v.of_tier("lost_loads") / loads);
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(length)));
}

std::string min_tokens_advice(const TierView& v) {
  return fmt::format("try hierarchy.{}.min_tokens: {}", v.info().name, suggested_min_tokens(v));
}

std::string second_touch_advice(const TierView& v) {
  return fmt::format("try hierarchy.{}.admission: second_touch", v.info().name);
}

bool limited_by_bandwidth(const TierView& v, TierVerdict& verdict) {
  if (v.tier == 0) return false;
  verdict.limit = TierLimit::bandwidth;
  const double loads = v.of_tier("loads"), lost = v.of_tier("lost_loads");
  if (loads > 0 && lost / loads >= kNoticeable) {
    verdict.figure = fmt::format("{} of its loads took longer than computing would have", coarse_share(lost / loads));
    verdict.advice = min_tokens_advice(v);
    return true;
  }
  if (const LinkGroup link = busiest_link(v); link.busy_max >= kBusyLink) {
    verdict.figure = fmt::format("{} is busy {} of the window", link.name, coarse_share(link.busy_max));
    const bool writes = link.name.ends_with("write") || link.name.ends_with("d2h");
    verdict.advice = writes ? second_touch_advice(v) : min_tokens_advice(v);
    return true;
  }
  const double refused = v.lookups.share(v.lookups.refused);
  if (v.info().admission == "always" && v.of_tier("refused_blocks") > 0 && refused >= kNoticeable) {
    verdict.figure =
        fmt::format("{} of its misses were turned away because its writes were behind", coarse_share(refused));
    verdict.advice = second_touch_advice(v);
    return true;
  }
  return false;
}

bool limited_by_policy(const TierView& v, TierVerdict& verdict) {
  verdict.limit = TierLimit::policy;
  const double refused = v.lookups.share(v.lookups.refused), elsewhere = v.lookups.share(v.lookups.elsewhere);
  if (v.tier > 0 && v.of_tier("refused_blocks") > 0 && refused >= kNoticeable) {
    verdict.figure = fmt::format("{} of its misses were turned away by {}", coarse_share(refused), v.info().admission);
    verdict.advice = fmt::format("try hierarchy.{}.admission: always", v.info().name);
    return true;
  }
  if (v.tier == 0 && elsewhere >= kNoticeable && v.lookups.elsewhere >= v.lookups.evicted) {
    verdict.figure = fmt::format("{} of its misses had been computed by another replica", coarse_share(elsewhere));
    verdict.advice = "try a tier below HBM, which replicas share";
    return true;
  }
  return false;
}

/// Twice the capacity, as far as the machine has it.
std::string capacity_advice(const TierView& v) {
  if (v.tier == 0) return v.is_lowest() ? "try a tier below HBM" : "";
  const Bytes limit = v.info().machine_capacity, twice = v.info().capacity * 2;
  if (limit > Bytes(0) && v.info().capacity >= limit) return fmt::format("try a machine with more {}", v.info().name);
  const Bytes larger = limit > Bytes(0) ? std::min(twice, limit) : twice;
  return fmt::format("try hierarchy.{}.capacity: {}", v.info().name, config::text_of(larger));
}

/// Where a larger tier would have found its misses: "31% of its misses are found below, 3% had been evicted".
std::string parts_of_capacity(const Lookups& n) {
  const std::string below = fmt::format("{} of its misses are found below", coarse_share(n.share(n.below)));
  if (n.evicted == 0) return below;
  const std::string evicted = coarse_share(n.share(n.evicted));
  return n.below == 0 ? evicted + " of its misses had been evicted"
                      : fmt::format("{}, {} had been evicted", below, evicted);
}

bool limited_by_capacity(const TierView& v, TierVerdict& verdict) {
  verdict.limit = TierLimit::capacity;
  const Lookups& n = v.lookups;
  const std::int64_t larger = n.below + n.evicted;
  if (n.share(larger) >= kNoticeable && static_cast<double>(larger) >= kOfAll * static_cast<double>(n.wanted)) {
    verdict.figure = parts_of_capacity(n);
    if (n.share(n.evicted) >= kNoticeable || v.tier > 0) verdict.advice = capacity_advice(v);
    return true;
  }
  const double prefilled = v.metrics.or_zero("throughput.prefilled") * v.metrics.or_zero("window.length");
  const double again = v.metrics.or_zero("recomputed_tokens");
  if (v.tier == 0 && prefilled > 0 && again >= kOfAll * prefilled) {
    verdict.figure =
        fmt::format("{} of the tokens prefilled had been lost to preemptions", coarse_share(again / prefilled));
    verdict.advice =
        fmt::format("try serving.max_sequences: {}", std::max<std::int64_t>(1, v.run.context.max_sequences / 2));
    return true;
  }
  return false;
}

double busy_share(const Metrics& m) {
  return m.or_zero("gpu.compute") + m.or_zero("gpu.bandwidth") + m.or_zero("gpu.communication") +
         m.or_zero("gpu.overhead");
}

/// Of a tier that is not a limit: a share where most misses are new content, their number where there are few of them
/// or other kinds prevail, each kind too small to matter.
std::string harmless_misses(const Lookups& n) {
  constexpr double kMost = 0.5;
  if (n.missed == 0) return "it missed nothing that could be reused";
  if (n.share(n.fresh) >= kMost) return fmt::format("{} of its misses are new content", coarse_share(n.share(n.fresh)));
  return fmt::format("it missed {} of {}", human::grouped(n.missed), human::counted(n.wanted, "block"));
}

TierVerdict verdict_of(const TierView& v) {
  TierVerdict verdict;
  verdict.tier = v.info().name;
  if (limited_by_bandwidth(v, verdict) || limited_by_policy(v, verdict) || limited_by_capacity(v, verdict))
    return verdict;
  verdict.limit = TierLimit::nothing;
  verdict.figure = harmless_misses(v.lookups);
  const double queue = v.metrics.or_zero("waiting.mean"), busy = busy_share(v.metrics);
  if (busy >= kBusyGpu && queue >= static_cast<double>(v.run.context.replicas)) {
    verdict.limit = TierLimit::compute;
    verdict.figure +=
        fmt::format("; the GPUs are busy {} with {} requests in the queue", coarse_share(busy), human::number(queue));
  }
  return verdict;
}

std::string overload_warning(const StabilityVerdict& v) {
  return fmt::format(
      "too much load: {} of the requests completed while others arrived; clearing the queue would take {}. "
      "Try a rate of {:.2f} of this one, or more replicas",
      coarse_share(v.borne), human::long_time(v.clearing), std::min(v.borne, 0.95));
}

std::string rejection_reasons(const Metrics& m) {
  return fmt::format("{} can never fit a replica's KV blocks, {} exceed serving.max_context",
                     human::count(m.or_zero("requests.rejected.never_fits")),
                     human::count(m.or_zero("requests.rejected.context_too_long")));
}

std::string rejection_warning(const Metrics& m) {
  return fmt::format("{} rejected ({}); they take no part in the figures",
                     human::counted(static_cast<std::int64_t>(m.or_zero("requests.rejected")), "request"),
                     rejection_reasons(m));
}

/// Why there is nothing to judge, or empty: no request was measured, or every one was rejected.
std::string nothing_to_judge(const RunResult& run, const Metrics& m) {
  const double measured = m.or_zero("requests.measured");
  if (measured == 0 && run.outcome.requests.empty()) return "no request was measured: the trace has none";
  const auto since_start = [](Time t) { return human::long_time(in_seconds(t - Time(0)).value()); };
  if (measured == 0)
    return fmt::format("no request was measured: none of {} arrived inside the window, from {} to {}",
                       human::grouped(static_cast<std::int64_t>(run.outcome.requests.size())),
                       since_start(run.outcome.begin.at), since_start(run.outcome.end.at));
  if (m.or_zero("requests.rejected") == measured)
    return fmt::format("all {} were rejected: {}", human::counted(static_cast<std::int64_t>(measured), "request"),
                       rejection_reasons(m));
  return {};
}

/// Loads lost, tier by tier; a tier whose verdict says so already needs no second word.
void warn_of_lost_loads(const TierView& v, std::vector<std::string>& out) {
  const double loads = v.of_tier("loads"), lost = v.of_tier("lost_loads");
  if (v.tier == 0 || loads == 0 || lost / loads < 0.005 || lost / loads >= kNoticeable) return;
  out.push_back(fmt::format("{} of the loads from {} lost to recomputing: {}", human::share(lost / loads),
                            v.info().name, min_tokens_advice(v)));
}

}  // namespace

std::string_view word_of(Stability stability) {
  switch (stability) {
    case Stability::unknown:
      return "unknown";
    case Stability::stable:
      return "stable";
    case Stability::backlogged:
      return "backlogged";
    case Stability::overloaded:
      return "overloaded";
  }
  return "";
}

std::string_view word_of(TierLimit limit) {
  switch (limit) {
    case TierLimit::nothing:
      return "nothing";
    case TierLimit::capacity:
      return "capacity";
    case TierLimit::policy:
      return "policy";
    case TierLimit::bandwidth:
      return "bandwidth";
    case TierLimit::compute:
      return "compute";
  }
  return "";
}

std::string TierVerdict::text() const {
  std::string out = limit == TierLimit::nothing ? fmt::format("{} is not a limit: {}", tier, figure)
                                                : fmt::format("{} is limited by {}: {}", tier, word_of(limit), figure);
  return advice.empty() ? out : out + "; " + advice;
}

StabilityVerdict stability_of(const RunResult& run) {
  StabilityVerdict v;
  const Span span = loaded_span(run);
  const Counts n = counts_in(run, span);
  if (n.arrived == 0) return v;
  if (run.context.closed_loop) {
    v.text = "closed loop: the load adapts to the system, so no queue can grow";
    return v;
  }
  if (n.arrived >= kFewestArrivals && span.end > span.begin) {
    measure_queue(run, span, n, v);
    v.state = state_of(v, static_cast<double>(run.context.replicas * run.context.max_sequences), span.seconds());
  }
  v.text = sentence(v);
  return v;
}

std::vector<TierVerdict> tier_verdicts(const RunResult& run, const Metrics& metrics) {
  std::vector<TierVerdict> out;
  if (!nothing_to_judge(run, metrics).empty()) return out;
  const std::vector<LinkGroup> links = link_groups(run);
  for (std::size_t t = 0; t < run.context.tiers.size(); ++t)
    out.push_back(verdict_of({run, metrics, links, t, lookups_of(run, metrics, t)}));
  return out;
}

std::vector<std::string> warnings_of(const RunResult& run, const Metrics& metrics, const StabilityVerdict& stability) {
  std::vector<std::string> out;
  if (!run.outcome.finished)
    out.emplace_back("stopped before every request was done: the figures cover what had run by then");
  if (const std::string why = nothing_to_judge(run, metrics); !why.empty()) {
    out.push_back(why);
    return out;
  }
  if (stability.state == Stability::overloaded) out.push_back(overload_warning(stability));
  if (metrics.or_zero("requests.rejected") > 0) out.push_back(rejection_warning(metrics));
  for (std::size_t t = 0; t < run.context.tiers.size(); ++t) warn_of_lost_loads({run, metrics, {}, t, {}}, out);
  return out;
}

}  // namespace tiersim
