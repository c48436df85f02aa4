#include "tools/tiersim/model_words.hpp"

#include <fmt/format.h>

#include <vector>

namespace tiersim::cli {
namespace {

using models::Attention;
using models::AttentionKind;
using models::LayerGroup;

std::string attention_word(const Attention& a) {
  if (a.kind == AttentionKind::latent) return "MLA";
  if (a.kind == AttentionKind::recurrent) return "recurrent";
  if (a.kind == AttentionKind::none) return "no attention";
  if (a.kv_heads == a.query_heads) return "MHA";
  return a.kv_heads == 1 ? "MQA" : fmt::format("GQA {}:1", a.query_heads / a.kv_heads);
}

/// A property and how many layers have it, in the order of first sight.
using Tally = std::vector<std::pair<std::string, std::int64_t>>;

void count(Tally& tally, const std::string& word, std::int64_t layers) {
  for (auto& [known, n] : tally) {
    if (known != word) continue;
    n += layers;
    return;
  }
  tally.emplace_back(word, layers);
}

}  // namespace

std::string in_billions(std::int64_t parameters) {
  const double billions = static_cast<double>(parameters) * 1e-9;
  return fmt::format("{:.{}f} B", billions, billions < 100 ? 2 : 1);
}

std::string kind_of(const models::ModelSpec& m) {
  Tally tally;
  for (const LayerGroup& g : m.layer_groups()) count(tally, attention_word(g.attention), g.layers);
  for (const LayerGroup& g : m.layer_groups()) {
    const auto& f = g.feed_forward;
    if (g.attention.window > Tokens(0)) count(tally, fmt::format("window of {}", g.attention.window.value()), g.layers);
    if (f.experts > 0) count(tally, fmt::format("{} of {} experts", f.active, f.experts), g.layers);
  }
  std::string text;
  for (const auto& [word, layers] : tally) {
    text += (text.empty() ? "" : ", ") + word;
    if (layers < m.layers) text += fmt::format(" in {} of {} layers", layers, m.layers);
  }
  return text;
}

}  // namespace tiersim::cli
