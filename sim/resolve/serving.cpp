// `serving:` the engines, and `hierarchy:` where their blocks can live.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "sim/core/registry.hpp"
#include "sim/report/human.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::detail {
namespace {

using config::Fields;
using config::Range;

template <class Interface>
PolicyMenu menu_of(std::string what) {
  const auto& registry = Registry<Interface>::instance();
  return {std::move(what), registry.names(), [&registry](std::string_view name) -> const std::vector<ParameterSpec>& {
            return registry.find(name)->parameters;
          }};
}

std::string gigabytes(Bytes b) { return fmt::format("{:.1f} GB", static_cast<double>(b.value()) * 1e-9); }

/// What a step needs beside weights and KV at its peak on one rank: hidden states twice, the widest feed-forward
/// network, logits in 32 bits with a copy for the sampler, and every sequence's recurrent state.
Bytes activation_bytes(const ServingSettings& s, const models::Ranks& ranks) {
  const auto& m = s.model;
  const double tokens = static_cast<double>(s.engine.max_batched_tokens.value());
  const double width = 4.0 * static_cast<double>(m.hidden) +
                       3.0 * static_cast<double>(m.widest_intermediate()) / static_cast<double>(ranks.tensor);
  const double logits = 2.0 * 4.0 * static_cast<double>(s.engine.max_sequences) * static_cast<double>(m.vocabulary);
  const double state = static_cast<double>(m.state_of_sequence().value()) *
                       static_cast<double>(s.engine.max_sequences) / static_cast<double>(ranks.gpus());
  return Bytes(static_cast<std::int64_t>(tokens * width * m.activation_bytes + logits + state));
}

Bytes usable(const MemoryMap& map) {
  return Bytes(static_cast<std::int64_t>(static_cast<double>(map.memory.value()) * map.utilisation));
}

Bytes left_in(const MemoryMap& map) { return usable(map) - map.weights - map.runtime - map.activations; }

/// The blocks for which the map leaves room; none or less: it does not fit.
std::int64_t blocks_in(const MemoryMap& map) {
  return map.block_bytes.value() > 0 ? left_in(map).value() / map.block_bytes.value() : 0;
}

MemoryMap map_of_stage(const ServingSettings& s, const models::Ranks& ranks, std::int64_t stage, double utilisation) {
  MemoryMap map;
  map.memory = s.machine.gpu.memory;
  map.utilisation = utilisation;
  map.weights = s.model.weights_per_gpu(ranks, stage);
  map.runtime = s.profile.runtime_memory;
  map.activations = activation_bytes(s, ranks);
  map.block_bytes = s.model.kv_per_token_per_gpu(ranks, stage) * s.block.value();
  return map;
}

/// Of the stage that has room for the fewest blocks; one that keeps no KV sets no limit, as long as it fits.
MemoryMap memory_map(const ServingSettings& s, const models::Ranks& ranks, double utilisation) {
  const auto room = [](const MemoryMap& map) {
    const bool unlimited = map.block_bytes == Bytes(0) && left_in(map) > Bytes(0);
    return unlimited ? INT64_MAX : blocks_in(map);
  };
  MemoryMap fullest = map_of_stage(s, ranks, 0, utilisation);
  for (std::int64_t stage = 1; stage < ranks.pipeline; ++stage) {
    const MemoryMap map = map_of_stage(s, ranks, stage, utilisation);
    if (room(map) < room(fullest)) fullest = map;
  }
  return fullest;
}

/// What makes a model fit that does not: only what this machine can do, else another machine or model.
std::string advice_to_fit(const ServingSettings& s, double utilisation) {
  constexpr double kMostSensible = 0.95;
  if (utilisation < kMostSensible && blocks_in(memory_map(s, s.ranks, kMostSensible)) > 0)
    return fmt::format("it fits with more of the memory: try a utilisation above {:.0f}%", utilisation * 100);
  for (models::Ranks ranks = s.ranks; ranks.gpus() <= s.machine.gpus; ++ranks.tensor) {
    if (!models::can_split(s.model, ranks) || blocks_in(memory_map(s, ranks, utilisation)) <= 0) continue;
    const std::int64_t replicas = s.machine.gpus / ranks.gpus();
    return fmt::format("it fits on {} GPUs: try serving.tensor_parallel = {}{}", ranks.gpus(), ranks.tensor,
                       s.replicas > replicas ? fmt::format(" and serving.replicas = {}", replicas) : "");
  }
  return fmt::format("machine {} has {}: try one with more GPUs or more memory, a smaller model, or narrower weights",
                     s.machine.name, human::counted(s.machine.gpus, "GPU"));
}

void compute_blocks(Fields& fields, ResolvedScenario& out) {
  MemoryMap& map = out.memory;
  map.blocks = std::max<std::int64_t>(0, blocks_in(map));
  if (map.blocks > 0) return;
  const ServingSettings& s = out.settings;
  fields
      .error("utilisation",
             fmt::format("tier 'hbm' has {} usable per GPU ({:.0f}% of {}), but the weights of {} need {} and the "
                         "workspace {}",
                         gigabytes(usable(map)), map.utilisation * 100, gigabytes(map.memory), s.model.name,
                         gigabytes(map.weights), gigabytes(map.runtime + map.activations)))
      .notes.push_back(advice_to_fit(s, map.utilisation));
}

void read_hbm(Fields& fields, ResolvedScenario& out) {
  ServingSettings& s = out.settings;
  s.hbm.eviction = resolve_policy(fields, "eviction", menu_of<EvictionPolicy>("eviction policy"), "vllm");
  if (fields.has("blocks")) {
    out.memory = memory_map(s, s.ranks, 0);
    if (fields.has("utilisation"))
      fields.error("utilisation", "'blocks' and 'utilisation' in tier 'hbm' exclude each other");
    out.memory.blocks = fields.count("blocks", {}, Range{1, 4e9});
    out.memory.blocks_given = true;
  } else {
    out.memory = memory_map(s, s.ranks, fields.fraction("utilisation", 0.9, Range{0.01, 1}));
    if (!fields.diagnostics().has_errors()) compute_blocks(fields, out);
  }
  s.hbm.blocks = out.memory.blocks;
}

void read_lower(Fields& fields, const std::string& name, ResolvedScenario& out) {
  ServingSettings& s = out.settings;
  LowerTierSettings tier;
  tier.name = name;
  const auto& storage = s.machine.storage;
  const auto at =
      std::find_if(storage.begin(), storage.end(), [&](const hw::StorageSpec& x) { return x.name == name; });
  if (at != storage.end()) {
    tier.storage = static_cast<std::size_t>(at - storage.begin());
  } else if (!name.empty() && s.machine.gpus > 0) {
    std::vector<std::string_view> names{"hbm"};
    for (const hw::StorageSpec& x : storage) names.push_back(x.name);
    Diagnostic& d = fields.error("tier", fmt::format("machine {} has no storage '{}'", s.machine.name, name));
    if (const auto near = nearest(name, names); !near.empty())
      d.notes.push_back(fmt::format("did you mean '{}'?", near));
    d.notes.push_back(fmt::format("its tiers: {}", joined(names)));
  }
  const bool is_dram = name == "dram";
  tier.capacity = fields.bytes("capacity", at == storage.end() ? Bytes(0) : at->capacity, Range{1, 1e18});
  tier.eviction = resolve_policy(fields, "eviction", menu_of<EvictionPolicy>("eviction policy"), "lru");
  tier.admission = resolve_policy(fields, "admission", menu_of<AdmissionPolicy>("admission policy"), "always");
  const std::string write = fields.choice("write", {"through", "selective", "back"}, "through");
  tier.write = write == "back" ? WriteMode::back : WriteMode::through;
  tier.selective = write == "selective";
  tier.exclusive = fields.flag("exclusive", false);
  tier.staged = fields.flag("staged", !is_dram && !(at != storage.end() && at->over_nvlink));
  const bool by_layer = fields.choice("layout", {"block", "layer"}, "block") == "layer";
  tier.fragments = by_layer ? std::max<std::int64_t>(1, s.model.layers) : 1;
  if (tier.selective && tier.admission.name == "always") {
    fields.diagnostics()
        .warning(fields.mark_of("write"),
                 fmt::format("tier '{}' writes selectively, but its admission takes every block", name))
        .notes.emplace_back("try admission: second_touch");
  }
  if (tier.exclusive && tier.write == WriteMode::through) {
    fields.diagnostics()
        .warning(
            fields.mark_of("exclusive"),
            fmt::format(
                "tier '{}' is exclusive and written through: each load drops the copy, each prefill writes it again",
                name))
        .notes.emplace_back("try write: back");
  }
  tier.backlog = fields.bytes("backlog", Bytes(std::int64_t{16} << 30), Range{1, 1e18});
  tier.min_tokens = fields.tokens("min_tokens", Tokens(0), Range{0, 1e9});
  const double kv_bytes = fields.number("kv_bytes", s.model.kv_bytes, Range{0.01, 64});
  const double block =
      static_cast<double>((s.model.kv_per_token() * s.block.value()).value()) * kv_bytes / s.model.kv_bytes;
  tier.block_bytes = Bytes(std::max<std::int64_t>(1, std::lround(block)));
  if (tier.capacity < tier.block_bytes && !fields.diagnostics().has_errors()) {
    fields.error("capacity", fmt::format("tier '{}' has {}, less than one block of {}", name,
                                         config::text_of(tier.capacity), config::text_of(tier.block_bytes)));
  }
  if (at != storage.end() && tier.capacity > at->capacity) {
    fields.diagnostics().warning(
        fields.mark_of("capacity"),
        fmt::format("tier '{}' takes {}, but machine {} has {}", name, config::text_of(tier.capacity), s.machine.name,
                    config::text_of(at->capacity)));
  }
  s.lower.push_back(std::move(tier));
}

/// "tier 'dram'", or by its number where it has no name.
std::string what_of_tier(const config::Value& item, std::size_t number) {
  const config::Value* name = item.find("tier");
  const bool named = name != nullptr && name->kind == config::Kind::scalar && !name->scalar.empty();
  return named ? fmt::format("tier '{}'", name->scalar) : fmt::format("tier {} of the hierarchy", number);
}

/// The tier's name, with its place among those `before` it checked; empty after an error.
std::string read_tier_name(Fields& fields, const std::vector<std::string>& before) {
  const bool given = fields.has("tier");
  std::string name = fields.text("tier");
  if (name.empty()) {
    if (given) fields.error("tier", fmt::format("the name of {} is empty", fields.what()));
  } else if (std::find(before.begin(), before.end(), name) != before.end()) {
    fields.error("tier", fmt::format("tier '{}' stands twice in the hierarchy", name));
  } else if (before.empty() && name != "hbm") {
    fields.error("tier", fmt::format("the hierarchy starts with tier 'hbm', not with '{}'", name))
        .notes.push_back("fastest first: hbm, dram, ssd");
  }
  return name;
}

}  // namespace

