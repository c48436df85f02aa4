#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "sim/config/library.hpp"
#include "sim/config/overrides.hpp"
#include "sim/config/yaml.hpp"
#include "sim/report/human.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim {
namespace {

using config::Fields;
using config::Range;

/// Named things of the library: loads a file when a scenario gives a name, and keeps what it loaded alive. A name with
/// a slash or a .yaml at its end is a file of the user's, looked for from the working directory, then from the
/// scenario's. Calibrating a machine describes it beside its profile: profiles/<name>/machine.yaml serves as machine
/// <name>.
class Library {
 public:
  Library(std::string root, std::string scenario_folder, Diagnostics& diagnostics)
      : root_(std::move(root)), scenario_folder_(std::move(scenario_folder)), diagnostics_(diagnostics) {}

  /// The map of the thing, or null with a diagnostic at `from`.
  const config::Value* load(const std::string& what, const std::string& folder, const std::string& name,
                            const SourceMark& from) {
    const std::string path = find(what, folder, name);
    const auto known = loaded_.find(path);
    if (known != loaded_.end()) return &known->second;
    if (path.empty()) return unknown(what, folder, name, from);
    const std::size_t before = diagnostics_.all().size();
    config::Value value = config::load_yaml(path, diagnostics_);
    if (diagnostics_.all().size() > before && value.kind != config::Kind::map) return nullptr;
    return &loaded_.emplace(path, std::move(value)).first->second;
  }

 private:
  static bool is_path(const std::string& name) {
    return name.find('/') != std::string::npos || name.ends_with(".yaml");
  }

  /// Empty if there is none.
  [[nodiscard]] std::string find(const std::string& what, const std::string& folder, const std::string& name) const {
    namespace fs = std::filesystem;
    std::vector<std::string> places;
    if (is_path(name)) {
      places = {name, scenario_folder_ + "/" + name};
    } else {
      places = {config::path_in(root_ + "/" + folder, name)};
      if (what == "machine") places.push_back(root_ + "/calib/profiles/" + name + "/machine.yaml");
    }
    const auto there = std::find_if(places.begin(), places.end(), [](const std::string& path) {
      std::error_code ignored;
      return fs::is_regular_file(path, ignored);
    });
    return there == places.end() ? std::string() : *there;
  }

  const config::Value* unknown(const std::string& what, const std::string& folder, const std::string& name,
                               const SourceMark& from) {
    Diagnostic& d = diagnostics_.error(from, fmt::format("unknown {} '{}'", what, name));
    if (is_path(name)) {
      d.notes.push_back("there is no such file, from the working directory or from the scenario's folder");
      return nullptr;
    }
    const std::vector<std::string> names = config::names_in(root_ + "/" + folder);
    const std::vector<std::string_view> views(names.begin(), names.end());
    if (const auto near = nearest(name, views); !near.empty())
      d.notes.push_back(fmt::format("did you mean '{}'?", near));
    constexpr std::size_t kMostShown = 24;
    d.notes.push_back(views.size() <= kMostShown
                          ? fmt::format("in {}/: {}", folder, joined(views))
                          : fmt::format("{} are in {}/: see tiersim list {}", views.size(), folder,
                                        what == "profile" ? "profiles"
                                        : what == "model" ? "models"
                                                          : "hardware"));
    return nullptr;
  }

