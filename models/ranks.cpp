#include "models/ranks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/model_spec.hpp"

namespace tiersim::models {
namespace {

/// Collects "32 query heads" where they do not come out even.
class Undivided {
 public:
  void check(std::int64_t count, std::int64_t ranks, const char* what) {
    if (count % ranks != 0) note(count, what);
  }
  void note(std::int64_t count, const char* what) {
    std::string text = fmt::format("{} {}", count, what);
    if (std::find(found_.begin(), found_.end(), text) == found_.end()) found_.push_back(std::move(text));
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

void check_attention(const ModelSpec& m, const Attention& a, std::int64_t ranks, Undivided& out) {
  if (a.kind == AttentionKind::recurrent) return out.check(a.expand * m.hidden, ranks, "inner channels");
  if (a.kind == AttentionKind::none) return;
  out.check(a.query_heads, ranks, "query heads");
  if (a.kind == AttentionKind::latent || a.kv_heads % ranks == 0 || ranks % a.kv_heads == 0) return;
  out.note(a.kv_heads, "KV heads");
}

void check_feed_forward(const FeedForward& f, const Ranks& ranks, Undivided& out) {
  if (f.experts == 0) return out.check(f.intermediate, ranks.tensor, "intermediate elements");
  out.check(f.shared_intermediate, ranks.tensor, "intermediate elements of shared experts");
  if (ranks.tensor % ranks.expert == 0)
    out.check(f.expert_intermediate, ranks.tensor / ranks.expert, "intermediate elements of an expert");
}

/// Group numbers of all layers, every group spread evenly from the first layer to the last.
std::vector<std::size_t> interleaved(const std::vector<LayerGroup>& groups) {
  std::vector<std::pair<double, std::size_t>> places;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto layers = static_cast<double>(groups[g].layers);
    for (std::int64_t i = 0; i < groups[g].layers; ++i) places.emplace_back((static_cast<double>(i) + 0.5) / layers, g);
  }
  std::sort(places.begin(), places.end());
  std::vector<std::size_t> order;
  order.reserve(places.size());
  for (const auto& [place, g] : places) order.push_back(g);
  return order;
}

}  // namespace

std::vector<LayerGroup> layers_of_stage(const ModelSpec& model, const Ranks& ranks, std::int64_t stage) {
  std::vector<LayerGroup> groups = model.layer_groups();
  if (ranks.pipeline == 1) return groups;
  const std::vector<std::size_t> order = interleaved(groups);
  const auto layers = static_cast<std::int64_t>(order.size());
  const std::int64_t each = layers / ranks.pipeline, rest = layers % ranks.pipeline;
  const std::int64_t begin = stage * each + std::min(stage, rest), end = begin + each + (stage < rest ? 1 : 0);
  for (LayerGroup& g : groups) g.layers = 0;
  for (std::int64_t i = begin; i < end; ++i) ++groups[order[static_cast<std::size_t>(i)]].layers;
  std::erase_if(groups, [](const LayerGroup& g) { return g.layers == 0; });
  return groups;
}

std::vector<std::string> undivided_by_tensor(const ModelSpec& model, const Ranks& ranks) {
  Undivided out;
  for (const LayerGroup& g : model.layer_groups()) {
    check_attention(model, g.attention, ranks.tensor, out);
    check_feed_forward(g.feed_forward, ranks, out);
  }
  return out.take();
}

std::vector<std::string> undivided_by_expert(const ModelSpec& model, const Ranks& ranks) {
  Undivided out;
  for (const LayerGroup& g : model.layer_groups()) out.check(g.feed_forward.experts, ranks.expert, "experts");
  return out.take();
}

bool has_experts(const ModelSpec& model) {
  const std::vector<LayerGroup> groups = model.layer_groups();
  return std::any_of(groups.begin(), groups.end(), [](const LayerGroup& g) { return g.feed_forward.experts > 0; });
}

bool can_split(const ModelSpec& model, const Ranks& ranks) {
  return ranks.tensor % ranks.expert == 0 && ranks.pipeline <= model.layers &&
         undivided_by_tensor(model, ranks).empty() && undivided_by_expert(model, ranks).empty();
}

}  // namespace tiersim::models
