#pragma once
/// Matrix products and softmax in single precision, the same to the last bit on every machine.
///
/// Called by attention replays and the generator of their recordings. Every output is one chain of fused multiply-adds
/// in the order of the inner dimension, and sums are taken in interleaved parts of fixed sizes, so results depend
/// neither on alignment nor on how loops are cut. (Eigen cuts its products by the size of the caches that it finds, and
/// takes exp() of what does not fill a register from libm.) Row-major; strides in elements. Asks for AVX2 and FMA,
/// which every processor of x86-64-v3 has.
#include <cstdint>
#include <span>
#include <vector>

namespace tiersim {

struct ConstMatrix {
  const float* data;
  std::int64_t rows, columns, stride;
};
struct MutableMatrix {
  float* data;
  std::int64_t rows, columns, stride;
};

/// c = a b. About half of a core's peak for hundreds of rows; 64 KB of scratch.
void multiply(ConstMatrix a, ConstMatrix b, MutableMatrix c);

/// rows x columns becomes columns x rows.
[[nodiscard]] std::vector<float> transposed(ConstMatrix a);

/// x becomes softmax(scale x). Relatively within 4e-7, and 1.3e-7 times the distance of the argument to the greatest
/// one. Not for an empty x.
void softmax(std::span<float> x, float scale);

/// The sum over i of weights[i] times row rows[i] of a matrix, in that order.
[[nodiscard]] std::vector<float> weighted_sum(std::span<const float> weights, std::span<const std::uint32_t> rows,
                                              ConstMatrix matrix);

/// In eight interleaved parts of each 256 elements.
[[nodiscard]] float sum_of(std::span<const float> x);

}  // namespace tiersim
