#include "tools/tiersim/explain_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/report/human.hpp"
#include "sim/report/json_text.hpp"
#include "sim/report/number_text.hpp"
#include "tools/tiersim/rows.hpp"

namespace tiersim::cli {
namespace {

const char* word_of(Bound bound) {
  constexpr std::array kWords = {"compute", "bandwidth", "communication", "overhead"};
  return kWords[static_cast<std::size_t>(bound)];
}

const char* word_of(Provenance provenance) {
  constexpr std::array kWords = {"law", "stand_in", "extrapolated", "datasheet"};
  return kWords[static_cast<std::size_t>(provenance)];
}

/// Short enough for a column of the table; the legend says what they mean.
const char* brief(Bound bound) {
  constexpr std::array kWords = {"compute", "memory", "network", "launch"};
  return kWords[static_cast<std::size_t>(bound)];
}
const char* brief(Provenance provenance) {
  constexpr std::array kWords = {"law", "like", "past", "sheet"};
  return kWords[static_cast<std::size_t>(provenance)];
}

std::string brief_kernel(std::string_view kernel) {
  using Name = std::pair<std::string_view, const char*>;
  constexpr std::array<Name, 5> kBrief = {{{kernel::kPrefillAttention, "prefill"},
                                           {kernel::kDecodeAttention, "decode"},
                                           {kernel::kPrefillWindow, "prefill_w"},
                                           {kernel::kDecodeWindow, "decode_w"},
                                           {kernel::kSend, "send"}}};
  const auto at = std::find_if(kBrief.begin(), kBrief.end(), [&](const Name& n) { return n.first == kernel; });
  return at == kBrief.end() ? std::string(kernel) : at->second;
}

/// "8192x10240x8192"; of attention queries, keys and elements of a head.
std::string shape_of(const Operator& op) {
  return op.m == 0 ? std::string() : fmt::format("{}x{}x{}", op.m, op.n, op.k);
}

std::string if_any(double value, std::string (*text)(double)) { return value > 0 ? text(value) : "-"; }

std::string rows_of(const StepView& view) {
  Rows rows(fmt::format("{}: {}", view.batch.name, view.batch.what),
            {{"operator", 19, '<'},
             {"kernel", 10, '<'},
             {"x", 3},
             {"shape", 15, '<'},
             {"FLOP", 6},
             {"bytes", 6},
             {"F/B", 5},
             {"bound", 7, '<'},
             {"time", 7},
             {"share", 5},
             {"from", 0, '<'}},
            0);
  const double total = view.step.time.total().value();
  for (const ExplainedOperator& o : view.step.operators) {
    const double time = o.time.total().value();
    rows.add({o.op.name, brief_kernel(o.op.kernel), fmt::format("{}", o.op.repeats), shape_of(o.op),
              if_any(o.flops().value(), human::prefixed), if_any(o.bytes(), human::prefixed),
              if_any(o.intensity(), human::number), brief(o.bound), human::duration(time), human::share(time / total),
              brief(o.provenance)});
  }
  const Seconds cpu = view.step.cpu;
  rows.add({"CPU", "", "1", "", "-", "-", "-", brief(Bound::overhead), human::duration(cpu.value()),
            human::share(cpu.value() / total), ""});
  rows.add({"step", "", "", "", human::prefixed(view.step.flops.value()), human::prefixed(view.step.bytes),
            human::number(view.step.flops.value() / view.step.bytes), brief(bound_of(view.step.time)),
            human::duration(total), "100%", ""});
  return rows.text();
}

/// "compute 85.1%   memory 4.2%": words with their share of the step, those that have any.
template <class Word>
std::string shares(const std::vector<std::pair<Word, Seconds>>& parts, Seconds total) {
  std::string out;
  for (const auto& [word, part] : parts)
    if (part > Seconds(0)) out += fmt::format("   {} {}", word, human::share(part / total));
  return out;
}

std::string bounds_line(const ExplainedStep& step) {
  const StepTime& t = step.time;
  return "time in" +
         shares<const char*>({{brief(Bound::compute), t.compute},
                              {brief(Bound::bandwidth), t.bandwidth},
                              {brief(Bound::communication), t.communication},
                              {brief(Bound::overhead), t.overhead}},
                             t.total()) +
         "\n";
}

std::string sources_line(const ExplainedStep& step) {
  constexpr std::array kAll = {Provenance::law, Provenance::stand_in, Provenance::extrapolated, Provenance::datasheet};
  std::vector<std::pair<const char*, Seconds>> parts;
  for (const Provenance p : kAll) {
    Seconds sum{0};
    for (const ExplainedOperator& o : step.operators)
      if (o.provenance == p) sum += o.time.total();
    parts.emplace_back(brief(p), sum);
  }
  return "from   " + shares(parts, step.time.total()) + "\n";
}

std::string rate_line(const ExplainedStep& step, const hw::GpuSpec& gpu) {
  const double seconds = step.time.total().value(), tokens = static_cast<double>(step.batch.tokens().value());
  const double flops = step.flops.value() / seconds, bytes = step.bytes / seconds;
  return fmt::format("rate      {} tok/s   a GPU: {}FLOP/s ({} of peak), {}/s ({} of peak)\n",
                     human::number(tokens / seconds), human::prefixed(flops),
                     human::coarse_share(flops / gpu.half_peak().value()), human::bytes(bytes),
                     human::coarse_share(bytes / gpu.memory_bandwidth.value()));
}

std::string gpus_text(const models::Ranks& ranks) {
  std::string out = human::counted(ranks.gpus(), "GPU");
  if (ranks.tensor > 1) out += fmt::format(", {} tensor ranks", ranks.tensor);
  if (ranks.expert > 1) out += fmt::format(", {} of them by experts", ranks.expert);
  if (ranks.pipeline > 1) out += fmt::format(", {} stages", ranks.pipeline);
  return out;
}

constexpr std::string_view kLegend =
    "\n"
    "Figures are of one GPU (of a pipeline: of one in each stage), of all x repeats of an operator.\n"
    "shape  m x n x k of a product; queries x keys x head elements of attention; F/B: FLOP per byte\n"
    "bound  the largest part of its time: compute, memory bandwidth, network between GPUs, or launch\n"
    "from   law: fitted to the kernel; like: to a like kernel or another type; past: beyond what its\n"
    "       law was fitted to; sheet: datasheet peaks times the profile's efficiencies\n"
    "rate   beside the GPU's peaks in 16 bits and in memory bandwidth\n";

void write_numbers(const std::vector<double>& numbers, std::string& out) {
  for (const double number : numbers) {
    out += ',';
    append_number(number, out);
  }
}

void write_operator(const ExplainedOperator& o, Seconds total, JsonText& json) {
  const Operator& op = o.op;
  json.begin_object().member("operator", op.name).member("kernel", op.kernel).member("repeats", op.repeats);
  json.member("m", op.m).member("n", op.n).member("k", op.k);
  json.member("flops", o.flops().value()).member("bytes", o.bytes()).member("intensity", o.intensity());
  json.member("bound", word_of(o.bound)).member("seconds", o.time.total().value());
  json.member("share", o.time.total() / total).member("provenance", word_of(o.provenance)).end_object();
}

void write_step(const StepView& view, JsonText& json) {
  const ExplainedStep& step = view.step;
  const StepTime& t = step.time;
  json.begin_object().member("step", view.batch.name).member("prefill_tokens", step.batch.prefill_tokens.value());
  json.member("decodes", step.batch.decodes).member("decode_context", step.batch.decode_context.value());
  json.member("seconds", t.total().value()).member("compute", t.compute.value());
  json.member("bandwidth", t.bandwidth.value()).member("communication", t.communication.value());
  json.member("overhead", t.overhead.value()).member("cpu", step.cpu.value());
  json.member("flops", step.flops.value()).member("bytes", step.bytes);
  json.member("tokens_per_second", static_cast<double>(step.batch.tokens().value()) / t.total().value());
  json.key("operators").begin_array();
  for (const ExplainedOperator& o : step.operators) write_operator(o, t.total(), json);
  json.end_array().end_object();
}

}  // namespace

std::string explain_table(const std::vector<StepView>& steps, const ResolvedScenario& scenario) {
  const ServingSettings& s = scenario.settings;
  std::string out = fmt::format("{}: a step of {} on {}\n{}; profile {}\n", scenario.name, s.model.name, s.machine.name,
                                gpus_text(s.ranks), s.profile.name);
  for (const StepView& view : steps)
    out +=
        "\n" + rows_of(view) + bounds_line(view.step) + sources_line(view.step) + rate_line(view.step, s.machine.gpu);
  return out + std::string(kLegend);
}

std::string explain_csv(const std::vector<StepView>& steps) {
  std::string out = "step,operator,kernel,repeats,m,n,k,flops,bytes,intensity,bound,seconds,share,provenance\n";
  for (const StepView& view : steps) {
    const Seconds total = view.step.time.total();
    for (const ExplainedOperator& o : view.step.operators) {
      const Operator& op = o.op;
      // An operator's name may have a comma ("step, in and out").
      out += fmt::format("{},\"{}\",{},{},{},{},{}", view.batch.name, op.name, op.kernel, op.repeats, op.m, op.n, op.k);
      write_numbers({o.flops().value(), o.bytes(), o.intensity()}, out);
      out += fmt::format(",{}", word_of(o.bound));
      write_numbers({o.time.total().value(), o.time.total() / total}, out);
      out += fmt::format(",{}\n", word_of(o.provenance));
    }
    out += fmt::format("{},CPU,,1,0,0,0", view.batch.name);
    write_numbers({0, 0, 0}, out);
    out += fmt::format(",{}", word_of(Bound::overhead));
    write_numbers({view.step.cpu.value(), view.step.cpu / total}, out);
    out += ",\n";
  }
  return out;
}

std::string explain_json(const std::vector<StepView>& steps, const ResolvedScenario& scenario) {
  const ServingSettings& s = scenario.settings;
  JsonText json;
  json.begin_object().member("scenario", scenario.name).member("model", s.model.name);
  json.member("machine", s.machine.name).member("profile", s.profile.name);
  json.member("tensor_parallel", s.ranks.tensor).member("pipeline_parallel", s.ranks.pipeline);
  json.member("expert_parallel", s.ranks.expert).key("steps").begin_array();
  for (const StepView& view : steps) write_step(view, json);
  json.end_array().end_object();
  return json.take();
}

}  // namespace tiersim::cli
