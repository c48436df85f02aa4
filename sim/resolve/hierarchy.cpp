// `hierarchy:` where blocks can live, and the memory map of HBM.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "sim/report/human.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::detail {
namespace {

using config::Fields;
using config::Range;

/// A capacity as the scenario states it.
struct Capacity {
  Bytes bytes;
  double share = 0;  ///< of the trace's distinct blocks; above 0: instead of bytes
};

constexpr std::int64_t kMostBytes = 1'000'000'000'000'000'000;  // of a tier
constexpr std::int64_t kMostFrames = 4'000'000'000;             // of HBM: their numbers have 32 bits

std::string too_many_blocks(const std::string& tier, std::int64_t blocks, std::int64_t most) {
  return fmt::format("tier '{}' has {} blocks, at most {} are supported", tier, human::grouped(blocks),
                     human::grouped(most));
}

Bytes bytes_of_blocks(Fields& fields, std::int64_t blocks, Bytes block_bytes) {
  if (blocks <= kMostBytes / block_bytes.value()) return block_bytes * blocks;
  fields.error("capacity", fmt::format("'capacity' in {}: '{}' is more than {}", fields.what(),
                                       fields.child("capacity")->scalar, config::text_of(Bytes(kMostBytes))));
  return Bytes(0);
}

/// `capacity`: a size, "N tokens", "N blocks" (of the engine), or a share of the trace's distinct blocks.
Capacity read_capacity(Fields& fields, Tokens block, Bytes block_bytes, Bytes otherwise) {
  const config::Value* value = fields.child("capacity");
  const std::string text = value == nullptr ? "" : value->scalar;
  Capacity capacity;
  if (text.ends_with('%')) {
    capacity.share = fields.fraction("capacity", {}, Range{1e-12, 1e6});
    fields.record("capacity", config::scalar(text, value->mark));
  } else if (text.ends_with("tokens")) {
    const Tokens tokens = fields.tokens("capacity", {}, Range{1, 1e15});
    capacity.bytes = bytes_of_blocks(fields, tokens.value() / block.value(), block_bytes);
  } else if (text.ends_with("blocks")) {
    std::string problem;
    const auto blocks = config::parse_count(text.substr(0, text.size() - std::string_view("blocks").size()), problem);
    fields.record("capacity", config::scalar(text, value->mark));
    if (blocks && *blocks >= 0) {
      capacity.bytes = bytes_of_blocks(fields, *blocks, block_bytes);
    } else {
      fields.error("capacity", fmt::format("'capacity' in {}: '{}' is no number of blocks", fields.what(), text));
    }
  } else {
    capacity.bytes = fields.bytes("capacity", otherwise, Range{1, static_cast<double>(kMostBytes)});
  }
  return capacity;
}

/// `number`: of the lower tier, from 1.
void check_capacity(const ServingSettings& s, std::size_t number, const SourceMark& mark, Diagnostics& diagnostics) {
  const LowerTierSettings& tier = s.lower[number - 1];
  const hw::StorageSpec& storage = s.machine.storage[tier.storage];
  if (tier.capacity < tier.chunk_bytes())
    diagnostics.error(mark, fmt::format("tier '{}' has {}, less than one block of {}", tier.name,
                                        config::text_of(tier.capacity), config::text_of(tier.chunk_bytes())));
  if (tier.capacity > storage.capacity)
    diagnostics.warning(
        mark, fmt::format("tier '{}' takes {}, but machine {} has {}", tier.name, config::text_of(tier.capacity),
                          s.machine.name, config::text_of(storage.capacity)));
}

void read_hbm(Fields& fields, ResolvedScenario& out, std::vector<TierShare>& shares) {
  ServingSettings& s = out.settings;
  s.hbm.eviction = resolve_policy(fields, "eviction", eviction_menu(), "vllm");
  std::vector<const char*> given;
  for (const char* key : {"blocks", "capacity", "utilisation"})
    if (fields.has(key)) given.push_back(key);
  if (given.size() > 1)
    fields.error(given[1], fmt::format("'{}' and '{}' in tier 'hbm' exclude each other", given[0], given[1]));
  out.memory = memory_map(s, s.ranks, 0);
  out.memory.blocks_given = true;
  if (fields.has("blocks")) {
    out.memory.blocks = fields.count("blocks", {}, Range{1, static_cast<double>(kMostFrames)});
  } else if (fields.has("capacity")) {
    const Bytes block = std::max(Bytes(1), s.model.kv_per_token() * s.block.value());
    const Capacity capacity = read_capacity(fields, s.block, block, Bytes(0));
    out.memory.blocks = capacity.bytes.value() / block.value();
    if (capacity.share > 0) {
      shares.push_back({0, capacity.share, fields.mark_of("capacity")});
    } else if (out.memory.blocks < 1 && !fields.diagnostics().has_errors()) {
      fields.error("capacity", fmt::format("tier 'hbm' has less than one block of {}", config::text_of(block)));
    } else if (out.memory.blocks > kMostFrames) {
      fields.error("capacity", too_many_blocks("hbm", out.memory.blocks, kMostFrames));
    }
  } else {
    out.memory = memory_map(s, s.ranks, fields.fraction("utilisation", 0.9, Range{0.01, 1}));
    if (!fields.diagnostics().has_errors()) compute_blocks(fields, out);
  }
  s.hbm.blocks = out.memory.blocks;
}

/// The machine's storage of that name, or null.
const hw::StorageSpec* storage_of(const ServingSettings& s, const std::string& name) {
  const auto at = std::find_if(s.machine.storage.begin(), s.machine.storage.end(),
                               [&](const hw::StorageSpec& x) { return x.name == name; });
  return at == s.machine.storage.end() ? nullptr : &*at;
}

void report_no_storage(Fields& fields, const ServingSettings& s, const std::string& name) {
  std::vector<std::string_view> names{"hbm"};
  for (const hw::StorageSpec& x : s.machine.storage) names.push_back(x.name);
  Diagnostic& d = fields.error("tier", fmt::format("machine {} has no storage '{}'", s.machine.name, name));
  if (const auto near = nearest(name, names); !near.empty()) d.notes.push_back(fmt::format("did you mean '{}'?", near));
  d.notes.push_back(fmt::format("its tiers: {}", joined(names)));
}

/// Says that what the tier's write mode, admission and copies want does not go together.
void check_writing(Fields& fields, const LowerTierSettings& tier) {
  Diagnostics& diagnostics = fields.diagnostics();
  if (tier.selective && tier.admission.name == "always") {
    diagnostics
        .warning(fields.mark_of("write"),
                 fmt::format("tier '{}' writes selectively, but its admission takes every block", tier.name))
        .notes.emplace_back("try admission: second_touch");
  }
  if (tier.exclusive && tier.inclusive)
    fields.error("inclusive", fmt::format("'exclusive' and 'inclusive' in tier '{}' exclude each other", tier.name));
  if (tier.exclusive && tier.write == WriteMode::through) {
    diagnostics
        .warning(
            fields.mark_of("exclusive"),
            fmt::format(
                "tier '{}' is exclusive and written through: each load drops the copy, each prefill writes it again",
                tier.name))
        .notes.emplace_back("try write: back");
  }
  if (tier.inclusive && (tier.write != WriteMode::through || tier.admission.name != "always")) {
    fields
        .error("inclusive",
               fmt::format("tier '{}' is inclusive, but does not take all that the tier above takes", tier.name))
        .notes.emplace_back("an inclusive tier has write: through and admission: always");
  }
}

void read_lower(Fields& fields, const std::string& name, ResolvedScenario& out, std::vector<TierShare>& shares) {
  ServingSettings& s = out.settings;
  LowerTierSettings tier;
  tier.name = name;
  const hw::StorageSpec* storage = storage_of(s, name);
  if (storage != nullptr) {
    tier.storage = static_cast<std::size_t>(storage - s.machine.storage.data());
  } else if (!name.empty() && s.machine.gpus > 0) {
    report_no_storage(fields, s, name);
  }
  const double kv_bytes = fields.number("kv_bytes", s.model.kv_bytes, Range{0.01, 64});
  const double block =
      static_cast<double>((s.model.kv_per_token() * s.block.value()).value()) * kv_bytes / s.model.kv_bytes;
  tier.block_bytes = Bytes(std::max<std::int64_t>(1, std::lround(block)));
  tier.chunk = read_chunk(fields, s.block);
  const Capacity capacity =
      read_capacity(fields, s.block, tier.block_bytes, storage == nullptr ? Bytes(0) : storage->capacity);
  tier.capacity = capacity.bytes;
  tier.eviction = resolve_policy(fields, "eviction", eviction_menu(), "lru");
  tier.admission = resolve_policy(fields, "admission", admission_menu(), "always");
  const std::string write = fields.choice("write", {"through", "selective", "back"}, "through");
  tier.write = write == "back" ? WriteMode::back : WriteMode::through;
  tier.selective = write == "selective";
  tier.exclusive = fields.flag("exclusive", false);
  tier.inclusive = fields.flag("inclusive", false);
  tier.staged = fields.flag("staged", name != "dram" && !(storage != nullptr && storage->over_nvlink));
  const bool by_layer = fields.choice("layout", {"block", "layer"}, "block") == "layer";
  tier.fragments = by_layer ? std::max<std::int64_t>(1, s.model.layers) : 1;
  tier.backlog = fields.bytes("backlog", Bytes(std::int64_t{16} << 30), Range{1, 1e18});
  tier.min_tokens = fields.tokens("min_tokens", Tokens(0), Range{0, 1e9});
  tier.pin_after = static_cast<std::uint32_t>(fields.count("pin_after", 0, Range{0, 1e9}));
  tier.pin_share = fields.fraction("pin_share", 0.25, Range{0, 0.9});
  check_writing(fields, tier);
  s.lower.push_back(std::move(tier));
  const std::size_t number = s.lower.size();
  if (capacity.share > 0) {
    shares.push_back({number, capacity.share, fields.mark_of("capacity")});
  } else if (!fields.diagnostics().has_errors()) {
    check_capacity(s, number, fields.mark_of("capacity"), fields.diagnostics());
  }
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

/// What is served is replayed through a cache of keys and values.
void require_kv(Fields& root, const models::ModelSpec& model) {
  if (root.diagnostics().has_errors() || model.kv_per_token() > Bytes(0)) return;
  root.error("model", fmt::format("{} keeps no keys and values: none of its layers has attention over earlier tokens",
                                  model.name))
      .notes.emplace_back(
          "what is replayed is their cache: try a model with such layers, as jamba-v0.1 has among others");
}

std::vector<TierShare> resolve_hierarchy(Fields& root, ResolvedScenario& out) {
  require_kv(root, out.settings.model);
  std::vector<TierShare> shares;
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
    return shares;
  }
  config::Value resolved;
  resolved.kind = config::Kind::list;
  resolved.mark = list->mark;
  std::vector<std::string> seen;
  std::vector<Demotion> demotions;
  if (list->items.empty()) root.error("hierarchy", "'hierarchy' has no tier: it starts with {tier: hbm}");
  if (list->items.size() > kMaxTiers)
    root.error("hierarchy", fmt::format("{} tiers, at most {} are supported", list->items.size(), kMaxTiers));
  for (const config::Value& item : list->items) {
    Fields fields(item, what_of_tier(item, seen.size() + 1), root.diagnostics());
    const std::string name = read_tier_name(fields, seen);
    const bool is_hbm = name == "hbm" || (name.empty() && seen.empty());
    seen.push_back(name);
    if (is_hbm) {
      read_hbm(fields, out, shares);
    } else {
      read_lower(fields, name, out, shares);
    }
    const bool given = fields.has("demote_to");
    demotions.push_back({given ? fields.text("demote_to") : "", fields.mark_of("demote_to"), item.mark});
    fields.finish();
    resolved.items.push_back(fields.resolved());
  }
  root.record("hierarchy", std::move(resolved));
  if (!root.diagnostics().has_errors()) {
    resolve_demotions(root, seen, demotions, out.settings);
    warn_of_idle_policies(root, out.settings);
    check_routes(root, list->items, out.settings);
    if (shares.empty()) check_inclusion(root, out.settings);
  }
  return shares;
}

void settle_shares(Fields& root, const std::vector<TierShare>& shares, ResolvedScenario& out) {
  ServingSettings& s = out.settings;
  if (shares.empty() || root.diagnostics().has_errors()) return;
  const traces::Trace& trace = out.trace;
  if (!trace.has_blocks()) {
    root.diagnostics()
        .error(shares[0].mark, "a capacity is a share of the trace's distinct blocks, and this trace has no block ids")
        .notes.emplace_back("expected a size such as '512 GiB', tokens, or blocks");
    return;
  }
  const double distinct = static_cast<double>(trace.distinct_blocks()) *
                          static_cast<double>(trace.block_tokens() / s.block.value());  // of the engine
  for (const TierShare& share : shares) {
    const std::int64_t blocks = std::llround(share.share * distinct);
    if (share.tier > 0) {
      LowerTierSettings& tier = s.lower[share.tier - 1];
      const std::int64_t most = kMostBytes / tier.block_bytes.value();
      if (blocks > most) {
        root.diagnostics().error(share.mark, too_many_blocks(tier.name, blocks, most));
        continue;
      }
      tier.capacity = tier.block_bytes * blocks;
      check_capacity(s, share.tier, share.mark, root.diagnostics());
    } else if (blocks < 1) {
      root.diagnostics().error(share.mark, "tier 'hbm' has less than one block");
    } else if (blocks > kMostFrames) {
      root.diagnostics().error(share.mark, too_many_blocks("hbm", blocks, kMostFrames));
    } else {
      s.hbm.blocks = out.memory.blocks = blocks;
    }
  }
  if (!root.diagnostics().has_errors()) check_inclusion(root, s);
}

}  // namespace tiersim::detail
