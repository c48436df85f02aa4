// moe_perf: all that routed experts compute behind their router, timed as one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <stdexcept>

#include "calib/import/aiconfigurator_parts.hpp"
#include "calib/import/expert_routing.hpp"
#include "calib/import/kernel_work.hpp"
#include "sim/cost/operator_parts.hpp"

namespace tiersim::calib::detail {
namespace {

/// Of a model's experts, whole.
struct ExpertShape {
  std::int64_t hidden = 0, width = 0, active = 0, experts = 0;
  bool operator==(const ExpertShape&) const = default;
};

// Nemotron 3 Nano and Ultra: one product in and one out, squared ReLU between. The tables do not say.
constexpr std::array kUngated = {ExpertShape{2688, 1856, 6, 128}, ExpertShape{2048, 5120, 22, 512}};

// DeepSeek V3 keeps each token within four of eight groups of experts. The even scores that the tables route by are
// ties there, which go to the first experts: on any number of ranks the first takes the time of four more rows a token.
constexpr ExpertShape kWithinGroups{7168, 2048, 8, 256};

constexpr std::array<std::string_view, 2> kOfOneModel = {"int4_wo", "w4a16_mxfp4"};

/// "balanced" or "power_law_1.2".
double exponent_of(std::string_view text, const CsvTable& table) {
  constexpr std::string_view kPowerLaw = "power_law_";
  if (text == "balanced") return 0;
  double exponent = 0;
  if (text.starts_with(kPowerLaw)) std::from_chars(text.data() + kPowerLaw.size(), text.data() + text.size(), exponent);
  if (exponent > 0 && exponent != 1) return exponent;
  throw std::runtime_error(
      fmt::format("{}: unknown distribution '{}', expected balanced or power_law_EXPONENT", table.place(), text));
}

class ExpertRows {
 public:
  explicit ExpertRows(const CsvTable& table)
      : table_(table),
        tokens_(table.column("num_tokens")),
        hidden_(table.column("hidden_size")),
        width_(table.column("inter_size")),
        active_(table.column("topk")),
        experts_(table.column("num_experts")),
        tensor_(table.column("moe_tp_size")),
        ranks_(table.column("moe_ep_size")),
        distribution_(table.column("distribution")),
        latency_(table.column("latency")) {}

  [[nodiscard]] ExpertShape shape() const { return {whole(hidden_), whole(width_), whole(active_), whole(experts_)}; }

  /// The row at hand.
  [[nodiscard]] Sample sample(const NamedType& type) {
    const ExpertShape s = shape();
    const Routing routing{whole(tokens_), s.experts, s.active, whole(ranks_),
                          exponent_of(table_.text(distribution_), table_)};
    if (s.active > s.experts || s.experts % routing.ranks != 0)
      throw std::runtime_error(
          fmt::format("{}: {} of {} experts on {} ranks", table_.place(), s.active, s.experts, routing.ranks));
    const tiersim::detail::RoutedExperts routed{
        .tokens = routing.tokens,
        .active = s.active,
        .ranks = routing.ranks,
        .hidden = s.hidden,
        .width = s.width / whole(tensor_),
        .gated = std::find(kUngated.begin(), kUngated.end(), s) == kUngated.end(),
        .bytes = {.weights = type.bytes}};
    Sample sample = operator_sample(tiersim::detail::fused_experts(routed, known_load(routing), 1), type.variant,
                                    table_.positive(latency_) * kMilliseconds);
    sample.point.parameters.push_back({"ranks", static_cast<double>(routing.ranks)});
    sample.point.parameters.push_back({"active", static_cast<double>(s.active)});
    sample.point.parameters.push_back({"of", static_cast<double>(s.experts)});
    return sample;
  }

 private:
  [[nodiscard]] std::int64_t whole(std::size_t column) const {
    return static_cast<std::int64_t>(table_.positive(column));
  }

  /// Models and types share routings.
  const ExpertLoad& known_load(const Routing& routing) {
    const auto [at, is_new] = loads_.try_emplace(routing);
    if (is_new) at->second = load_of(routing);
    return at->second;
  }

  const CsvTable& table_;
  std::size_t tokens_, hidden_, width_, active_, experts_, tensor_, ranks_, distribution_, latency_;
  std::map<Routing, ExpertLoad> loads_;
};

}  // namespace

void read_experts(CsvTable& table, ImportedTables& out) {
  const std::size_t type = table.column("moe_dtype");
  ExpertRows rows(table);
  while (table.next()) {
    note_origin(table, out.fingerprint);
    const std::string_view name = table.text(type);
    if (std::find(kOfOneModel.begin(), kOfOneModel.end(), name) != kOfOneModel.end()) continue;
    if (rows.shape() != kWithinGroups) out.samples.push_back(rows.sample(type_named(name, table)));
  }
}

}  // namespace tiersim::calib::detail