  std::string root_, scenario_folder_;
  Diagnostics& diagnostics_;
  std::map<std::string, config::Value> loaded_;
};

/// Reads a thing that is named (a file of the library) or written in place. Empty where it could not be read without
/// errors: what depends on it then keeps quiet.
template <class Thing, class Read>
void read_named(Fields& root, Library& library, const std::string& key, const std::string& folder,
                std::optional<std::string> otherwise, Thing& out, Read read) {
  const config::Value* value = root.child(key);
  const config::Value* map = value;
  if (value == nullptr && otherwise) {
    map = library.load(key, folder, *otherwise, config::scalar({}).mark);
  } else if (value == nullptr) {
    root.error(key, fmt::format("missing key '{}' in the scenario", key))
        .notes.push_back(fmt::format("expected a name in {}/, or a map", folder));
    return;
  } else if (value->kind == config::Kind::scalar) {
    map = library.load(key, folder, value->scalar, value->mark);
  }
  if (map == nullptr) return;
  const std::string what =
      value != nullptr && value->kind != config::Kind::scalar
          ? key
          : fmt::format("{} '{}'", key, map->find("name") != nullptr ? map->find("name")->scalar : key);
  const auto errors = [&] {
    const auto& all = root.diagnostics().all();
    return std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
  };
  const auto before = errors();
  Fields fields(*map, what, root.diagnostics());
  if (map->kind != config::Kind::map) return fields.finish();  // said already
  Thing thing = read(fields);
  if (errors() == before) out = std::move(thing);
  root.record(key, fields.resolved());
}

void read_model_of(Fields& root, Library& library, ServingSettings& s) {
  read_named(root, library, "model", "models", {}, s.model, models::read_model);
}

void read_machine_of(Fields& root, Library& library, ServingSettings& s) {
  read_named(root, library, "machine", "hw", {}, s.machine, [&](Fields& f) {
    return hw::read_machine(f, [&](const std::string& name, const SourceMark& from) {
      return library.load("device", "hw/devices", name, from);
    });
  });
}

void read_profile_of(Fields& root, Library& library, ServingSettings& s) {
  read_named(root, library, "profile", "calib/profiles", "datasheet", s.profile, calib::read_profile);
}

/// What a report is headed with; kept in the resolved scenario, so that a rerun of it says the same.
void resolve_heading(Fields& root, ResolvedScenario& out) {
  out.name = root.text("name", std::filesystem::path(out.scenario.path).filename().string());
  out.question = out.scenario.question;
  const config::Value* value = root.child("question");
  if (value != nullptr && value->kind == config::Kind::list) {
    out.question.clear();
    for (const config::Value& line : value->items) out.question.push_back(line.scalar);
  } else if (value != nullptr) {
    root.error("question", "'question' in the scenario: expected a list of lines");
  }
  if (out.question.empty()) return;
  config::Value lines;
  lines.kind = config::Kind::list;
  for (const std::string& line : out.question) {
    lines.items.push_back(config::scalar(line));
    lines.items.back().quoted = true;
  }
  root.record("question", std::move(lines));
}

void resolve_limits(Fields& root, ResolvedScenario& out) {
  const config::Value* value = root.child("limits");
  if (value == nullptr) return;
  Fields fields(*value, "limits", root.diagnostics());
  const auto limit = [&](std::string_view key, Duration& to) {
    if (fields.has(key)) to = fields.duration(key, {}, Range{1, 9e18});
  };
  limit("ttft", out.limits.ttft);
  limit("tpot", out.limits.tpot);
  limit("end_to_end", out.limits.end_to_end);
  fields.finish();
  root.record("limits", fields.resolved());
}

void resolve_report(Fields& root, ResolvedScenario& out) {
  const config::Value none{};
  const config::Value* value = root.child("report");
  Fields fields(value == nullptr ? none : *value, "report", root.diagnostics());
  out.settings.sample_every = fields.duration("sample_every", Duration(1'000'000'000), Range{1e6, 9e18});
  fields.finish();
  root.record("report", fields.resolved());
}

std::string load_text(const LoadSettings& load) {
  switch (load.kind) {
    case LoadKind::open:
      return fmt::format("open loop, the trace's times at {}", config::text_of_multiple(load.rate)) +
             (load.jitter > Duration(0) ? fmt::format(" with {} of jitter", config::text_of(load.jitter)) : "");
    case LoadKind::poisson:
      return fmt::format("Poisson arrivals, {}", config::text_of_per_second(load.per_second));
    case LoadKind::concurrency:
      return fmt::format("{} requests at a time", load.concurrency);
    case LoadKind::sessions:
      return fmt::format("closed-loop sessions, first turns at {}", config::text_of_multiple(load.rate));
  }
  return {};
}

std::string window_text(const ResolvedScenario& r) {
  const WindowSettings& w = r.settings.window;
  std::vector<std::string> parts;
  const std::int64_t pass = r.warm_caches ? static_cast<std::int64_t>(r.trace.size()) / 2 : 0;
  if (r.warm_caches) parts.push_back("the second pass over the trace (the first warms the caches)");
  if (w.warm_up_time > Duration(0)) parts.push_back(fmt::format("from {} on", config::text_of(w.warm_up_time)));
  if (w.warm_up_requests > pass)
    parts.push_back(fmt::format("without the first {} requests", w.warm_up_requests - pass));
  if (w.drain_time > Duration(0))
    parts.push_back(fmt::format("until {} before the last arrival", config::text_of(w.drain_time)));
  if (w.drain_requests > 0) parts.push_back(fmt::format("without the last {} requests", w.drain_requests));
  return parts.empty() ? "the whole run" : fmt::format("{}", fmt::join(parts, ", "));
}

/// What a lower tier does that it does not do by default.
std::string tier_text(const LowerTierSettings& t, Tokens block) {
  std::vector<std::string> parts;
  if (t.chunk > 1) parts.push_back(fmt::format("whole blocks of {}", config::text_of(block * t.chunk)));
  if (t.selective) parts.push_back("write selective");
  if (t.exclusive) parts.push_back("exclusive: a load removes the copy");
  if (t.inclusive) parts.push_back("inclusive: what leaves it leaves the tiers above");
  if (t.pin_after > 0)
    parts.push_back(
        fmt::format("blocks of {} requests stay, in up to {} of it", t.pin_after, human::share(t.pin_share)));
  if (t.staged) parts.push_back("loads through host memory");
  if (t.min_tokens > Tokens(0)) parts.push_back(fmt::format("no load below {}", config::text_of(t.min_tokens)));
  parts.push_back(fmt::format("at most {} of writes under way", config::text_of(t.backlog)));
  return fmt::format("{}: {}", t.name, fmt::join(parts, ", "));
}

/// The choices of meaning that apply to this run, for every report.
std::vector<std::string> semantics_of(const ResolvedScenario& r) {
  const ServingSettings& s = r.settings;
  std::vector<std::string> lines;
  lines.push_back("load: " + r.load);
  lines.push_back("window: " + window_text(r));
  lines.push_back(fmt::format("scheduling: vLLM V1, {} tokens a step, {} sequences, blocks of {} tokens{}",
                              s.engine.max_batched_tokens.value(), s.engine.max_sequences, s.block.value(),
                              s.engine.reserve_whole_prompt ? ", whole prompt reserved" : ""));
  if (s.ranks.pipeline > 1)
    lines.push_back(
        fmt::format("pipeline: {} stages, one batch at a time: a lower bound of throughput", s.ranks.pipeline));
  if (s.ranks.expert > 1)
    lines.push_back(fmt::format("experts: whole ones on {} ranks, two all-to-alls a layer, the busiest rank counts",
                                s.ranks.expert));
  lines.push_back(fmt::format("hbm: {} eviction, recency at {}", s.hbm.eviction.name,
                              s.hbm.eviction.name == "vllm" ? "release, tail first" : "access"));
  lines.push_back("hits: contiguous prefix, counted at first admission; the last prompt token is always computed");
  if (!s.lower.empty())
    lines.push_back(fmt::format("loads: {}{}",
                                s.engine.load == LoadWhen::always ? "always" : "when cheaper than recomputing",
                                s.engine.layerwise ? ", layer by layer" : ""));
  for (const LowerTierSettings& t : s.lower) lines.push_back(tier_text(t, s.block));
  if (s.placement.name != "waterfall") lines.push_back("placement: " + s.placement.name);
  if (s.prefetch.name != "none") lines.push_back("prefetch: " + s.prefetch.name);
  return lines;
}

}  // namespace

Scenario load_scenario(const std::string& path, const std::vector<std::string>& overrides, Diagnostics& diagnostics) {
  Scenario scenario;
  scenario.path = path;
  scenario.tree = config::load_yaml(path, diagnostics);
  if (!diagnostics.has_errors()) scenario.question = config::opening_comment(path);
  for (const std::string& argument : overrides) config::apply_override(scenario.tree, argument, diagnostics);
  return scenario;
}

ResolvedScenario resolve(Scenario scenario, const Environment& environment, Diagnostics& diagnostics) {
  ResolvedScenario out;
  out.scenario = std::move(scenario);
  std::string folder = std::filesystem::path(out.scenario.path).parent_path().string();
  if (folder.empty()) folder = ".";
  Library library(environment.library, folder, diagnostics);
  Fields root(out.scenario.tree, "the scenario", diagnostics);
  if (out.scenario.tree.kind != config::Kind::map && out.scenario.tree.kind != config::Kind::null) {
    root.finish();  // it has said that this is no map: keys that are not there are no further mistakes
    return out;
  }
  ServingSettings& s = out.settings;
  resolve_heading(root, out);
  s.seed = static_cast<std::uint64_t>(root.count("seed", 1, Range{0, 9e15}));
  read_model_of(root, library, s);
  read_machine_of(root, library, s);
  read_profile_of(root, library, s);
  detail::warn_of_mismatches(root, s);
  detail::resolve_serving(root, out);
  const std::vector<detail::TierShare> shares = detail::resolve_hierarchy(root, out);
  detail::resolve_workload(root, environment, folder, out);
  detail::settle_shares(root, shares, out);
  detail::check_tier_blocks(root, out);
  resolve_limits(root, out);
  resolve_report(root, out);
  root.finish();
  out.resolved = root.resolved();
  if (diagnostics.has_errors()) return out;
  out.load = load_text(s.load);
  out.semantics = semantics_of(out);
  return out;
}

System resolve_system(const config::Value& map, const Environment& environment, Diagnostics& diagnostics) {
  Library library(environment.library, ".", diagnostics);
  Fields root(map, "the command line", diagnostics);
  ServingSettings s;
  if (root.has("model")) read_model_of(root, library, s);
  if (root.has("machine")) read_machine_of(root, library, s);
  read_profile_of(root, library, s);
  detail::warn_of_mismatches(root, s);
  root.finish();
  return {std::move(s.model), std::move(s.machine), std::move(s.profile)};
}

}  // namespace tiersim
