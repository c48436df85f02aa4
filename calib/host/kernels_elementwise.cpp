// What a layer does between its products and attention: bound by memory, or by the caches for few tokens. Loops that
// the compiler vectorises, and Eigen's array exponential.
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

#include "calib/host/kernels.hpp"
#include "calib/host/parts.hpp"

namespace tiersim::calib {
namespace {

constexpr float kEpsilon = 1e-5F;  // of the norm: keeps rows of zeros finite

using Row = Eigen::Map<Eigen::ArrayXf>;
using ConstRow = Eigen::Map<const Eigen::ArrayXf>;

}  // namespace

void rms_norm(Team& team, std::int64_t tokens, std::int64_t width, const float* x, const float* gain, float* out) {
  in_parts(team, tokens, row_grain(width), [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t token = begin; token < end; ++token) {
      const ConstRow row(x + token * width, width);
      const float factor = 1.0F / std::sqrt(row.square().mean() + kEpsilon);
      Row(out + token * width, width) = row * factor * ConstRow(gain, width);
    }
  });
}

void silu_multiply(Team& team, std::int64_t tokens, std::int64_t width, const float* gate_up, float* out) {
  in_parts(team, tokens, row_grain(width), [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t token = begin; token < end; ++token) {
      const ConstRow gate(gate_up + 2 * token * width, width), up(gate_up + (2 * token + 1) * width, width);
      Row(out + token * width, width) = gate * up / (1.0F + (-gate).exp());
    }
  });
}

void add(Team& team, std::int64_t count, const float* y, float* x) {
  in_parts(team, count, kElementGrain, [=](std::int64_t begin, std::int64_t end) {
    Row(x + begin, end - begin) += ConstRow(y + begin, end - begin);
  });
}

void softmax(Team& team, std::int64_t rows, std::int64_t width, float* x) {
  in_parts(team, rows, row_grain(width), [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Row row(x + i * width, width);
      row = (row - row.maxCoeff()).exp();
      row *= 1.0F / row.sum();
    }
  });
}

void write_kv(Team& team, const AttentionShape& shape, std::span<float* const> blocks, std::int64_t at,
              std::int64_t tokens, const float* keys, const float* values) {
  const std::int64_t dim = shape.head_dim, width = shape.kv_heads * dim;
  in_parts(team, tokens, row_grain(2 * width), [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t token = begin; token < end; ++token) {
      const std::int64_t position = at + token;
      float* to = blocks[static_cast<std::size_t>(position / shape.block)] + position % shape.block * dim;
      for (std::int64_t head = 0; head < shape.kv_heads; ++head) {
        std::copy_n(keys + token * width + head * dim, dim, to + head * shape.block * dim);
        std::copy_n(values + token * width + head * dim, dim, to + (shape.kv_heads + head) * shape.block * dim);
      }
    }
  });
}

}  // namespace tiersim::calib
