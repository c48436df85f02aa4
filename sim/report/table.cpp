#include "sim/report/table.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "sim/config/units_text.hpp"
#include "sim/report/human.hpp"
#include "sim/report/words.hpp"

namespace tiersim {
namespace {

using human::coarse_share;

constexpr std::size_t kWidth = 110;
// Columns of the grid: label and mean together, three percentiles, a column per reference run.
constexpr std::size_t kMean = 26, kPercentile = 10, kReference = 17;
constexpr std::size_t kLabel = 13;

std::string right(std::string_view text, std::size_t width) { return fmt::format("{:>{}}", text, width); }

/// `text` broken at spaces; the first line follows `lead`, the others are as far in as it, and four columns at least.
std::string wrapped(const std::string& lead, std::string_view text) {
  const std::string margin(std::max<std::size_t>(lead.size(), 4), ' ');
  std::string out = lead;
  std::size_t column = lead.size();
  while (!text.empty()) {
    const std::size_t word = std::min(text.find(' '), text.size());
    if (column + word > kWidth && column > margin.size()) {
      out.back() = '\n';
      out += margin;
      column = margin.size();
    }
    const std::size_t taken = std::min(word + 1, text.size());
    out += text.substr(0, taken);
    column += taken;
    text.remove_prefix(taken);
  }
  return out + "\n";
}

/// `parts` after `lead`, so many spaces between them; a part is never broken, further lines start at `margin`.
std::string in_a_row(const std::string& lead, const std::vector<std::string>& parts, std::size_t gap,
                     std::size_t margin) {
  std::string out = lead;
  std::size_t column = lead.size();
  bool first = true;
  for (const std::string& part : parts) {
    const std::size_t space = first ? 0 : gap;
    if (!first && column + space + part.size() > kWidth) {
      out.append(1, '\n').append(margin, ' ');
      column = margin;
    } else {
      out.append(space, ' ');
      column += space;
    }
    out += part;
    column += part.size();
    first = false;
  }
  return out + "\n";
}

std::string line(std::string_view label, const std::vector<std::string>& parts) {
  return in_a_row(fmt::format("  {:<{}}", label, kLabel), parts, 3, kLabel + 2);
}

using Print = std::string (*)(double);

std::string value_text(std::optional<double> value, Print print) { return value ? print(*value) : "-"; }
std::string token_rate(double x) { return human::number(x) + " tok/s"; }
std::string request_rate(double x) { return human::number(x) + " req/s"; }

class Table {
 public:
  Table(const Report& report, const RunInfo* info)
      : report_(report), result_(report.result), m_(report.metrics), info_(info) {}

  std::string text() {
    header();
    out_ += "\n";
    grid();
    out_ += "\n";
    memory();
    out_ += "\n";
    verdicts();
    semantics();
    return std::move(out_);
  }

 private:
  void header() {
    const std::string name = info_ != nullptr ? "tiersim " + info_->version : "tiersim";
    out_ += in_a_row("", {name, result_.scenario, fmt::format("seed {}", result_.seed), trace_text(), profile_text()},
                     2, 4);
    constexpr std::size_t kQuestionLines = 2;
    for (std::size_t i = 0; i < std::min(kQuestionLines, result_.question.size()); ++i)
      out_ += wrapped("  # ", result_.question[i]);
    const RunContext& c = result_.run.context;
    out_ += "\n" + wrapped("  ", fmt::format("{} on {}: {} of {}", result_.model, result_.machine,
                                             human::counted(c.replicas, "replica"), human::counted(c.ranks, "GPU")) +
                                     (c.load.empty() ? "" : ", " + c.load));
    out_ += wrapped("  ", simulated());
  }

  [[nodiscard]] std::string trace_text() const {
    constexpr std::size_t kDigits = 6;
    return "trace " + result_.trace_name + " " + result_.trace_hash.substr(0, kDigits);
  }
  [[nodiscard]] std::string profile_text() const {
    const bool says_more = !result_.provenance.empty() && result_.provenance != result_.profile;
    return "profile " + result_.profile + (says_more ? " (" + result_.provenance + ")" : "");
  }

