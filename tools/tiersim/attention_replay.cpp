// tiersim attention replay: methods beside each other on one recording.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "sim/attention/replay.hpp"
#include "sim/config/units_text.hpp"
#include "sim/report/files.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/policy_text.hpp"
#include "tools/tiersim/rows.hpp"
#include "traces/attention_file.hpp"

namespace tiersim::cli {
namespace {

constexpr const char* kCommand = "tiersim attention replay";

PolicyChoice method_of(const std::string& text) {
  return policy_of(kCommand, "--method", "method", text, detail::attention_menu());
}

/// "20%" of the prompt, or tokens.
std::int64_t budget_of(const std::string& text, const traces::AttentionShape& shape) {
  std::string problem;
  if (text.ends_with('%')) {
    const auto share = config::parse_fraction(text, problem);
    if (share && *share >= 0) return static_cast<std::int64_t>(*share * static_cast<double>(shape.prompt));
  } else {
    const auto tokens = config::parse_tokens(text, problem);
    if (tokens && *tokens >= Tokens(0)) return tokens->value();
  }
  misuse(kCommand, fmt::format("'{}' is no budget", text),
         {"expected a share of the prompt such as '20%', or tokens such as '512'"});
}

Bytes sum_of(const std::vector<Bytes>& bytes) {
  Bytes sum{0};
  for (const Bytes b : bytes) sum += b;
  return sum;
}

/// Bytes after the last step, of those of the full cache.
double held(const AttentionResult& r) {
  return static_cast<double>(sum_of(r.at_end).value()) / static_cast<double>(r.full.value());
}

std::string label_of(const AttentionRun& run) { return run.method.name; }

std::string table(const std::vector<AttentionRun>& runs, const std::vector<AttentionResult>& results) {
  Rows rows(
      "held: bytes after the last step, of the full cache's; recall: weight on what is held, mean over layers,\n"
      "  heads and steps, 5th percentile, least; error: of a head's output, by its length",
      {{"method", 14, '<'},
       {"budget", 7},
       {"bytes", 8},
       {"held", 6},
       {"recall", 6},
       {"p5", 6},
       {"least", 6},
       {"error", 6}});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const AttentionResult& r = results[i];
    rows.add({label_of(runs[i]), runs[i].method.name == "full" ? "-" : human::grouped(runs[i].budget),
              human::bytes(static_cast<double>(sum_of(r.at_end).value())), human::share(held(r)),
              fmt::format("{:.4f}", r.mean_recall()), fmt::format("{:.4f}", r.recall_percentile(0.05)),
              fmt::format("{:.4f}", r.least_recall()),
              r.output_error.empty() ? "-" : fmt::format("{:.4f}", r.mean_output_error())});
  }
  return rows.text();
}

std::string csv_of(const std::vector<AttentionRun>& runs, const std::vector<AttentionResult>& results) {
  std::string out =
      "method,budget_tokens,bytes_after_prompt,bytes_at_end,bytes_peak,full_bytes,recall_mean,recall_p5,recall_least,"
      "output_error_mean\n";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const AttentionResult& r = results[i];
    out += fmt::format("{},{},{},{},{},{},{:.6f},{:.6f},{:.6f},{}\n", label_of(runs[i]), runs[i].budget,
                       sum_of(r.after_prompt).value(), sum_of(r.at_end).value(), sum_of(r.peak).value(), r.full.value(),
                       r.mean_recall(), r.recall_percentile(0.05), r.least_recall(),
                       r.output_error.empty() ? "" : fmt::format("{:.6f}", r.mean_output_error()));
  }
  return out;
}

}  // namespace

int attention_replay_command(const Arguments& arguments) {
  Options options(
      {kCommand,
       "What methods keep of a recording's KV cache at a budget, and what that does to attention: weight on\n"
       "what is held, error of the heads' outputs, bytes. All see the same rows.",
       "tiersim attention replay traces/samples/attention.h5 --method snapkv --method h2o --budget 20%"});
  std::string path, csv;
  std::vector<std::string> methods, budgets;
  std::int64_t threads = std::max(1U, std::thread::hardware_concurrency()), seed = 1;
  options.operand("RECORDING", "an HDF5 file (traces/ATTENTION.md)", path);
  options.group("Methods");
  options.texts("method", "METHOD", "a name or {name: {parameter: value}}; several times (default: all)", methods);
  options.texts("budget", "SIZE",
                "kept of each index set after the prompt: '20%' of it, or tokens; several times "
                "(default: 20%)",
                budgets);
  options.count("seed", "N", "for methods that draw at random (default: 1)", seed, 0);
  options.count("threads", "N", "layers at once (default: all cores)", threads, 1);
  options.group("Output");
  options.text("csv", "FILE", "every row with counts", csv);
  if (!options.parse(arguments)) return 0;
  std::vector<PolicyChoice> choices;
  for (const std::string& text : methods) choices.push_back(method_of(text));
  if (choices.empty())
    for (const std::string_view name : detail::attention_menu().names) choices.push_back(method_of(std::string(name)));
  const traces::AttentionFile recording(path);
  const traces::AttentionShape& shape = recording.shape();
  if (budgets.empty()) budgets.emplace_back("20%");
  std::vector<AttentionRun> runs;
  for (const std::string& budget : budgets)
    for (const PolicyChoice& choice : choices) {
      if (choice.name == "full" && budget != budgets.front()) continue;
      runs.push_back({choice, budget_of(budget, shape), static_cast<std::uint64_t>(seed)});
    }
  const std::vector<AttentionResult> results = replay_attention(recording, runs, static_cast<std::size_t>(threads));
  fmt::print("{}: {}, {} heads on {} KV heads of {}, a prompt of {} tokens and {} decoded ({})\n",
             std::filesystem::path(path).filename().string(), human::counted(shape.layers, "layer"), shape.heads,
             shape.kv_heads, shape.head_size, human::grouped(shape.prompt), human::grouped(shape.steps),
             recording.model());
  fmt::print("teacher-forced: queries, keys and values are those of the full cache at every step\n\n{}",
             table(runs, results));
  if (!csv.empty()) write_output_file("--csv", csv, csv_of(runs, results));
  return 0;
}

}  // namespace tiersim::cli
