// What a layer does between its products and attention: bound by memory, or by the caches for few tokens. Loops that
// the compiler vectorises, and Eigen's array exponential.
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "calib/host/kernels.hpp"
#include "calib/host/parts.hpp"

namespace tiersim::calib {
namespace {

constexpr float kEpsilon = 1e-5F;         // of the norm: keeps rows of zeros finite
constexpr double kRotaryBase = 10'000.0;  // wavelengths from 2 pi to nearly 2 pi times this, as in RoPE's paper
constexpr std::int64_t kGrain = 1024;     // elements of one thread at least

using Row = Eigen::Map<Eigen::ArrayXf>;
using ConstRow = Eigen::Map<const Eigen::ArrayXf>;

/// Rows that make up a grain.
std::int64_t row_grain(std::int64_t width) { return std::max(std::int64_t{1}, kGrain / width); }

/// Radians per position of each pair of a head.
const std::vector<double>& frequencies(std::int64_t head_dim) {
  thread_local std::vector<double> table;
  const auto pairs = static_cast<std::size_t>(head_dim / 2);
  if (table.size() != pairs) {
    table.resize(pairs);
    for (std::size_t i = 0; i < pairs; ++i) {
      table[i] = std::pow(kRotaryBase, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    }
  }
  return table;
}

/// The angles of a position's pairs in [0, 2 pi): reduced in double, since fp32 has no digits left at long contexts.
void angles_at(std::int64_t position, std::int64_t head_dim, float* angles) {
  constexpr double kTurn = 2.0 * std::numbers::pi;
  const std::vector<double>& frequency = frequencies(head_dim);
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    const double turns = static_cast<double>(position) * frequency[i] * (1.0 / kTurn);
    angles[i] = static_cast<float>((turns - std::floor(turns)) * kTurn);
  }
}

void rotate(const float* cosines, const float* sines, std::int64_t pairs, float* head) {
  for (std::int64_t i = 0; i < pairs; ++i) {
    const float left = head[i], right = head[i + pairs];
    head[i] = left * cosines[i] - right * sines[i];
    head[i + pairs] = right * cosines[i] + left * sines[i];
  }
}

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

void rotary(Team& team, std::int64_t tokens, std::int64_t heads, std::int64_t head_dim, std::int64_t first_position,
            float* x) {
  in_parts(team, tokens, row_grain(heads * head_dim), [=](std::int64_t begin, std::int64_t end) {
    thread_local Scratch scratch;
    const std::int64_t pairs = head_dim / 2;
    float* angles = scratch.floats(3 * pairs);
    Row cosines(angles + pairs, pairs), sines(angles + 2 * pairs, pairs);
    for (std::int64_t token = begin; token < end; ++token) {
      angles_at(first_position + token, head_dim, angles);
      cosines = Row(angles, pairs).cos();
      sines = Row(angles, pairs).sin();
      float* heads_of = x + token * heads * head_dim;
      for (std::int64_t head = 0; head < heads; ++head) {
        rotate(cosines.data(), sines.data(), pairs, heads_of + head * head_dim);
      }
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
  in_parts(team, count, kGrain, [=](std::int64_t begin, std::int64_t end) {
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
