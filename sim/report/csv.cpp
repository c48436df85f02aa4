#include "sim/report/csv.hpp"

#include <charconv>
#include <cstring>
#include <memory>

#include "sim/report/number_text.hpp"
#include "sim/report/words.hpp"

namespace tiersim {

std::string csv_quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

namespace {

std::string header_of(const RunContext& context) {
  std::string out =
      "request,arrival_ns,replica,status,reason,measured,prompt_tokens,output_tokens,scheduled_ns,first_token_ns,"
      "last_token_ns,load_wait_ns,preemptions,recomputed_after_preemption";
  for (const std::string when : {"first", "final"}) {
    for (const TierInfo& t : context.tiers) out += "," + csv_quoted(when + "_" + as_key(t.name));
    out.append(",").append(when).append("_recomputed,").append(when).append("_new");
  }
  return out + "\n";
}

/// Cells of one row, written into a buffer that is known to be large enough for it.
class Row {
 public:
  explicit Row(char* at) : begin_(at), at_(at) {}
  void number(std::int64_t n) { at_ = std::to_chars(at_, at_ + 20, n).ptr, *at_++ = ','; }
  void text(std::string_view t) { std::memcpy(at_, t.data(), t.size()), at_ += t.size(), *at_++ = ','; }
  void time(Time t) { t < Time(0) ? text("") : number(t.value()); }
  std::string_view end() { return at_[-1] = '\n', std::string_view(begin_, static_cast<std::size_t>(at_ - begin_)); }

 private:
  char *begin_, *at_;
};

void add_sources(const PromptSources& sources, std::size_t tiers, bool admitted, Row& row) {
  const auto cell = [&](std::uint32_t n) { admitted ? row.number(n) : row.text(""); };
  for (std::size_t t = 0; t < tiers; ++t) cell(sources.tier[t]);
  cell(sources.recomputed);
  cell(sources.fresh);
}

}  // namespace

std::string requests_csv(const RunResult& run) {
  const std::size_t tiers = run.context.tiers.size();
  const std::size_t widest = 21 * (14 + 2 * (tiers + 2));
  const auto buffer = std::make_unique<char[]>(widest);
  std::string out = header_of(run.context);
  out.reserve(out.size() + run.outcome.requests.size() * 120);
  std::int64_t id = 0;
  for (const RequestOutcome& r : run.outcome.requests) {
    Row row(buffer.get());
    row.number(id++);
    row.time(r.arrival);
    row.number(r.replica);
    row.text(word_of(r.status));
    row.text(word_of(r.reason));
    row.text(r.measured ? "true" : "false");
    row.number(r.prompt);
    row.number(r.output);
    row.time(r.scheduled);
    row.time(r.first_token);
    row.time(r.last_token);
    row.number(r.load_wait.value());
    row.number(r.preemptions);
    row.number(r.recomputed_after_preemption);
    add_sources(r.first, tiers, r.admitted, row);
    add_sources(r.final, tiers, r.admitted, row);
    out += row.end();
  }
  return out;
}

std::string metrics_csv(const Report& report) {
  std::string out = "metric,unit,run";
  for (const RunResult& r : report.result.references) out += "," + csv_quoted(r.name);
  out += "\n";
  const auto cell = [&](std::optional<double> value) {
    out += ',';
    if (value) append_number(*value, out);
  };
  for (const Metric& m : report.metrics.all) {
    out += csv_quoted(m.name) + "," + m.unit;
    cell(m.value);
    for (const Metrics& reference : report.references) cell(reference.find(m.name));
    out += "\n";
  }
  return out;
}

}  // namespace tiersim
