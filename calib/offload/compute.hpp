#pragma once
/// What the offload engine lets compute: one step of one sequence over paged KV frames.
///
/// Called by OffloadEngine, once per prefill chunk and once per decoded token; implemented by calib/host/offload (a
/// small decoder on the processors) and by tests (nothing at all). A frame holds a block of tokens for all layers,
/// layer by layer, each as calib/host/kernels.hpp lays out a block. The standard library only: the decoder is compiled
/// with other floating-point rules than the simulator, so nothing of the simulator may be in reach of it.
#include <cstdint>
#include <span>

namespace tiersim::calib {

/// A decoder of fp32 weights, activations and KV. The default has 113 MB of weights, more than caches hold, and 8 KiB
/// of KV a token.
struct DecoderShape {
  std::int64_t layers = 4;
  std::int64_t hidden = 768;
  std::int64_t query_heads = 12, kv_heads = 4, head_dim = 64;
  std::int64_t intermediate = 2048;  ///< of the gated MLP
  std::int64_t vocabulary = 4096;
  std::int64_t block = 16;  ///< tokens
  [[nodiscard]] std::int64_t layer_elements() const { return 2 * kv_heads * head_dim * block; }
  [[nodiscard]] std::int64_t frame_bytes() const { return 4 * layers * layer_elements(); }
};

struct ComputeStep {
  std::span<const std::uint32_t> tokens;  ///< new ones, below the vocabulary's size
  std::int64_t first = 0;                 ///< position of tokens[0]: what is before it is in the frames
  std::span<float* const> frames;         ///< of the sequence from its head on, the new tokens' included
  bool decode = false;                    ///< one token of an answer; otherwise a chunk of a prompt
  bool sampled = false;                   ///< the logits after the last token are wanted
};

class Compute {
 public:
  virtual ~Compute() = default;
  /// The logits if they are wanted (valid until the next call), else nothing.
  virtual std::span<const float> step(const ComputeStep& step) = 0;
};

}  // namespace tiersim::calib
