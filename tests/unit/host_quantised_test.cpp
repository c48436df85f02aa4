// KV in 8 and 4 bits: every element back within half a scale, scales as wide as the group asks for and no wider.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "calib/host/quantised.hpp"
#include "tests/support/host_reference.hpp"

using namespace tiersim;
using namespace tiersim::calib;
using namespace tiersim::test;

namespace {

struct Stored {
  Stored(Team& team, const QuantisedShape& shape, const Floats& x)
      : codes(at(shape.code_bytes())), scales(at(shape.scales())), zeros(at(shape.scales())), back(x.size()) {
    quantise(team, shape, x.data(), codes.data(), scales.data(), zeros.data());
    dequantise(team, shape, codes.data(), scales.data(), zeros.data(), back.data());
  }
  std::vector<std::uint8_t> codes;
  Floats scales, zeros, back;
};

/// Largest and smallest of the group that element (token, channel) belongs to, gone through one by one.
struct Extent {
  float low, high;
};
Extent extent_of(const QuantisedShape& shape, const Floats& x, std::int64_t token, std::int64_t channel) {
  const bool along = shape.grouping == Grouping::token;
  const std::int64_t start = (along ? channel : token) / kQuantisedGroup * kQuantisedGroup;
  const std::int64_t end = std::min(start + kQuantisedGroup, along ? shape.width : shape.tokens);
  Extent extent{x[at(token * shape.width + channel)], x[at(token * shape.width + channel)]};
  for (std::int64_t i = start; i < end; ++i) {
    const float value = along ? x[at(token * shape.width + i)] : x[at(i * shape.width + channel)];
    extent = {std::min(extent.low, value), std::max(extent.high, value)};
  }
  return extent;
}

std::vector<QuantisedShape> shapes() {
  std::vector<QuantisedShape> all;
  for (const int bits : {8, 4}) {
    for (const Grouping grouping : {Grouping::token, Grouping::channel}) {
      for (const std::int64_t tokens : {1, 64, 300}) all.push_back({tokens, 128, bits, grouping});
    }
  }
  return all;
}

}  // namespace

TEST_CASE("does every element come back within half of its group's scale?") {
  Rng rng(9);
  for (Team* team : teams()) {
    for (const QuantisedShape& shape : shapes()) {
      CAPTURE(shape.bits);
      CAPTURE(shape.tokens);
      CAPTURE(static_cast<int>(shape.grouping));
      const Floats x = random_floats(rng, shape.tokens * shape.width, 3.0);
      const Stored stored(*team, shape, x);
      double worst = 0;  // in scales
      for (std::int64_t i = 0; i < shape.tokens * shape.width; ++i) {
        const Extent e = extent_of(shape, x, i / shape.width, i % shape.width);
        const float scale = shape.bits == 8 ? std::max(e.high, -e.low) / 127.0F : (e.high - e.low) / 15.0F;
        if (scale > 0) worst = std::max(worst, std::abs(static_cast<double>(stored.back[at(i)] - x[at(i)])) / scale);
        if (scale == 0) CHECK(stored.back[at(i)] == x[at(i)]);
      }
      CHECK(worst <= 0.5 + 1e-4);
      const bool is_alone = shape.tokens == 1 && shape.grouping == Grouping::channel;  // in its group: nothing to round
      CHECK((is_alone || worst > 0.4));
    }
  }
}

TEST_CASE("is what was stored once stored again without loss?") {
  Rng rng(10);
  for (const QuantisedShape& shape : shapes()) {
    const Stored once(*teams().back(), shape, random_floats(rng, shape.tokens * shape.width));
    const Stored twice(*teams().back(), shape, once.back);
    CHECK(twice.codes == once.codes);
    double worst = 0;
    for (std::size_t i = 0; i < once.back.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(twice.back[i] - once.back[i])));
    }
    CHECK(worst < 1e-5);
  }
}
