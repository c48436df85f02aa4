#pragma once
/// What the architectures of hf_architectures.cpp have in common: a layer's parts, and patterns over layers.
///
/// Keys are those of a config.json; what is missing is reported by HfConfig. O(layers) each, no state.
#include <cstdint>

#include "models/model_spec.hpp"
#include "tools/tiersim/hf_config.hpp"

namespace tiersim::cli::hf {

using models::Attention;
using models::FeedForward;
using models::LayerGroup;
using models::ModelSpec;

/// A period or divisor that a file gives as 0 is a mistake, but no crash.
[[nodiscard]] inline std::int64_t at_least_one(std::int64_t n) { return n < 1 ? 1 : n; }

/// One layer of softmax attention, its network still to be set.
[[nodiscard]] LayerGroup plain_layer(const HfConfig& c);
[[nodiscard]] FeedForward mixture(std::int64_t experts, std::int64_t active, std::int64_t width);
[[nodiscard]] FeedForward dense(std::int64_t width);
/// Recurrent state by the keys `mamba_*`, with the norms of Jamba.
[[nodiscard]] Attention mamba(const HfConfig& c);
/// What nearly all have, each layer as `layer`; `tied`: whether the head is the embedding where the file does not say.
[[nodiscard]] ModelSpec frame(const HfConfig& c, bool tied, const LayerGroup& layer);
/// A window that is shorter than the context, else 0.
[[nodiscard]] Tokens window_of(const HfConfig& c);
/// Every `decoder_sparse_step`-th layer is a mixture, but for those listed as dense.
[[nodiscard]] ModelSpec sparse(const HfConfig& c, ModelSpec m, const FeedForward& f);
/// Windows in all layers but those that `layer_types` has as full, or without that list every `period`-th.
[[nodiscard]] ModelSpec alternating(const HfConfig& c, ModelSpec m, Tokens window, std::int64_t period);

/// Calls `change` with each layer's number and the layer.
template <class Change>
void each_layer(ModelSpec& m, Change change) {
  for (std::size_t i = 0; i < m.groups.size(); ++i) change(static_cast<std::int64_t>(i), m.groups[i]);
}

}  // namespace tiersim::cli::hf
