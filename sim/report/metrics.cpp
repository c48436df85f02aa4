#include "sim/report/metrics.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "sim/core/diagnostics.hpp"
#include "sim/report/energy.hpp"
#include "sim/report/words.hpp"

namespace tiersim {
namespace {

using Value = std::optional<double>;

Value ratio(double part, double whole) { return whole > 0 ? Value(part / whole) : std::nullopt; }
Value ratio(std::int64_t part, std::int64_t whole) {
  return ratio(static_cast<double>(part), static_cast<double>(whole));
}
Value count(std::int64_t n) { return static_cast<double>(n); }
double seconds(Duration d) { return static_cast<double>(d.value()) / 1e9; }
Value per_second(const Facts& f, std::int64_t n) { return ratio(static_cast<double>(n), f.window); }

Value gpu_share(const Facts& f, Seconds part) { return ratio(part.value(), f.gpu_window); }
Value gpu_share(const Facts& f, Duration part) { return ratio(seconds(part), f.gpu_window); }

/// Of the simulated time of steps.
Value step_share(const Facts& f, Seconds StepTime::*part) {
  const auto in_window = [&](Seconds StepTime::*p) { return (f.end().busy.*p - f.begin().busy.*p).value(); };
  const double whole = f.end().busy.total().value() - f.begin().busy.total().value();
  return ratio(in_window(part), whole);
}

Duration waiting_for_loads(const Facts& f) {
  return (f.end().step_waits - f.begin().step_waits) + (f.end().waiting_for_loads - f.begin().waiting_for_loads);
}

/// What is left when steps and waits are taken away; a step that straddles the window's edge counts where it ends.
Value idle_share(const Facts& f) {
  const Duration stepping = f.end().stepping - f.begin().stepping;
  const Duration used = stepping + (f.end().waiting_for_loads - f.begin().waiting_for_loads);
  const Value share = gpu_share(f, used);
  return share ? Value(std::max(0.0, 1 - *share)) : std::nullopt;
}

Value miss_count(const Facts& f, MissCause cause) {
  const auto i = static_cast<std::size_t>(cause);
  return count(f.end().misses[i] - f.begin().misses[i]);
}

Value sampled(const Facts& f, double value) { return f.samples > 0 ? Value(value) : std::nullopt; }

std::int64_t hbm_frames(const Facts& f) {
  std::int64_t sum = 0;
  for (const std::int64_t c : f.outcome.hbm_capacity) sum += c;
  return sum;
}

Value of_hbm(const Facts& f, double blocks) {
  return f.samples > 0 ? ratio(blocks, static_cast<double>(hbm_frames(f))) : std::nullopt;
}

Value of_tier(const Facts& f, std::size_t tier, double blocks) {
  if (f.samples == 0 || tier >= f.outcome.tier_capacity.size()) return std::nullopt;
  return ratio(blocks, static_cast<double>(f.outcome.tier_capacity[tier]));
}

/// A count that only tiers below HBM have.
Value below_hbm(const Facts& f, std::size_t tier, std::int64_t TierUse::*member) {
  if (tier == 0) return std::nullopt;
  return count(f.end().tiers[tier].*member - f.begin().tiers[tier].*member);
}

Value bytes_below_hbm(const Facts& f, std::size_t tier, std::int64_t TierUse::*member) {
  const Value blocks = below_hbm(f, tier, member);
  return blocks ? Value(*blocks * static_cast<double>(f.context.tiers[tier].block_bytes.value())) : std::nullopt;
}

/// Bytes written to a lower tier in a day, at the rate of the window.
Value written_per_day(const Facts& f, std::size_t tier) {
  constexpr double kDay = 86400;
  const Value written = bytes_below_hbm(f, tier, &TierUse::written_blocks);
  return written && f.window > 0 ? Value(*written / f.window * kDay) : std::nullopt;
}

/// Nothing where the drive states no endurance or nothing was written.
Value life_of_tier(const Facts& f, std::size_t tier) {
  constexpr double kYear = 365.25;  // days
  const Value a_day = written_per_day(f, tier);
  const Bytes endurance = f.context.tiers[tier].endurance;
  if (!a_day || *a_day == 0 || endurance == Bytes(0)) return std::nullopt;
  return static_cast<double>(endurance.value()) / *a_day / kYear;
}

Value tokens_per(const Facts& f, Value spent) {
  return spent ? ratio(static_cast<double>(f.end().tokens_out - f.begin().tokens_out), *spent) : std::nullopt;
}

Value joules(const Facts& f) {
  const auto energy = energy_of(f);
  return energy ? Value(energy->total().value()) : std::nullopt;
}

Value dollars(const Facts& f) {
  const auto cost = cost_of(f);
  return cost ? Value(cost->value()) : std::nullopt;
}

struct RunRow {
  const char *name, *unit, *meaning;
  Better better;
  Value (*value)(const Facts&);
};
/// One metric per tier or link, by its index.
struct EachRow {
  const char *name, *unit, *meaning;
  Better better;
  Value (*value)(const Facts&, std::size_t);
};
struct LatencyRow {
  const char *name, *meaning;
  Distribution Facts::*distribution;
};
struct Statistic {
  const char* name;
  double (*value)(const Distribution&);
};

using enum Better;

constexpr std::array kWindow = {
    RunRow{"window.length", "s", "Length of the measurement window.", neither,
           [](const Facts& f) { return Value(f.window); }},
    RunRow{"requests.measured", "requests", "Requests that arrived inside the window.", neither,
           [](const Facts& f) { return count(f.measured); }},
    RunRow{"requests.completed", "requests", "Measured requests that completed, inside the window or later.", neither,
           [](const Facts& f) { return count(f.completed); }},
    RunRow{"requests.rejected", "requests", "Measured requests rejected at arrival; they take no part in latencies.",
           lower, [](const Facts& f) { return count(f.rejected_never_fits + f.rejected_too_long); }},
    RunRow{"requests.rejected.never_fits", "requests", "Rejected: more blocks than a replica has.", lower,
           [](const Facts& f) { return count(f.rejected_never_fits); }},
    RunRow{"requests.rejected.context_too_long", "requests", "Rejected: longer than serving.max_context.", lower,
           [](const Facts& f) { return count(f.rejected_too_long); }},
    RunRow{
        "requests.unfinished", "requests", "Measured requests left undone because the run was stopped.", lower,
        [](const Facts& f) { return count(f.measured - f.completed - f.rejected_never_fits - f.rejected_too_long); }},
};

constexpr std::array kLatencies = {
    LatencyRow{"ttft", "Time to first token: end of the step that produced it minus arrival.", &Facts::ttft},
    LatencyRow{"tpot",
               "Time per output token: (last token - first token)/(n - 1), to the nanosecond; requests with n = 1 left "
               "out.",
               &Facts::tpot},
    LatencyRow{"itl", "Inter-token latency: every gap between two tokens of a request, inside the window.",
               &Facts::itl},
    LatencyRow{"end_to_end", "Last token minus arrival.", &Facts::end_to_end},
    LatencyRow{"queueing", "First admission to the batch minus arrival, without the time spent loading.",
               &Facts::queueing},
    LatencyRow{"load_wait", "Time in the loading state before the first admission; 0 where nothing was loaded.",
               &Facts::load_wait},
};

constexpr std::array kStatistics = {
    Statistic{"mean", [](const Distribution& d) { return d.mean; }},
    Statistic{"p50", [](const Distribution& d) { return static_cast<double>(d.p50); }},
    Statistic{"p90", [](const Distribution& d) { return static_cast<double>(d.p90); }},
    Statistic{"p95", [](const Distribution& d) { return static_cast<double>(d.p95); }},
    Statistic{"p99", [](const Distribution& d) { return static_cast<double>(d.p99); }},
};

constexpr std::array kThroughput = {
    RunRow{"throughput.input", "tok/s", "Prompt tokens of the requests that completed inside the window, per second.",
           higher, [](const Facts& f) { return per_second(f, f.prompt_completed_in_window); }},
    RunRow{"throughput.prefilled", "tok/s", "Tokens prefilled per second, recomputed ones included, found ones not.",
           neither,
           [](const Facts& f) { return per_second(f, f.end().tokens_prefilled - f.begin().tokens_prefilled); }},
    RunRow{"throughput.output", "tok/s", "Tokens produced per second.", higher,
           [](const Facts& f) { return per_second(f, f.end().tokens_out - f.begin().tokens_out); }},
    RunRow{"throughput.requests", "requests/s", "Requests that completed inside the window, per second.", higher,
           [](const Facts& f) { return per_second(f, f.completed_in_window); }},
    RunRow{"goodput.requests", "requests/s", "Measured requests that met every limit given, per second of the window.",
           higher, [](const Facts& f) { return f.context.limits.any() ? per_second(f, f.good) : std::nullopt; }},
    RunRow{"goodput.share", "share", "Measured requests that met every limit given; rejected ones did not.", higher,
           [](const Facts& f) { return f.context.limits.any() ? ratio(f.good, f.measured) : std::nullopt; }},
};

constexpr std::array kReuse = {
    RunRow{"hit_rate.tokens", "share", "Prompt tokens found in any tier at first admission.", higher,
           [](const Facts& f) { return ratio(f.first.hit_tokens(), f.admitted_prompt); }},
    RunRow{"hit_rate.blocks", "share", "Full prompt blocks found in any tier at first admission.", higher,
           [](const Facts& f) { return ratio(f.first.hit_blocks(), f.wanted_blocks); }},
    RunRow{"hit_rate.tokens_final", "share", "Prompt tokens found in any tier at the last admission.", higher,
           [](const Facts& f) { return ratio(f.final.hit_tokens(), f.admitted_prompt); }},
    RunRow{"hit_rate.blocks_final", "share", "Full prompt blocks found in any tier at the last admission.", higher,
           [](const Facts& f) { return ratio(f.final.hit_blocks(), f.wanted_blocks); }},
    RunRow{"prompt_tokens.admitted", "tokens",
           "Prompt tokens of the requests admitted: found in a tier, recomputed and new, at first admission.", neither,
           [](const Facts& f) { return count(f.admitted_prompt); }},
    RunRow{"prompt_tokens.found", "tokens", "Prompt tokens found in any tier at first admission.", higher,
           [](const Facts& f) { return count(f.first.hit_tokens()); }},
    RunRow{"prompt_tokens.recomputed", "tokens", "Prompt tokens computed before and computed again, first admission.",
           lower, [](const Facts& f) { return count(f.first.recomputed); }},
    RunRow{"prompt_tokens.new", "tokens",
           "Prompt tokens never computed before, or that can never be reused, first admission.", neither,
           [](const Facts& f) { return count(f.first.fresh); }},
    RunRow{"prompt_tokens.found_final", "tokens", "Prompt tokens found in any tier at the last admission.", higher,
           [](const Facts& f) { return count(f.final.hit_tokens()); }},
    RunRow{"prompt_tokens.recomputed_final", "tokens",
           "Prompt tokens computed before and computed again, last admission.", lower,
           [](const Facts& f) { return count(f.final.recomputed); }},
    RunRow{"prompt_tokens.new_final", "tokens",
           "Prompt tokens never computed before, or that can never be reused, last admission.", neither,
           [](const Facts& f) { return count(f.final.fresh); }},
    RunRow{"misses.compulsory", "blocks", "Blocks wanted at first admission that nobody had computed before.", neither,
           [](const Facts& f) { return miss_count(f, MissCause::compulsory); }},
    RunRow{"misses.elsewhere", "blocks", "Blocks wanted at first admission that only another replica had computed.",
           lower, [](const Facts& f) { return miss_count(f, MissCause::elsewhere); }},
    RunRow{"misses.capacity", "blocks", "Blocks wanted at first admission that had been evicted from every tier.",
           lower, [](const Facts& f) { return miss_count(f, MissCause::capacity); }},
    RunRow{"misses.admission", "blocks", "Blocks wanted at first admission that a lower tier had turned away.", lower,
           [](const Facts& f) { return miss_count(f, MissCause::admission); }},
    RunRow{"misses.preemption", "blocks", "Blocks computed again because their request had been preempted.", lower,
           [](const Facts& f) { return miss_count(f, MissCause::preemption); }},
    RunRow{"misses.passed_over", "blocks",
           "Blocks wanted at first admission that a tier had: behind a missing one, arriving, or not worth loading.",
           lower, [](const Facts& f) { return miss_count(f, MissCause::passed_over); }},
};

constexpr std::array kTier = {
    EachRow{"tier.<tier>.hit_tokens", "tokens", "Prompt tokens found in this tier at first admission.", neither,
            [](const Facts& f, std::size_t t) { return count(f.first.tokens[t]); }},
    EachRow{"tier.<tier>.hit_tokens_final", "tokens", "Prompt tokens found in this tier at the last admission.",
            neither, [](const Facts& f, std::size_t t) { return count(f.final.tokens[t]); }},
    EachRow{"tier.<tier>.hit_rate_tokens", "share", "Prompt tokens found in this tier at first admission, of all.",
            neither, [](const Facts& f, std::size_t t) { return ratio(f.first.tokens[t], f.admitted_prompt); }},
    EachRow{"tier.<tier>.hit_rate_blocks", "share", "Full prompt blocks found in this tier at first admission, of all.",
            neither, [](const Facts& f, std::size_t t) { return ratio(f.first.blocks[t], f.wanted_blocks); }},
    EachRow{"tier.<tier>.loads", "loads", "Runs of blocks loaded from this tier.", neither,
            [](const Facts& f, std::size_t t) { return below_hbm(f, t, &TierUse::loads); }},
    EachRow{"tier.<tier>.loaded_bytes", "bytes", "Blocks loaded from this tier, in bytes as stored here.", neither,
            [](const Facts& f, std::size_t t) { return bytes_below_hbm(f, t, &TierUse::loaded_blocks); }},
    EachRow{"tier.<tier>.lost_loads", "loads", "Loads lost to recomputing whose slowest blocks came from here.", lower,
            [](const Facts& f, std::size_t t) {
              return t == 0 ? Value() : count(f.end().tier_lost_loads[t] - f.begin().tier_lost_loads[t]);
            }},
    EachRow{"tier.<tier>.written_bytes", "bytes", "Blocks written to this tier, in bytes as stored here.", neither,
            [](const Facts& f, std::size_t t) { return bytes_below_hbm(f, t, &TierUse::written_blocks); }},
    EachRow{"tier.<tier>.written_per_day", "bytes", "Bytes written to this tier in a day at the window's rate.", lower,
            written_per_day},
    EachRow{"tier.<tier>.life", "years", "Until the bytes that the drive endures are written, at the window's rate.",
            higher, life_of_tier},
    EachRow{"tier.<tier>.write_backs", "blocks", "Blocks written to this tier because the one above evicted them.",
            neither, [](const Facts& f, std::size_t t) { return below_hbm(f, t, &TierUse::write_backs); }},
    EachRow{"tier.<tier>.refused_blocks", "blocks",
            "Blocks offered to this tier that its admission policy or its backlog of writes turned away.", neither,
            [](const Facts& f, std::size_t t) { return below_hbm(f, t, &TierUse::refused_blocks); }},
    EachRow{"tier.<tier>.prefetched_blocks", "blocks", "Blocks brought up into this tier before they were asked for.",
            neither, [](const Facts& f, std::size_t t) { return below_hbm(f, t, &TierUse::prefetched_blocks); }},
    EachRow{"tier.<tier>.prefetched_used", "blocks", "Of those, blocks that were loaded from this tier later.", higher,
            [](const Facts& f, std::size_t t) { return below_hbm(f, t, &TierUse::prefetched_used); }},
    EachRow{"tier.<tier>.evicted_blocks", "blocks", "Findable blocks that made room for others.", neither,
            [](const Facts& f, std::size_t t) { return count(f.end().evicted[t] - f.begin().evicted[t]); }},
    EachRow{"tier.<tier>.filled.mean", "share", "Frames that hold a findable block, mean over the samples.", neither,
            [](const Facts& f, std::size_t t) { return of_tier(f, t, f.resident[t].mean); }},
    EachRow{"tier.<tier>.filled.peak", "share", "Frames that hold a findable block, greatest sample.", neither,
            [](const Facts& f, std::size_t t) { return of_tier(f, t, f.resident[t].peak); }},
};

constexpr std::array kLoads = {
    RunRow{"loads.finished", "loads", "Prefixes loaded from lower tiers, one a request and admission.", neither,
           [](const Facts& f) { return count(f.end().loads - f.begin().loads); }},
    RunRow{"loads.lost", "loads", "Loads whose wait exceeded the prefill that they saved.", lower,
           [](const Facts& f) { return count(f.end().lost_loads - f.begin().lost_loads); }},
    RunRow{"loads.declined", "loads", "Times that loading was estimated to take longer than computing, and left.",
           lower, [](const Facts& f) { return count(f.end().declined_loads - f.begin().declined_loads); }},
    RunRow{"loads.time_waited", "s", "Sum over loads of the time that their request or step waited.", lower,
           [](const Facts& f) { return Value(seconds(f.end().load_wait - f.begin().load_wait)); }},
    RunRow{"loads.time_saved", "s", "Sum over loads of the prefill time that they replaced.", higher,
           [](const Facts& f) { return Value(seconds(f.end().load_saved - f.begin().load_saved)); }},
    RunRow{"loads.time_lost", "s", "Sum over lost loads of wait minus prefill time saved.", lower,
           [](const Facts& f) { return Value(seconds(f.end().lost_time - f.begin().lost_time)); }},
};

constexpr std::array kLink = {
    EachRow{"link.<link>.bytes", "bytes", "Bytes of the flows that ended on this direction of the link.", neither,
            [](const Facts& f, std::size_t l) { return count(link_use(f.outcome, l).bytes.value()); }},
    EachRow{"link.<link>.device_bytes", "bytes",
            "Bytes that these flows moved at the device itself: whole pages, writes as its flash amplifies them.",
            lower, [](const Facts& f, std::size_t l) { return count(link_use(f.outcome, l).device.value()); }},
    EachRow{"link.<link>.flows", "flows", "Flows that ended on this direction of the link.", neither,
            [](const Facts& f, std::size_t l) { return count(link_use(f.outcome, l).flows); }},
    EachRow{"link.<link>.utilisation", "share", "Time with a flow in set-up or moving on it, of the window.", neither,
            [](const Facts& f, std::size_t l) { return ratio(seconds(link_use(f.outcome, l).busy), f.window); }},
    EachRow{"link.<link>.bandwidth_share", "share", "Bytes moved, of what its full bandwidth could move in the window.",
            neither,
            [](const Facts& f, std::size_t l) {
              if (l >= f.context.link_bandwidths.size()) return Value();
              return ratio(static_cast<double>(link_use(f.outcome, l).bytes.value()),
                           f.context.link_bandwidths[l].value() * f.window);
            }},
};

constexpr std::array kEngine = {
    RunRow{"gpu.compute", "share", "GPU time in operators bound by compute; shares of replicas x window.", neither,
           [](const Facts& f) { return gpu_share(f, f.end().busy.compute - f.begin().busy.compute); }},
    RunRow{"gpu.bandwidth", "share", "GPU time in operators bound by HBM bandwidth.", neither,
           [](const Facts& f) { return gpu_share(f, f.end().busy.bandwidth - f.begin().busy.bandwidth); }},
    RunRow{"gpu.communication", "share", "GPU time in all-reduces, all-to-alls and sends between ranks.", lower,
           [](const Facts& f) { return gpu_share(f, f.end().busy.communication - f.begin().busy.communication); }},
    RunRow{"gpu.overhead", "share", "Step time that is neither: launches and CPU time that is not hidden.", lower,
           [](const Facts& f) { return gpu_share(f, f.end().busy.overhead - f.begin().busy.overhead); }},
    RunRow{"steps.measured", "share", "Of the steps' time: from laws fitted to measurements, and measured tables.",
           higher, [](const Facts& f) { return step_share(f, &StepTime::measured); }},
    RunRow{"steps.extrapolated", "share",
           "Of the steps' time: from laws beyond twice the sizes measured, or of a kernel or type that stands in.",
           lower, [](const Facts& f) { return step_share(f, &StepTime::extrapolated); }},
    RunRow{"gpu.waiting_for_loads", "share",
           "Inside a step waiting for loads or write-backs, or no step while a request loads.", lower,
           [](const Facts& f) { return gpu_share(f, waiting_for_loads(f)); }},
    RunRow{"gpu.idle", "share", "Nothing to do: the rest of replicas x window.", neither, idle_share},
    RunRow{"steps", "steps", "Forward passes of the engines.", neither,
           [](const Facts& f) { return count(f.end().steps - f.begin().steps); }},
    RunRow{"preemptions", "requests", "Times that a request lost its blocks to another and went back to the queue.",
           lower, [](const Facts& f) { return count(f.end().preemptions - f.begin().preemptions); }},
    RunRow{"recomputed_tokens", "tokens", "Tokens computed again because their request had been preempted.", lower,
           [](const Facts& f) { return count(f.end().recomputed_tokens - f.begin().recomputed_tokens); }},
    RunRow{"running.mean", "requests", "Requests in the batch, mean over the samples, all replicas.", neither,
           [](const Facts& f) { return sampled(f, f.running.mean); }},
    RunRow{"waiting.mean", "requests", "Requests in the queue, mean over the samples, all replicas.", lower,
           [](const Facts& f) { return sampled(f, f.waiting.mean); }},
    RunRow{"waiting.peak", "requests", "Requests in the queue, greatest sample.", lower,
           [](const Facts& f) { return sampled(f, f.waiting.peak); }},
    RunRow{"loading.mean", "requests", "Requests waiting for their blocks, mean over the samples.", lower,
           [](const Facts& f) { return sampled(f, f.loading.mean); }},
    RunRow{"kv.occupancy.mean", "share", "HBM frames in use by requests or transfers, mean over the samples.", neither,
           [](const Facts& f) { return of_hbm(f, f.referenced.mean); }},
    RunRow{"kv.occupancy.peak", "share", "HBM frames in use by requests or transfers, greatest sample.", neither,
           [](const Facts& f) { return of_hbm(f, f.referenced.peak); }},
};

constexpr std::array kEnergy = {
    RunRow{"energy.total", "J",
           "Drawn by all GPUs (limit when computing, else idle power) and the rest of the machine.", lower, joules},
    RunRow{"energy.gpus", "J", "Of that, by the GPUs.", lower,
           [](const Facts& f) {
             const auto energy = energy_of(f);
             return energy ? Value(energy->gpus.value()) : std::nullopt;
           }},
    RunRow{"energy.power", "W", "Power of the whole machine, mean over the window.", lower,
           [](const Facts& f) {
             const Value energy = joules(f);
             return energy ? ratio(*energy, f.window) : std::nullopt;
           }},
    RunRow{"energy.tokens_per_joule", "tok/J", "Tokens produced, of the energy of the whole machine.", higher,
           [](const Facts& f) { return tokens_per(f, joules(f)); }},
    RunRow{"cost.total", "USD", "The machine's price times the window.", lower, dollars},
    RunRow{"cost.tokens_per_dollar", "tok/USD", "Tokens produced, of that cost.", higher,
           [](const Facts& f) { return tokens_per(f, dollars(f)); }},
};

void define(std::span<const RunRow> rows, std::vector<MetricDefinition>& out) {
  for (const RunRow& r : rows) out.push_back({r.name, r.unit, r.meaning, r.better});
}
void define(std::span<const EachRow> rows, std::vector<MetricDefinition>& out) {
  for (const EachRow& r : rows) out.push_back({r.name, r.unit, r.meaning, r.better});
}

void compute(std::span<const RunRow> rows, const Facts& facts, Metrics& out) {
  for (const RunRow& r : rows) out.all.push_back({r.name, r.unit, r.value(facts)});
}

/// `name` with what stands in angle brackets replaced.
std::string filled_in(std::string_view name, std::string_view by) {
  const std::size_t open = name.find('<'), close = name.find('>');
  return std::string(name.substr(0, open)).append(by).append(name.substr(close + 1));
}

void compute(std::span<const EachRow> rows, const std::vector<std::string>& names, const Facts& facts, Metrics& out) {
  for (std::size_t i = 0; i < names.size(); ++i)
    for (const EachRow& r : rows) out.all.push_back({filled_in(r.name, as_key(names[i])), r.unit, r.value(facts, i)});
}

void compute_latencies(const Facts& facts, Metrics& out) {
  for (const LatencyRow& row : kLatencies) {
    const Distribution& d = facts.*row.distribution;
    for (const Statistic& s : kStatistics)
      out.all.push_back({std::string(row.name) + "." + s.name, "s", d.count > 0 ? Value(s.value(d) / 1e9) : Value()});
  }
}

}  // namespace

std::vector<MetricDefinition> metric_definitions() {
  std::vector<MetricDefinition> out;
  define(kWindow, out);
  for (const LatencyRow& r : kLatencies) out.push_back({std::string(r.name) + ".<statistic>", "s", r.meaning, lower});
  define(kThroughput, out);
  define(kReuse, out);
  define(kTier, out);
  define(kLoads, out);
  define(kLink, out);
  define(kEngine, out);
  define(kEnergy, out);
  return out;
}

Metrics compute_metrics(const RunResult& run) {
  const Facts facts(run);
  std::vector<std::string> tiers;
  for (const TierInfo& t : run.context.tiers) tiers.push_back(t.name);
  Metrics out;
  compute(kWindow, facts, out);
  compute_latencies(facts, out);
  compute(kThroughput, facts, out);
  compute(kReuse, facts, out);
  compute(kTier, tiers, facts, out);
  compute(kLoads, facts, out);
  compute(kLink, run.context.link_names, facts, out);
  compute(kEngine, facts, out);
  compute(kEnergy, facts, out);
  return out;
}

namespace {

const Metric* find_in(const std::vector<Metric>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Metric& m) { return m.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

std::optional<double> Metrics::operator[](std::string_view name) const {
  const Metric* metric = find_in(all, name);
  ensure(metric != nullptr, "a report asks for a metric that is not defined");
  return metric->value;
}

std::optional<double> Metrics::find(std::string_view name) const {
  const Metric* metric = find_in(all, name);
  return metric != nullptr ? metric->value : std::nullopt;
}

}  // namespace tiersim
