#pragma once
/// Sizes of published models: the shapes that the host's families measure.
///
/// Mostly small ones, whose kernels run for microseconds to milliseconds on a host, and one of the size that hosts are
/// asked to serve. Sizes as in the models'
/// published configurations. Of a gated feed-forward, gate and up are one product of twice the width.
#include <array>
#include <cstdint>
#include <string_view>

namespace tiersim::calib {

struct HostModel {
  std::string_view name;
  std::int64_t hidden, query_heads, kv_heads, head_dim, feed_forward;
  bool gated;

  struct Weights {
    std::int64_t n, k;  ///< outputs, inputs
  };
  /// QKV, attention output, up (with gate), down.
  [[nodiscard]] constexpr std::array<Weights, 4> weights() const {
    const std::int64_t query = query_heads * head_dim;
    return {Weights{query + 2 * kv_heads * head_dim, hidden}, Weights{hidden, query},
            Weights{(gated ? 2 : 1) * feed_forward, hidden}, Weights{hidden, feed_forward}};
  }
};

inline constexpr std::array kHostModels = {
    HostModel{"SmolLM-135M", 576, 9, 3, 64, 1536, true},   HostModel{"Gemma-3-270M", 640, 4, 1, 256, 2048, true},
    HostModel{"OPT-125M", 768, 12, 12, 64, 3072, false},   HostModel{"SmolLM-360M", 960, 15, 5, 64, 2560, true},
    HostModel{"OPT-350M", 1024, 16, 16, 64, 4096, false},  HostModel{"Qwen3-0.6B", 1024, 16, 8, 128, 3072, true},
    HostModel{"Gemma-3-1B", 1152, 4, 1, 256, 6912, true},  HostModel{"Llama-3.2-1B", 2048, 32, 8, 64, 8192, true},
    HostModel{"Mistral-7B", 4096, 32, 8, 128, 14336, true}};

}  // namespace tiersim::calib