void resolve_serving(Fields& root, ResolvedScenario& out) {
  const config::Value none{};
  const config::Value* value = root.child("serving");
  Fields fields(value == nullptr ? none : *value, "serving", root.diagnostics());
  ServingSettings& s = out.settings;
  EngineSettings& e = s.engine;
  resolve_parallelism(fields, s);
  s.router = resolve_policy(fields, "router", menu_of<Router>("router"), "least_loaded");
  s.block = fields.tokens("block", Tokens(16), Range{1, 65536});
  e.max_batched_tokens = fields.tokens("max_batched_tokens", Tokens(8192), Range{1, 1 << 20});
  e.max_sequences = fields.count("max_sequences", 256, Range{1, 1 << 20});
  e.max_context = fields.tokens("max_context", s.model.max_context, Range{1, 1e9});
  if (e.max_context > s.model.max_context && s.model.max_context > Tokens(0)) {
    fields.diagnostics().warning(
        fields.mark_of("max_context"),
        fmt::format("max_context is {}, but {} was made for {}", config::text_of(e.max_context), s.model.name,
                    config::text_of(s.model.max_context)));
  }
  e.reserve_whole_prompt = fields.flag("reserve_whole_prompt", true);
  e.load = fields.choice("load", {"always", "cheaper"}, "cheaper") == "always" ? LoadWhen::always : LoadWhen::cheaper;
  e.captured = fields.tokens("cuda_graph_tokens", Tokens(512), Range{0, 1 << 20});
  e.layerwise = fields.flag("layerwise", false);
  e.layers = s.model.layers;
  if (e.max_sequences > e.max_batched_tokens.value()) {
    fields.error("max_sequences",
                 fmt::format("max_sequences = {} exceeds max_batched_tokens = {}: a step could not give each its token",
                             e.max_sequences, e.max_batched_tokens.value()));
  }
  fields.finish();
  root.record("serving", fields.resolved());
}

