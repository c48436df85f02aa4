// Products and softmax against plain loops in double precision, and the same bits however they lie in memory.
#include <doctest/doctest.h>

#include <cmath>

#include "sim/core/rng.hpp"
#include "sim/core/single_precision.hpp"

using namespace tiersim;

namespace {

std::vector<float> random_values(Rng& rng, std::int64_t count) {
  std::vector<float> out(static_cast<std::size_t>(count));
  for (float& x : out) x = static_cast<float>(rng.normal());
  return out;
}

}  // namespace

TEST_CASE("is the product each element's chain of fused multiply-adds, at any size?") {
  Rng rng(1);
  for (const auto [rows, depth, columns] :
       {std::array<std::int64_t, 3>{1, 1, 1}, {6, 5, 16}, {7, 33, 17}, {13, 1500, 40}, {3, 128, 100}}) {
    CAPTURE(rows);
    CAPTURE(columns);
    const std::vector<float> a = random_values(rng, rows * depth), b = random_values(rng, depth * columns);
    std::vector<float> c(static_cast<std::size_t>(rows * columns), 99.0F);
    multiply({a.data(), rows, depth, depth}, {b.data(), depth, columns, columns}, {c.data(), rows, columns, columns});
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t j = 0; j < columns; ++j) {
        float chain = 0;
        for (std::int64_t k = 0; k < depth; ++k)
          chain =
              std::fma(a[static_cast<std::size_t>(r * depth + k)], b[static_cast<std::size_t>(k * columns + j)], chain);
        REQUIRE(c[static_cast<std::size_t>(r * columns + j)] == chain);
      }
  }
}

TEST_CASE("is a transposed matrix the other way round?") {
  Rng rng(2);
  const std::vector<float> a = random_values(rng, 45 * 70), t = transposed({a.data(), 45, 70, 70});
  for (std::size_t r = 0; r < 45; ++r)
    for (std::size_t c = 0; c < 70; ++c) REQUIRE(t[c * 45 + r] == a[r * 70 + c]);
}

TEST_CASE("is softmax exact to single precision of its argument, and the same wherever it lies in memory?") {
  Rng rng(3);
  for (const std::size_t size : {1, 2, 7, 8, 9, 1000, 8447}) {
    CAPTURE(size);
    std::vector<float> x = random_values(rng, static_cast<std::int64_t>(size));
    for (float& value : x) value *= 20;
    std::vector<double> exact(size);
    double most = -1e30, sum = 0;
    for (float value : x) most = std::max(most, 0.25 * static_cast<double>(value));
    for (std::size_t i = 0; i < size; ++i) sum += exact[i] = std::exp(0.25 * static_cast<double>(x[i]) - most);
    std::vector<float> shifted(size + 3);
    std::copy(x.begin(), x.end(), shifted.begin() + 3);
    softmax(x, 0.25F);
    softmax(std::span(shifted).subspan(3), 0.25F);
    for (std::size_t i = 0; i < size; ++i) {
      const double tolerance = 4e-7 - 1.3e-7 * std::log(exact[i]);  // the argument is rounded too
      CHECK(std::abs(static_cast<double>(x[i]) - exact[i] / sum) <= tolerance * exact[i] / sum + 1e-30);
      CHECK(x[i] == shifted[i + 3]);
    }
    CHECK(static_cast<double>(sum_of(x)) == doctest::Approx(1).epsilon(1e-5));
  }
}