  [[nodiscard]] std::string simulated() const {
    const Totals& whole = result_.run.outcome.whole;
    std::string out = fmt::format("{}, {} simulated", human::counted(requests(), "request"),
                                  human::long_time(in_seconds(whole.at - Time(0)).value()));
    if (info_ != nullptr && info_->seconds > 0) {
      out +=
          fmt::format(" in {} ({} requests/s, {} events/s)", human::duration(info_->seconds),
                      human::grouped(static_cast<std::int64_t>(static_cast<double>(info_->requests) / info_->seconds)),
                      human::grouped(static_cast<std::int64_t>(static_cast<double>(info_->events) / info_->seconds)));
    }
    const double window = m_.or_zero("window.length");
    if (m_.or_zero("requests.measured") < static_cast<double>(requests()))
      out +=
          fmt::format("; {} measured over {}", human::count(m_.or_zero("requests.measured")), human::long_time(window));
    return out;
  }

  [[nodiscard]] std::int64_t requests() const { return static_cast<std::int64_t>(result_.run.outcome.requests.size()); }

  void grid() {
    out_ += "  " + right("mean", kMean);
    for (const char* p : {"p50", "p90", "p99"}) out_ += right(p, kPercentile);
    for (const RunResult& r : result_.references) out_ += right(r.name, kReference);
    out_ += "\n";
    latency_row("TTFT", "ttft");
    latency_row("TPOT", "tpot");
    latency_row("ITL", "itl");
    latency_row("end to end", "end_to_end");
    latency_row("queueing", "queueing");
    if (m_.or_zero("load_wait.mean") > 0) latency_row("loading", "load_wait");
    value_row("input", "throughput.input", token_rate);
    value_row("output", "throughput.output", token_rate);
    value_row("requests", "throughput.requests", request_rate);
    value_row("prefix reuse", "hit_rate.tokens", human::share);
    if (m_["goodput.requests"]) {
      value_row("goodput", "goodput.requests", request_rate);
      value_row("within limits", "goodput.share", human::share);
      limits();
    }
  }

  void limits() {
    const GoodputLimits& limits = result_.run.context.limits;
    std::vector<std::string> parts;
    const auto add = [&](const char* name, Duration limit) {
      if (limit.value() != INT64_MAX) parts.push_back(fmt::format("{} {}", name, config::text_of(limit)));
    };
    add("TTFT", limits.ttft);
    add("TPOT", limits.tpot);
    add("end to end", limits.end_to_end);
    if (!parts.empty()) out_ += line("limits", parts);
  }

  void row(std::string_view label, const std::string& value, const std::array<std::string, 3>& percentiles,
           const std::string& metric, Print print) {
    std::string row = "  " + std::string(label) + right(value, kMean - label.size());
    for (const std::string& p : percentiles) row += right(p, kPercentile);
    for (const Metrics& r : report_.references) row += right(value_text(r[metric], print), kReference);
    while (row.back() == ' ') row.pop_back();
    out_ += row + "\n";
  }

  void latency_row(std::string_view label, const std::string& family) {
    std::array<std::string, 3> percentiles;
    std::size_t i = 0;
    for (const char* p : {".p50", ".p90", ".p99"}) percentiles[i++] = value_text(m_[family + p], human::duration);
    row(label, value_text(m_[family + ".mean"], human::duration), percentiles, family + ".mean", human::duration);
  }

  void value_row(std::string_view label, const std::string& metric, Print print) {
    row(label, value_text(m_[metric], print), {}, metric, print);
  }

  void memory() {
    prompt_sources();
    misses();
    loads();
    moved();
    gpu_time();
    energy_and_cost();
    accuracy();
    kv_blocks();
    for (std::size_t t = 1; t < result_.run.context.tiers.size(); ++t) lower_tier(t);
    scheduling();
  }

