// The host's products, norms and the like against the same formulas written naively in double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "calib/host/kernels.hpp"
#include "tests/support/host_reference.hpp"

using namespace tiersim;
using namespace tiersim::calib;
using namespace tiersim::test;

namespace {

struct Shape {
  std::int64_t m, n, k;
};

template <class Weight>
double product_error(Team& team, const Shape& s, Rng& rng) {
  const Floats a = random_floats(rng, s.m * s.k);
  std::vector<Weight> b;
  std::vector<double> exact;
  for (const float x : random_floats(rng, s.n * s.k)) {
    if constexpr (std::is_same_v<Weight, Bf16>) {
      b.push_back(static_cast<Bf16>(std::bit_cast<std::uint32_t>(x) >> 16));
      exact.push_back(std::bit_cast<float>(std::uint32_t{b.back()} << 16));
    } else {
      b.push_back(x);
      exact.push_back(x);
    }
  }
  Floats c(static_cast<std::size_t>(s.m * s.n), -1.0F);
  product(team, s.m, s.n, s.k, a.data(), b.data(), c.data());
  std::vector<double> reference;
  for (std::int64_t i = 0; i < s.m; ++i) {
    for (std::int64_t j = 0; j < s.n; ++j) {
      reference.push_back(
          std::inner_product(a.begin() + i * s.k, a.begin() + (i + 1) * s.k, exact.begin() + j * s.k, 0.0));
    }
  }
  return relative_error(c, reference);
}

}  // namespace

TEST_CASE("is a product right for many and few rows, odd sizes, both types of weights, one thread and all?") {
  Rng rng(1);
  std::vector<Shape> shapes = {{1, 1, 1},    {1, 64, 128},  {2, 33, 17}, {7, 5, 129},     {8, 130, 64},
                               {9, 130, 64}, {200, 24, 40}, {65, 67, 3}, {16, 100, 1030}, {17, 530, 700}};
  for (int i = 0; i < 8; ++i) {
    const auto draw = [&] { return 1 + static_cast<std::int64_t>(rng.below(90)); };
    shapes.push_back({draw(), draw(), draw()});
  }
  for (Team* team : teams()) {
    for (const Shape& s : shapes) {
      CAPTURE(s.m);
      CAPTURE(s.n);
      CAPTURE(s.k);
      CAPTURE(team->size());
      CHECK(product_error<float>(*team, s, rng) < 1e-5);
      CHECK(product_error<Bf16>(*team, s, rng) < 1e-5);
    }
  }
}

TEST_CASE("does the norm scale each token to a root mean square of one, times the gain?") {
  Rng rng(2);
  for (Team* team : teams()) {
    const std::int64_t tokens = 91, width = 403;
    const Floats x = random_floats(rng, tokens * width), gain = random_floats(rng, width);
    Floats out(x.size());
    rms_norm(*team, tokens, width, x.data(), gain.data(), out.data());
    std::vector<double> reference;
    for (std::int64_t t = 0; t < tokens; ++t) {
      double squares = 0;
      for (std::int64_t i = 0; i < width; ++i) squares += std::pow(x[at(t * width + i)], 2.0);
      const double root = std::sqrt(squares / static_cast<double>(width) + 1e-5);
      for (std::int64_t i = 0; i < width; ++i) reference.push_back(x[at(t * width + i)] / root * gain[at(i)]);
    }
    CHECK(relative_error(out, reference) < 1e-5);
  }
}

TEST_CASE("does rotary turn each pair by position times its frequency, also far into a long context?") {
  Rng rng(3);
  for (Team* team : teams()) {
    for (const std::int64_t first : {std::int64_t{0}, std::int64_t{1'000'000}}) {
      const std::int64_t tokens = 157, heads = 3, dim = 64;
      const Floats x = random_floats(rng, tokens * heads * dim);
      Floats out = x;
      rotary(*team, tokens, heads, dim, first, out.data());
      std::vector<double> reference(x.size());
      for (std::int64_t row = 0; row < tokens * heads; ++row) {
        for (std::int64_t i = 0; i < dim / 2; ++i) {
          const double angle = static_cast<double>(first + row / heads) *
                               std::pow(10'000.0, -2.0 * static_cast<double>(i) / static_cast<double>(dim));
          const double left = x[at(row * dim + i)], right = x[at(row * dim + dim / 2 + i)];
          reference[at(row * dim + i)] = left * std::cos(angle) - right * std::sin(angle);
          reference[at(row * dim + dim / 2 + i)] = right * std::cos(angle) + left * std::sin(angle);
        }
      }
      CHECK(relative_error(out, reference) < 1e-5);
    }
  }
}

TEST_CASE("are activation, sum and softmax their formulas?") {
  Rng rng(4);
  for (Team* team : teams()) {
    const std::int64_t tokens = 171, width = 211;
    const Floats gate_up = random_floats(rng, tokens * 2 * width, 4.0);
    Floats out(at(tokens * width));
    silu_multiply(*team, tokens, width, gate_up.data(), out.data());
    std::vector<double> reference;
    for (std::int64_t t = 0; t < tokens; ++t) {
      for (std::int64_t i = 0; i < width; ++i) {
        const double gate = gate_up[at(2 * t * width + i)];
        reference.push_back(gate / (1.0 + std::exp(-gate)) * gate_up[at((2 * t + 1) * width + i)]);
      }
    }
    CHECK(relative_error(out, reference) < 1e-5);

    const Floats x = random_floats(rng, tokens * width, 8.0), y = random_floats(rng, tokens * width);
    Floats sum = x;
    add(*team, tokens * width, y.data(), sum.data());
    bool is_exact = true;
    for (std::size_t i = 0; i < x.size(); ++i) is_exact = is_exact && sum[i] == x[i] + y[i];
    CHECK(is_exact);

    Floats shares = x;
    softmax(*team, tokens, width, shares.data());
    reference.clear();
    for (std::int64_t t = 0; t < tokens; ++t) {
      std::vector<double> row(x.begin() + t * width, x.begin() + (t + 1) * width);
      const double total =
          std::accumulate(row.begin(), row.end(), 0.0, [](double sum_of, double v) { return sum_of + std::exp(v); });
      for (const double v : row) reference.push_back(std::exp(v) / total);
    }
    CHECK(relative_error(shares, reference) < 1e-5);
  }
}
