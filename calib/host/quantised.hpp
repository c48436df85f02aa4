#pragma once
/// KV in 8 or 4 bits: what a compressed tier stores, from fp32 and back.
///
/// x is tokens x width, row-major, width a multiple of 64. A group of 64 elements shares one scale: 64 neighbours of a
/// token (Grouping::token), or the same channel of 64 neighbouring tokens (Grouping::channel; the last group may have
/// fewer). int8 is symmetric, x = scale code with |code| <= 127; int4 is not, x = scale code + zero with codes 0 to 15.
/// Each element comes back within half a scale. Codes: int8 [token][channel]; int4 [token][width / 2], where a byte
/// holds an element i of 64 in its lower half and element i + 32 in the upper, so that both are unpacked side by side.
/// Scales (and zeros of int4): token [token][width / 64]; channel [tokens / 64 rounded up][width]. Nothing is checked.
#include <cstdint>

#include "calib/host/team.hpp"

namespace tiersim::calib {

constexpr std::int64_t kQuantisedGroup = 64;

enum class Grouping : std::uint8_t { token, channel };

struct QuantisedShape {
  std::int64_t tokens = 0, width = 0;
  int bits = 8;
  Grouping grouping = Grouping::token;
  /// Bytes of codes, and numbers of scales.
  [[nodiscard]] std::int64_t code_bytes() const { return tokens * width * bits / 8; }
  [[nodiscard]] std::int64_t scales() const {
    const std::int64_t token_groups = (tokens + kQuantisedGroup - 1) / kQuantisedGroup;
    return grouping == Grouping::token ? tokens * (width / kQuantisedGroup) : token_groups * width;
  }
};

/// `zeros` of int8 are neither read nor written and may be null.
void quantise(Team& team, const QuantisedShape& shape, const float* x, std::uint8_t* codes, float* scales,
              float* zeros);
void dequantise(Team& team, const QuantisedShape& shape, const std::uint8_t* codes, const float* scales,
                const float* zeros, float* x);

}  // namespace tiersim::calib
