#pragma once
/// How one replica of a model is spread over GPUs, and what of a model such a plan cannot split.
///
///   tensor     ranks divide the heads and widths of every layer (Megatron-LM; Shoeybi et al., 2019)
///   expert     of these, ranks that hold whole experts; the others divide each expert's width (GShard, 2020)
///   pipeline   stages hold a part of the layers each, all tensor ranks of them (GPipe; Huang et al., 2019)
/// Layers are divided evenly, one more in each of the first stages where they do not come out even; layers of several
/// groups are spread evenly over the stages, whatever their order in the file. The first stage has the embedding, the
/// last one the head.
///
/// Called by the resolver (is this plan possible?), the memory map and the cost model. O(layers) per call; no state.
#include <cstdint>
#include <string>
#include <vector>

namespace tiersim::models {

struct ModelSpec;
struct LayerGroup;

struct Ranks {
  std::int64_t tensor = 1;
  std::int64_t expert = 1;  ///< divides `tensor`
  std::int64_t pipeline = 1;
  [[nodiscard]] std::int64_t gpus() const { return tensor * pipeline; }
};

/// The layers of one stage; together the stages have the model's.
[[nodiscard]] std::vector<LayerGroup> layers_of_stage(const ModelSpec& model, const Ranks& ranks, std::int64_t stage);

/// "32 query heads", "8 KV heads", ...: what the tensor ranks cannot share evenly, each once. KV heads may be fewer
/// than the ranks: each is then held by as many ranks, if that comes out even.
[[nodiscard]] std::vector<std::string> undivided_by_tensor(const ModelSpec& model, const Ranks& ranks);
/// "8 experts", ...: what the expert ranks cannot share evenly.
[[nodiscard]] std::vector<std::string> undivided_by_expert(const ModelSpec& model, const Ranks& ranks);
[[nodiscard]] bool has_experts(const ModelSpec& model);
/// Whether nothing is left over, and every stage has a layer.
[[nodiscard]] bool can_split(const ModelSpec& model, const Ranks& ranks);

}  // namespace tiersim::models