/// What is served is replayed through a cache of keys and values.
void require_kv(Fields& root, const models::ModelSpec& model) {
  if (root.diagnostics().has_errors() || model.kv_per_token() > Bytes(0)) return;
  root.error("model", fmt::format("{} keeps no keys and values: none of its layers has attention over earlier tokens",
                                  model.name))
      .notes.emplace_back(
          "what is replayed is their cache: try a model with such layers, as jamba-v0.1 has among others");
}

void resolve_hierarchy(Fields& root, ResolvedScenario& out) {
  require_kv(root, out.settings.model);
  const config::Value* list = root.child("hierarchy");
  config::Value only_hbm;
  if (list == nullptr) {
    only_hbm.kind = config::Kind::list;
    config::Value& item = only_hbm.items.emplace_back();
    item.kind = config::Kind::map;
    item.entries.emplace_back("tier", config::scalar("hbm"));
    item.key_marks.emplace_back();
    item.mark = root.mark_of("model");  // what does not fit it, if anything
    list = &only_hbm;
  } else if (list->kind != config::Kind::list) {
    root.error("hierarchy", "expected a list of tiers, fastest first, in 'hierarchy'");
    return;
  }
  config::Value resolved;
  resolved.kind = config::Kind::list;
  resolved.mark = list->mark;
  std::vector<std::string> seen;
  if (list->items.empty()) root.error("hierarchy", "'hierarchy' has no tier: it starts with {tier: hbm}");
  if (list->items.size() > kMaxTiers)
    root.error("hierarchy", fmt::format("{} tiers, at most {} are supported", list->items.size(), kMaxTiers));
  for (const config::Value& item : list->items) {
    Fields fields(item, what_of_tier(item, seen.size() + 1), root.diagnostics());
    const std::string name = read_tier_name(fields, seen);
    const bool is_hbm = name == "hbm" || (name.empty() && seen.empty());
    seen.push_back(name);
    if (is_hbm) {
      read_hbm(fields, out);
    } else {
      read_lower(fields, name, out);
    }
    fields.finish();
    resolved.items.push_back(fields.resolved());
  }
  root.record("hierarchy", std::move(resolved));
}

}  // namespace tiersim::detail
