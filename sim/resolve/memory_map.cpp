// Of `hierarchy:` what a GPU's memory leaves for KV blocks.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "sim/report/human.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::detail {
namespace {

using config::Fields;

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

}  // namespace

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

namespace {

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

}  // namespace

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

}  // namespace tiersim::detail
