#pragma once
/// Points and work of the kernels that published tables time, in the units in which the cost model asks for them.
///
/// Called by the importers. FLOPs and bytes follow the counts of sim/cost: each operand once; scores of causal and
/// windowed attention exactly; of experts those that the tokens are expected to touch. Parameters are named as the
/// features of a law (calib/profile_laws.hpp) and as the shapes that calib/import/table_rules.hpp holds out.
#include <string>

#include "calib/measure/sample.hpp"
#include "sim/cost/operators.hpp"

namespace tiersim::calib {

struct ProductTable {
  std::string variant;  ///< of the weights: "bf16", "fp8", "fp8_block"
  double weight_bytes = 2, activation_bytes = 2;
  bool eager = false;  ///< launched one by one: the time includes it
};
/// C (m x n, bf16) = A (m x k) B (k x n): kernel gemv, thin or gemm by m, with "_eager" where launches are timed.
[[nodiscard]] Sample product_sample(const ProductTable& table, double m, double n, double k, double seconds);

struct AttentionTable {
  bool decode = false;
  double batch = 0;    ///< sequences
  double queries = 0;  ///< new tokens of each
  double context = 0;  ///< of each, the new ones included
  double heads = 0, kv_heads = 0, head_dim = 0;
  double window = 0;    ///< tokens; 0: all
  std::string variant;  ///< of the KV: "bf16", "fp8"
  double kv_bytes = 2;  ///< of an element
};
/// Kernel prefill_attention or decode_attention, with "_window" where there is one.
[[nodiscard]] Sample attention_sample(const AttentionTable& table, double seconds);

/// One repeat of an operator of the cost model. `variant`: of the weights or the KV.
[[nodiscard]] Sample operator_sample(const Operator& op, const std::string& variant, double seconds);

/// Between `ranks` GPUs, `bytes` on each; families "all_reduce" and "send_receive".
[[nodiscard]] Sample collective_sample(const std::string& family, const std::string& kernel, double ranks, double bytes,
                                       double seconds);

}  // namespace tiersim::calib
