// Of `hierarchy:` what holds between tiers: who feeds whom, routes, inclusion.
#include <fmt/format.h>

#include <algorithm>

#include "hw/topology.hpp"
#include "sim/report/human.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::detail {

using config::Fields;

namespace {

/// Engine blocks for which a lower tier has room, in whole chunks.
std::int64_t blocks_in(const LowerTierSettings& tier) { return tier.capacity / tier.chunk_bytes() * tier.chunk; }

}  // namespace

void resolve_demotions(Fields& root, const std::vector<std::string>& names, const std::vector<Demotion>& demotions,
                       ServingSettings& s) {
  const std::size_t tiers = names.size();
  s.feeds.assign(tiers, kNowhere);
  std::vector<bool> fed(tiers, false);
  for (std::size_t t = 0; t < tiers; ++t) {
    const Demotion& d = demotions[t];
    std::size_t to = t + 1 < tiers ? t + 1 : kNowhere;
    if (d.to == "nowhere") {
      to = kNowhere;
    } else if (!d.to.empty()) {
      to = static_cast<std::size_t>(std::find(names.begin(), names.end(), d.to) - names.begin());
      if (to == tiers) {
        root.diagnostics()
            .error(d.mark, fmt::format("tier '{}' demotes to '{}', which is no tier of the hierarchy", names[t], d.to))
            .notes.push_back(fmt::format("tiers: {}, nowhere", joined({names.begin(), names.end()})));
        return;
      }
      if (to <= t) {
        root.diagnostics()
            .error(d.mark, fmt::format("a cyclic order of demotion: tier '{}' demotes to '{}', which stands {}",
                                       names[t], d.to, to == t ? "for itself" : "above it"))
            .notes.emplace_back("a tier demotes to one further down the list, or nowhere");
        return;
      }
    }
    s.feeds[t] = static_cast<std::uint8_t>(to);
    if (to != kNowhere) fed[to] = true;
  }
  for (std::size_t t = 1; t < tiers && s.placement.name == "waterfall"; ++t) {
    if (fed[t]) continue;
    root.diagnostics()
        .error(demotions[t].tier, fmt::format("no tier demotes to '{}': it would stay empty", names[t]))
        .notes.push_back(fmt::format("try demote_to: {} in a tier above it", names[t]));
  }
}

void warn_of_idle_policies(Fields& root, const ServingSettings& s) {
  const bool any_back = std::any_of(s.lower.begin(), s.lower.end(),
                                    [](const LowerTierSettings& tier) { return tier.write == WriteMode::back; });
  if (s.placement.name != "waterfall" && !any_back)
    root.diagnostics()
        .warning(root.mark_of("serving"),
                 fmt::format("placement '{}' has nothing to place: no tier is written back", s.placement.name))
        .notes.emplace_back("try write: back in the tiers below hbm");
  if (s.prefetch.name != "none" && s.lower.size() < 2)
    root.diagnostics()
        .warning(root.mark_of("serving"), fmt::format("prefetch '{}' has nothing to bring up", s.prefetch.name))
        .notes.emplace_back("it moves blocks from slow lower tiers to the first one: the hierarchy needs two");
}

void check_routes(Fields& root, const std::vector<config::Value>& items, const ServingSettings& s) {
  const hw::Topology topology(s.machine);
  for (std::size_t t = 0; t < s.lower.size(); ++t) {
    const hw::PlaceId place = topology.storage(s.lower[t].storage);
    if (!topology.route(topology.gpu(0), place).empty() && !topology.route(place, topology.gpu(0)).empty()) continue;
    root.diagnostics().error(items[t + 1].mark, fmt::format("no route leads from the GPUs of machine {} to tier '{}'",
                                                            s.machine.name, s.lower[t].name));
  }
}

void check_inclusion(Fields& root, const ServingSettings& s) {
  const config::Value* list = root.child("hierarchy");
  for (std::size_t t = 0; t < s.lower.size(); ++t) {
    const LowerTierSettings& tier = s.lower[t];
    if (!tier.inclusive) continue;
    for (std::size_t above = 0; above <= t; ++above) {
      if (s.feeds[above] != t + 1) continue;
      const std::int64_t blocks = above == 0 ? s.hbm.blocks * s.replicas : blocks_in(s.lower[above - 1]);
      const std::int64_t own = blocks_in(tier);
      if (own >= blocks) continue;
      const std::string name = above == 0 ? "hbm" : s.lower[above - 1].name;
      root.diagnostics()
          .error(list->items[t + 1].mark, fmt::format("tier '{}' is inclusive with {} blocks, but '{}' above it has {}",
                                                      tier.name, human::grouped(own), name, human::grouped(blocks)))
          .notes.push_back(fmt::format("try a capacity of at least {}, or inclusive: false",
                                       config::text_of(tier.chunk_bytes() * ((blocks + tier.chunk - 1) / tier.chunk))));
    }
  }
}

}  // namespace tiersim::detail
