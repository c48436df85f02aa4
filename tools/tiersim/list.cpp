// tiersim list: what a scenario can name.
#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "calib/profile.hpp"
#include "models/model_spec.hpp"
#include "sim/attention/method.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "sim/core/registry.hpp"
#include "sim/memory/admission.hpp"
#include "sim/memory/block_cache.hpp"
#include "sim/memory/eviction.hpp"
#include "sim/report/human.hpp"
#include "sim/report/metrics.hpp"
#include "sim/serving/router.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/list_hardware.hpp"
#include "tools/tiersim/scenario_input.hpp"
#include "tools/tiersim/text.hpp"
#include "traces/readers.hpp"

namespace tiersim::cli {
namespace {

using config::Fields;

void print_row(std::string_view name, std::string_view what, int column = 22) {
  fmt::print("  {:<{}} {}\n", name, column, what);
}

/// One line for each YAML file of a folder, made by `describe` from its map.
template <class Describe>
void print_folder(const std::string& title, const std::string& root, const std::string& folder, Describe describe) {
  fmt::print("{} ({}/*.yaml)\n", title, folder);
  Diagnostics diagnostics;
  for (const std::string& name : config::names_in(root + "/" + folder)) {
    const config::Value map = config::load_yaml(config::path_in(root + "/" + folder, name), diagnostics);
    Fields fields(map, fmt::format("'{}'", name), diagnostics);
    print_row(name, describe(fields));
  }
  throw_if_errors(diagnostics);
}

void list_models(const std::string& root) {
  print_folder("models", root, "models", [](Fields& fields) {
    const models::ModelSpec m = models::read_model(fields);
    return fmt::format("{:.1f} B parameters, {} of KV a token, context {}", static_cast<double>(m.parameters()) * 1e-9,
                       config::text_of(m.kv_per_token()), human::grouped(m.max_context.value()));
  });
}

void list_hardware(const std::string& root) { fmt::print("{}", hardware_text(root)); }

void list_profiles(const std::string& root) {
  print_folder("profiles", root, "calib/profiles", [](Fields& fields) {
    const calib::Profile p = calib::read_profile(fields);
    return fmt::format("{}; GEMM at {:g}% of peak, decode attention at {:g}% of HBM bandwidth", p.provenance,
                       p.gemm_efficiency * 100, p.attention_bandwidth * 100);
  });
}

void print_parameters(const std::vector<ParameterSpec>& parameters) {
  for (const ParameterSpec& p : parameters)
    print_row("", fmt::format("{} (default {}): {}", p.name, p.default_value, p.meaning));
}

/// Entries for which `skip` holds are left out.
template <class Interface>
void print_registry(const std::string& title, bool (*skip)(std::string_view name) = nullptr) {
  fmt::print("{}\n", title);
  const auto& registry = Registry<Interface>::instance();
  for (const std::string_view name : registry.names()) {
    if (skip != nullptr && skip(name)) continue;
    print_row(name, registry.find(name)->summary);
    print_parameters(registry.find(name)->parameters);
  }
}

bool runs_in_tiers(std::string_view name) { return Registry<EvictionPolicy>::instance().find(name) != nullptr; }

void list_policies(const std::string&) {
  print_registry<EvictionPolicy>("policies: eviction (hierarchy.<tier>.eviction, tiersim mrc --policy)");
  print_registry<BlockCache>("policies: eviction in replays without a clock alone (tiersim mrc --policy)",
                             runs_in_tiers);
  print_registry<AdmissionPolicy>("policies: admission (hierarchy.<tier>.admission)");
  print_registry<PlacementPolicy>("policies: placement of what a tier gives up (serving.placement)");
  print_registry<PrefetchPolicy>("policies: prefetch (serving.prefetch)");
  print_registry<AttentionMethod>("methods: attention with a part of the cache (tiersim attention replay --method)");
  print_registry<Router>("policies: routing (serving.router)");
}

void list_traces(const std::string&) {
  print_registry<traces::TraceReader>("trace formats (workload.requests.format)");
}

void list_metrics(const std::string&) {
  fmt::print("metrics (summary.json)\n");
  constexpr int kColumn = 38;
  for (const MetricDefinition& m : metric_definitions())
    print_row(m.name, fmt::format("[{}] {}", m.unit, m.meaning), kColumn);
}

struct Section {
  std::string_view name;
  void (*print)(const std::string& library);
};
constexpr std::array kSections = {Section{"models", list_models},     Section{"hardware", list_hardware},
                                  Section{"profiles", list_profiles}, Section{"policies", list_policies},
                                  Section{"traces", list_traces},     Section{"metrics", list_metrics}};

void print_sections(const std::string& wanted, const std::string& library) {
  bool first = true;
  std::vector<std::string_view> names;
  for (const Section& section : kSections) {
    names.push_back(section.name);
    if (!wanted.empty() && wanted != section.name) continue;
    if (!first) fmt::print("\n");
    first = false;
    section.print(library);
  }
  if (first)
    misuse("tiersim list", fmt::format("unknown section '{}'", wanted), suggestions(wanted, names, "sections"));
}

}  // namespace

int list_command(const Arguments& arguments) {
  Options options({"tiersim list", "Lists what a scenario can name, one line each; policies with their parameters.",
                   "tiersim list policies"});
  std::string section, library;
  options.operand("SECTION", "models, hardware, profiles, policies, traces or metrics (default: all)", section, false);
  options.group("Options");
  declare_library(options, library);
  if (!options.parse(arguments)) return 0;
  print_sections(section, environment("tiersim list", library).library);
  return 0;
}

}  // namespace tiersim::cli
