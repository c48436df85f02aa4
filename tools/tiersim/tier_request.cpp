#include "tools/tiersim/tier_request.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "sim/config/fields.hpp"
#include "sim/config/yaml.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::cli {
namespace {

using config::Fields;

/// The keys of a lower tier that a replay without a clock knows.
void read_lower(Fields& fields, RequestedTier& out) {
  ReplayTier& tier = out.tier;
  tier.admission = detail::resolve_policy(fields, "admission", detail::admission_menu(), "always");
  tier.write = fields.choice("write", {"through", "back"}, "through") == "back" ? WriteMode::back : WriteMode::through;
  tier.exclusive = fields.flag("exclusive", false);
  tier.inclusive = fields.flag("inclusive", false);
  if (tier.inclusive && (tier.exclusive || tier.write != WriteMode::through || tier.admission.name != "always"))
    fields.error("inclusive", fmt::format("an inclusive tier takes all that the tier above takes: {} is to be "
                                          "written through, not exclusive, and to admit always",
                                          fields.what()));
  out.endurance = fields.bytes("endurance", Bytes(0));
}

/// `capacity: 5%`, or `5%` alone, as the map that it means.
config::Value as_map(const config::Value& value) {
  if (value.kind == config::Kind::map) return value;
  config::Value map;
  map.kind = config::Kind::map;
  map.mark = value.mark;
  map.entries.emplace_back("capacity", value);
  map.key_marks.push_back(value.mark);
  return map;
}

RequestedTier read_tier(const std::string& command, const std::string& text, std::size_t number,
                        const CacheRequest& cache, const traces::Trace& trace) {
  Diagnostics diagnostics;
  const config::Value parsed = config::parse_yaml("tier: " + text, command + " --tier", diagnostics);
  throw_if_errors(diagnostics);
  const config::Value* given = parsed.find("tier");
  if (given == nullptr) misuse(command, "a --tier is empty", {"expected a capacity such as '5%', or a map"});
  const config::Value map = as_map(*given);
  Fields fields(map, fmt::format("tier {}", number), diagnostics);
  RequestedTier out;
  out.tier.name = fields.text("tier", fmt::format("tier{}", number));
  const std::string capacity = fields.text("capacity");
  out.tier.eviction = detail::resolve_policy(fields, "eviction", detail::eviction_menu(), number == 1 ? "vllm" : "lru");
  if (number > 1) read_lower(fields, out);
  fields.finish();
  throw_if_errors(diagnostics);
  out.tier.capacity = cache.capacity(capacity, trace);
  if (out.tier.capacity < 1)
    misuse(command, fmt::format("tier '{}' has a capacity of '{}', less than one block", out.tier.name, capacity));
  out.block_bytes = cache.block_bytes().value_or(Bytes(0));
  return out;
}

}  // namespace

std::vector<RequestedTier> tiers_of_texts(const std::string& command, const std::vector<std::string>& texts,
                                          const CacheRequest& cache, const traces::Trace& trace) {
  if (texts.empty())
    misuse(command, "no tier is given",
           {"--tier says one, fastest first: --tier 2% --tier '{capacity: 20%, write: back}'",
            "or name a scenario instead of a trace: its hierarchy is replayed"});
  if (texts.size() > kMaxTiers)
    misuse(command, fmt::format("{} tiers, at most {} are supported", texts.size(), kMaxTiers));
  std::vector<RequestedTier> out;
  for (const std::string& text : texts) {
    out.push_back(read_tier(command, text, out.size() + 1, cache, trace));
    const ReplayTier& last = out.back().tier;
    for (std::size_t i = 0; i + 1 < out.size(); ++i)
      if (out[i].tier.name == last.name) misuse(command, fmt::format("two tiers are called '{}'", last.name));
    if (last.inclusive && last.capacity < out[out.size() - 2].tier.capacity)
      misuse(command, fmt::format("tier '{}' is inclusive, but smaller than the one above it", last.name));
  }
  return out;
}

std::vector<RequestedTier> tiers_of_scenario(const std::string& command, const ResolvedScenario& scenario) {
  const ServingSettings& s = scenario.settings;
  const std::int64_t engine_blocks = scenario.trace.block_tokens() / s.block.value();  // in one of the trace
  std::vector<RequestedTier> out;
  const auto add = [&](const std::string& name, std::int64_t blocks, Bytes engine_block) -> RequestedTier& {
    RequestedTier& added = out.emplace_back();
    added.tier.name = name;
    added.tier.capacity = static_cast<std::size_t>(blocks / engine_blocks);
    added.block_bytes = engine_block * engine_blocks;
    if (added.tier.capacity < 1)
      misuse(command, fmt::format("tier '{}' has less than one block of the trace ({} tokens)", name,
                                  scenario.trace.block_tokens()));
    return added;
  };
  add("hbm", s.hbm.blocks * s.replicas, s.model.kv_per_token() * s.block.value()).tier.eviction = s.hbm.eviction;
  for (const LowerTierSettings& lower : s.lower) {
    RequestedTier& added = add(lower.name, lower.capacity.value() / lower.block_bytes.value(), lower.block_bytes);
    added.tier.eviction = lower.eviction;
    added.tier.admission = lower.admission;
    added.tier.write = lower.write;
    added.tier.exclusive = lower.exclusive;
    added.tier.inclusive = lower.inclusive;
    added.tier.pins = {lower.pin_after,
                       static_cast<std::int64_t>(lower.pin_share * static_cast<double>(added.tier.capacity))};
    added.tier.min_tokens = lower.min_tokens;
    added.endurance = s.machine.storage[lower.storage].endurance;
  }
  for (std::size_t t = 0; t < s.feeds.size(); ++t) out[t].tier.feeds = s.feeds[t];
  if (s.placement.name != "waterfall")
    fmt::print(stderr, "{}: warning: without a clock there is no placement '{}': tiers feed the next one down\n",
               command, s.placement.name);
  return out;
}

}  // namespace tiersim::cli
