#pragma once
/// FlexGen's cost model: how fast a model generates offline when weights, KV cache and hidden states are spread over
/// one GPU, host memory and disk, and which spread is the fastest.
///
/// Source: Sheng et al., FlexGen, ICML 2023, section 4 and appendix, as the authors' released solver has it
/// (FMInference/FlexiGen, experimental/cost_model.py): prefill of a layer takes the longest of reading, writing and
/// computing; a decode step of a layer first brings its weights and hidden states to the GPU, then takes the longest of
/// all else; a cache outside the GPU is attended to by the CPU. A block of gpu_batch x batches sequences passes a layer
/// before the next layer's weights come. Times are linear in the nine fractions, so the best placement of a block is a
/// linear program; blocks are searched. It is a model of its own beside the simulator: nothing else calls it. Its rates
/// were fitted by its authors to whole runs on one machine and are no datasheet's.
///
/// Departs from the solver in searching every number of batches, where that stops at the first that is slower, and in
/// taking, of spreads that are equally fast, the one with the least on disk. As there, hidden states do not go to disk.
/// Left out, as there: memory bandwidth of the GPU, the cache's compression. Models are uniform decoders with plain
/// MLPs in 2 bytes (OPT). One solve takes 0.1 to 0.2 ms; best_policy some thousands of them. Deterministic. No errors:
/// nullopt says that nothing fits.
#include <cstdint>
#include <optional>

#include "models/model_spec.hpp"
#include "sim/core/units.hpp"

namespace tiersim::flexgen {

/// Defaults: the authors' T4 (16 GB) with 208 GB of host memory and a disk of 1.5 TB on Google Cloud. 1 GB is 2^30 B.
struct Machine {
  Bytes gpu{INT64_C(16) << 30}, host{INT64_C(200) << 30}, disk{INT64_C(1500) << 30};
  double usable = 0.8;  ///< of each
  BytesPerSecond host_to_gpu{12.89 * (1 << 30)};
  BytesPerSecond gpu_to_host_cache{0.97 * (1 << 30)};
  BytesPerSecond gpu_to_host_hidden{4.82 * (1 << 30)};
  BytesPerSecond disk_to_host{0.473 * (1 << 30)};
  double of_disk_for_weights = 0.95;                      ///< share of disk_to_host that a decode step's weights reach
  BytesPerSecond host_to_disk_cache{0.746 * (1 << 30)};   ///< in prefill
  BytesPerSecond host_to_disk_decode{2.015 * (1 << 30)};  ///< in decode
  FlopsPerSecond prefill_products{21.24e12}, decode_products{4.3e12};
  FlopsPerSecond prefill_attention{9.97e12}, decode_attention{0.079e12};
  FlopsPerSecond cpu_attention{0.0123e12};  ///< at full batches of wide models; less below (cpu_share)
};

struct Task {
  Tokens prompt{512}, output{32};
  bool four_bit_weights = false;
};

/// Fractions on each level; they add up to 1.
struct Spread {
  double gpu = 0, host = 0, disk = 0;
};

struct Policy {
  std::int64_t gpu_batch = 1;  ///< sequences in one kernel
  std::int64_t batches = 1;    ///< that pass a layer one after the other
  Spread weights{}, cache{}, hidden{};
  [[nodiscard]] std::int64_t block() const { return gpu_batch * batches; }
};

struct Estimate {
  Policy policy;
  Seconds prefill, decode;  ///< of a block, all layers, all steps
  double tokens_per_second = 0;
};

/// The time of a policy, whether or not it fits.
[[nodiscard]] Estimate estimate(const models::ModelSpec& model, const Machine& machine, const Task& task,
                                const Policy& policy);
/// The fastest spread for a block of this size, of those that fit; the given policy's spreads do not count.
[[nodiscard]] std::optional<Estimate> best_spread(const models::ModelSpec& model, const Machine& machine,
                                                  const Task& task, const Policy& block);
/// The fastest of all: GPU batches of 1 to 4, 8, 16 .., any number of them.
[[nodiscard]] std::optional<Estimate> best_policy(const models::ModelSpec& model, const Machine& machine,
                                                  const Task& task);
/// The share of cpu_attention that small batches and narrow models reach.
[[nodiscard]] double cpu_share(std::int64_t gpu_batch, std::int64_t hidden);

}  // namespace tiersim::flexgen
