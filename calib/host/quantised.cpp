// Segments of 64 channels of one token are what is packed and unpacked, with a scale and a zero per lane: all the same
// for groups along a token, a row of them for groups along channels. So one loop serves both groupings.
#include "calib/host/quantised.hpp"

#include <Eigen/Core>

#include <algorithm>

#include "calib/host/parts.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kLanes = kQuantisedGroup;

using Lanes = Eigen::Array<float, kLanes, 1>;
using View = Eigen::Map<Lanes>;
using ConstView = Eigen::Map<const Lanes>;

template <int Bits>
void unpack(const std::uint8_t* codes, Lanes& out) {
  if constexpr (Bits == 8) {
    for (int i = 0; i < kLanes; ++i) out[i] = static_cast<float>(static_cast<std::int8_t>(codes[i]));
  } else {
    for (int i = 0; i < kLanes / 2; ++i) out[i] = static_cast<float>(codes[i] & 15);
    for (int i = 0; i < kLanes / 2; ++i) out[i + kLanes / 2] = static_cast<float>(codes[i] >> 4);
  }
}

/// Rounds to nearest and clips.
template <int Bits>
void pack(const Lanes& x, std::uint8_t* codes) {
  constexpr float kLow = Bits == 8 ? -127.0F : 0.0F, kHigh = Bits == 8 ? 127.0F : 15.0F;
  const Eigen::Array<std::int32_t, kLanes, 1> whole = x.max(kLow).min(kHigh).rint().cast<std::int32_t>();
  if constexpr (Bits == 8) {
    for (int i = 0; i < kLanes; ++i) codes[i] = static_cast<std::uint8_t>(whole[i]);
  } else {
    for (int i = 0; i < kLanes / 2; ++i) codes[i] = static_cast<std::uint8_t>(whole[i] | whole[i + kLanes / 2] << 4);
  }
}

/// Of lanes whose groups lie between these.
template <int Bits>
void scales_between(const Lanes& low, const Lanes& high, Lanes& scale, Lanes& zero) {
  if constexpr (Bits == 8) {
    scale = high.max(-low) * (1.0F / 127.0F);
    zero.setZero();
  } else {
    scale = (high - low) * (1.0F / 15.0F);
    zero = low;
  }
}

/// A group of tokens by 64 channels: one token where groups lie along it, else 64 tokens.
struct Tile {
  std::int64_t token, tokens, channel;
};

/// Byte and Number are const where they are only read.
template <int Bits, class Byte, class Number>
class Quantised {
 public:
  Quantised(const QuantisedShape& shape, Byte* codes, Number* scales, Number* zeros)
      : shape_(shape), codes_(codes), scales_(scales), zeros_(zeros) {}

  void quantise(const Tile& tile, const float* x) const {
    Lanes scale, zero;
    scales_of(tile, x, scale, zero);
    store(tile, scale, zero);
    const Lanes inverse = (scale > 0.0F).select(scale.inverse(), 0.0F);
    for (std::int64_t token = tile.token; token < tile.token + tile.tokens; ++token) {
      const Lanes scaled = (ConstView(x + element(token, tile.channel)) - zero) * inverse;
      pack<Bits>(scaled, codes_of(token, tile.channel));
    }
  }

  void dequantise(const Tile& tile, float* x) const {
    Lanes scale, zero, codes;
    load(tile, scale, zero);
    for (std::int64_t token = tile.token; token < tile.token + tile.tokens; ++token) {
      unpack<Bits>(codes_of(token, tile.channel), codes);
      View(x + element(token, tile.channel)) = scale * codes + zero;
    }
  }

 private:
  [[nodiscard]] std::int64_t element(std::int64_t token, std::int64_t channel) const {
    return token * shape_.width + channel;
  }
  [[nodiscard]] bool along_token() const { return shape_.grouping == Grouping::token; }
  [[nodiscard]] Byte* codes_of(std::int64_t token, std::int64_t channel) const {
    return codes_ + element(token, channel) * Bits / 8;
  }
  /// Where the tile's scales begin: one of them, or one a lane.
  [[nodiscard]] std::int64_t first_scale(const Tile& tile) const {
    return along_token() ? tile.token * (shape_.width / kLanes) + tile.channel / kLanes
                         : tile.token / kLanes * shape_.width + tile.channel;
  }

  void scales_of(const Tile& tile, const float* x, Lanes& scale, Lanes& zero) const {
    Lanes low = ConstView(x + element(tile.token, tile.channel)), high = low;
    for (std::int64_t token = tile.token + 1; token < tile.token + tile.tokens; ++token) {
      const ConstView from(x + element(token, tile.channel));
      low = low.min(from);
      high = high.max(from);
    }
    if (along_token()) {
      low.setConstant(low.minCoeff());
      high.setConstant(high.maxCoeff());
    }
    scales_between<Bits>(low, high, scale, zero);
  }

  void store(const Tile& tile, const Lanes& scale, const Lanes& zero) const {
    const std::int64_t count = along_token() ? 1 : kLanes;
    std::copy_n(scale.data(), count, scales_ + first_scale(tile));
    if constexpr (Bits == 4) std::copy_n(zero.data(), count, zeros_ + first_scale(tile));
  }

  void load(const Tile& tile, Lanes& scale, Lanes& zero) const {
    const auto spread = [&](const float* from, Lanes& to) {
      if (along_token()) {
        to.setConstant(*from);
      } else {
        to = ConstView(from);
      }
    };
    spread(scales_ + first_scale(tile), scale);
    if constexpr (Bits == 4) {
      spread(zeros_ + first_scale(tile), zero);
    } else {
      zero.setZero();
    }
  }

  const QuantisedShape& shape_;
  Byte* codes_;
  Number *scales_, *zeros_;
};

template <class Each>
void for_tiles(Team& team, const QuantisedShape& shape, const Each& each) {
  const std::int64_t step = shape.grouping == Grouping::token ? 1 : kLanes;
  const std::int64_t grain = (row_grain(shape.width) + step - 1) / step * step;
  in_parts(team, shape.tokens, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t token = begin; token < end; token += step) {
      for (std::int64_t channel = 0; channel < shape.width; channel += kLanes) {
        each(Tile{token, std::min(step, shape.tokens - token), channel});
      }
    }
  });
}

}  // namespace

void quantise(Team& team, const QuantisedShape& shape, const float* x, std::uint8_t* codes, float* scales,
              float* zeros) {
  const auto run = [&](const auto& quantised) {
    for_tiles(team, shape, [&](const Tile& tile) { quantised.quantise(tile, x); });
  };
  if (shape.bits == 8) {
    run(Quantised<8, std::uint8_t, float>(shape, codes, scales, zeros));
  } else {
    run(Quantised<4, std::uint8_t, float>(shape, codes, scales, zeros));
  }
}

void dequantise(Team& team, const QuantisedShape& shape, const std::uint8_t* codes, const float* scales,
                const float* zeros, float* x) {
  const auto run = [&](const auto& quantised) {
    for_tiles(team, shape, [&](const Tile& tile) { quantised.dequantise(tile, x); });
  };
  if (shape.bits == 8) {
    run(Quantised<8, const std::uint8_t, const float>(shape, codes, scales, zeros));
  } else {
    run(Quantised<4, const std::uint8_t, const float>(shape, codes, scales, zeros));
  }
}

}  // namespace tiersim::calib