  void prompt_sources() {
    const double all = m_.or_zero("prompt_tokens.admitted");
    if (all == 0) return;
    std::vector<std::string> parts;
    for (const TierInfo& t : result_.run.context.tiers)
      parts.push_back(t.name + " " + human::share(m_.or_zero("tier." + as_key(t.name) + ".hit_rate_tokens")));
    parts.push_back("recomputed " + human::share(m_.or_zero("prompt_tokens.recomputed") / all));
    parts.push_back("new " + human::share(m_.or_zero("prompt_tokens.new") / all));
    if (const Metrics* best = reference("infinite cache"))
      parts.push_back("(best possible reuse " + human::share(best->or_zero("hit_rate.tokens")) + ")");
    out_ += line("prompt from", parts);
  }

  void misses() {
    std::vector<std::string> parts;
    for (std::size_t c = 0; c < kMissCauses; ++c) {
      const std::string cause(word_of(static_cast<MissCause>(c)));
      const double n = m_.or_zero("misses." + cause);
      if (n > 0) parts.push_back((cause == "passed_over" ? "passed over" : cause) + " " + human::count(n));
    }
    if (parts.empty()) return;
    parts.back() += " blocks";
    out_ += line("missed", parts);
  }

  void loads() {
    const double finished = m_.or_zero("loads.finished"), declined = m_.or_zero("loads.declined");
    if (finished == 0 && declined == 0) return;
    std::vector<std::string> parts = {human::count(finished) + " finished"};
    const double lost = m_.or_zero("loads.lost");
    if (lost > 0) parts.push_back(fmt::format("{} lost ({})", human::count(lost), human::share(lost / finished)));
    if (declined > 0) parts.push_back(human::count(declined) + " declined");
    parts.push_back(fmt::format("waited {}, saved {} of prefill", human::long_time(m_.or_zero("loads.time_waited")),
                                human::long_time(m_.or_zero("loads.time_saved"))));
    out_ += line("loads", parts);
  }

  void moved() {
    std::vector<std::string> parts;
    for (const LinkGroup& link : link_groups(result_.run))
      if (link.bytes > Bytes(0))
        parts.push_back(fmt::format("{} {} ({} busy)", link.name, human::bytes(static_cast<double>(link.bytes.value())),
                                    coarse_share(link.busy_mean)));
    if (!parts.empty()) out_ += line("moved", parts);
  }

  void gpu_time() {
    if (!m_["gpu.idle"]) return;
    static constexpr std::array<std::pair<const char*, const char*>, 6> kStates = {
        {{"gpu.compute", "compute"},
         {"gpu.bandwidth", "bandwidth"},
         {"gpu.communication", "communication"},
         {"gpu.overhead", "overhead"},
         {"gpu.waiting_for_loads", "waiting for loads"},
         {"gpu.idle", "idle"}}};
    std::vector<std::string> parts;
    for (const auto& [metric, name] : kStates)
      if (m_.or_zero(metric) > 0) parts.push_back(fmt::format("{} {}", name, coarse_share(m_.or_zero(metric))));
    out_ += line("GPU time", parts);
  }

  /// Where the machine states what it draws and costs.
  void energy_and_cost() {
    if (m_["energy.total"] && m_.or_zero("energy.total") > 0)
      out_ += line("energy", {human::energy(m_.or_zero("energy.total")),
                              coarse_share(m_.or_zero("energy.gpus") / m_.or_zero("energy.total")) + " of it GPUs",
                              human::power(m_.or_zero("energy.power")) + " mean",
                              human::number(m_.or_zero("energy.tokens_per_joule")) + " tok/J"});
    if (m_["cost.total"])
      out_ += line("cost", {human::number(m_.or_zero("cost.total")) + " USD",
                            human::number(result_.run.context.power_and_price.price.value()) + " USD an hour",
                            human::number(m_.or_zero("cost.tokens_per_dollar")) + " tok/USD"});
  }

  /// Where the steps' times come from and how far off it was on sizes held out of the fit: for measured profiles.
  void accuracy() {
    if (result_.profile_errors.empty()) return;
    std::vector<std::string> parts = {"fitted laws " + coarse_share(m_.or_zero("steps.measured"))};
    if (m_.or_zero("steps.extrapolated") > 0)
      parts.push_back(coarse_share(m_.or_zero("steps.extrapolated")) + " beyond what was measured");
    out_ += line("times from", parts);
    parts.clear();
    for (const calib::ErrorRow& row : result_.profile_errors)
      if (row.set == "held-out" && row.points > 0) parts.push_back(row.family + " " + human::share(row.mape));
    if (!parts.empty()) out_ += line("held out", parts);
  }

  void kv_blocks() {
    const MemoryMap& map = result_.memory;
    std::vector<std::string> parts = {fmt::format("{} of {} tokens a replica{}", human::grouped(map.blocks),
                                                  result_.run.context.block.value(),
                                                  map.blocks_given ? " (given)" : "")};
    constexpr std::int64_t kFewestSamples = 20;
    if (samples_in_window(result_.run.outcome) < kFewestSamples)
      parts.emplace_back("in use - (too few samples: report.sample_every)");
    else if (m_["kv.occupancy.mean"])
      parts.push_back(fmt::format("in use {} mean, {} peak", coarse_share(m_.or_zero("kv.occupancy.mean")),
                                  coarse_share(m_.or_zero("kv.occupancy.peak"))));
    out_ += line("KV blocks", parts);
    using human::capacity;
    if (!map.blocks_given)
      out_ += wrapped(
          std::string(kLabel + 2, ' '),
          fmt::format("a GPU: {} of {}: weights {}, runtime {}, activations {}, KV {}", human::share(map.utilisation),
                      capacity(map.memory), capacity(map.weights), capacity(map.runtime), capacity(map.activations),
                      capacity(map.block_bytes * map.blocks)));
  }

  void lower_tier(std::size_t t) {
    const TierInfo& tier = result_.run.context.tiers[t];
    const auto value = [&](const char* metric) { return m_.or_zero("tier." + as_key(tier.name) + metric); };
    const auto blocks = [&](const char* metric) {
      return human::counted(static_cast<std::int64_t>(value(metric)), "block");
    };
    std::vector<std::string> parts = {
        config::text_of(tier.capacity) + ", " + coarse_share(value(".filled.peak")) + " full",
        fmt::format("eviction {}, admission {}, write {}", tier.eviction, tier.admission, tier.write),
        blocks(".evicted_blocks") + " evicted"};
    if (value(".refused_blocks") > 0)
      parts.push_back(blocks(".refused_blocks") + " refused " +
                      (tier.admission == "always" ? "(writes behind)" : "(not admitted)"));
    out_ += line(tier.name, parts);
  }

  void scheduling() {
    const double preemptions = m_.or_zero("preemptions");
    if (preemptions == 0) return;
    out_ += line("preemptions", {fmt::format("{}, {} tokens computed again", human::count(preemptions),
                                             human::count(m_.or_zero("recomputed_tokens")))});
  }

  void verdicts() {
    if (!report_.stability.text.empty()) out_ += wrapped("  ", report_.stability.text);
    for (const TierVerdict& v : report_.tiers) out_ += wrapped("  ", v.text());
    for (const std::string& w : report_.warnings) out_ += wrapped("  ! ", w);
  }

  void semantics() {
    if (result_.semantics.empty()) return;
    std::string all;
    for (const std::string& s : result_.semantics) all += (all.empty() ? "" : "; ") + s;
    out_ += "\n" + wrapped("  meaning: ", all);
  }

  [[nodiscard]] const Metrics* reference(std::string_view name) const {
    for (std::size_t i = 0; i < result_.references.size(); ++i)
      if (result_.references[i].name == name) return &report_.references[i];
    return nullptr;
  }

  const Report& report_;
  const Result& result_;
  const Metrics& m_;
  const RunInfo* info_;
  std::string out_;
};

}  // namespace

std::string table_text(const Report& report, const RunInfo* info) { return Table(report, info).text(); }

}  // namespace tiersim
