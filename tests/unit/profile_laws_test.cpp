// Laws in closed form: each feature, the sides and their ridge, segments, waves, corrections, the trained range.
#include <doctest/doctest.h>

#include <cmath>

#include "calib/profile_law_timer.hpp"
#include "tests/support/synthetic_samples.hpp"

using namespace tiersim;
using namespace tiersim::test;
using calib::Feature;
using calib::Law;
using calib::Work;

namespace {

double seconds(const Law& law, const Work& work) { return law.time(work).value(); }

Law one_term(Feature feature) { return law_with(0, {{"side", {{feature, 1}}}}); }

const Work kWork{.flops = 1200, .bytes = 600, .m = 2, .n = 3, .k = 4, .operations = 10, .depth = 5, .sequences = 7};

}  // namespace

TEST_CASE("each feature is what its name says") {
  const std::pair<Feature, double> expected[] = {{Feature::flops, 1200},      {Feature::flops_per_m, 600},
                                                 {Feature::flops_per_n, 400}, {Feature::flops_per_k, 300},
                                                 {Feature::bytes, 600},       {Feature::operations, 10},
                                                 {Feature::bytes_share, 120}, {Feature::operations_share, 2},
                                                 {Feature::sequences, 7},     {Feature::m, 2}};
  for (const auto& [feature, value] : expected) {
    CAPTURE(calib::name_of(feature));
    CHECK(seconds(one_term(feature), kWork) == value);
  }
}

TEST_CASE("are the features of experts what their names say?") {
  const Work work{
      .bytes = 600, .n = 88, .experts = 4, .rows_per_expert = 2.5, .tiles_per_expert = 1.25, .weight_bytes = 500};
  const std::pair<Feature, double> expected[] = {
      {Feature::experts, 4},        {Feature::rows_per_expert, 2.5}, {Feature::tiles_per_expert, 1.25},
      {Feature::weight_bytes, 500}, {Feature::other_bytes, 100},     {Feature::expert_bytes, 125},
      {Feature::alignment, 8}};
  for (const auto& [feature, value] : expected) {
    CAPTURE(calib::name_of(feature));
    CHECK(seconds(one_term(feature), work) == value);
  }
  CHECK(calib::value_of(Feature::alignment, {.n = 1024}) == 32);
  CHECK(calib::value_of(Feature::alignment, {.n = 11}) == 1);
}

TEST_CASE("a feature over a shape that the kernel has not is nothing") {
  for (Feature feature : {Feature::flops_per_m, Feature::flops_per_n, Feature::flops_per_k, Feature::bytes_share,
                          Feature::operations_share}) {
    CHECK(seconds(one_term(feature), {.flops = 1, .bytes = 1, .operations = 1}) == 0);
  }
}

TEST_CASE("sides join in the p-norm: the sum at 1, Pythagoras at 2, the largest at infinity") {
  Law law = law_with(100, {{"compute", {{Feature::flops, 0.01}}}, {"bandwidth", {{Feature::bytes, 0.005}}}});
  const Work work{.flops = 300, .bytes = 800};  // 3 s and 4 s
  law.ridge = 1;
  CHECK(seconds(law, work) == doctest::Approx(107).epsilon(1e-14));
  law.ridge = 2;
  CHECK(seconds(law, work) == doctest::Approx(105).epsilon(1e-14));
  law.ridge = 3;
  CHECK(seconds(law, work) == doctest::Approx(100 + std::cbrt(91)).epsilon(1e-14));
  law.ridge = 500;
  CHECK(seconds(law, work) == doctest::Approx(104).epsilon(1e-9));
  CHECK(seconds(law, {}) == 100);
  CHECK(seconds(law_with(7, {}), work) == 7);
}

TEST_CASE("terms of one side add up") {
  const Law law = law_with(0, {{"queue", {{Feature::operations_share, 3}, {Feature::bytes_share, 0.5}}}});
  CHECK(seconds(law, kWork) == 3 * 2 + 0.5 * 120);
}

TEST_CASE("segments of bytes: each has what lies between its knots, and the law is continuous") {
  Law law = law_with(1, {});
  law.knots = {100, 1000};
  law.sides = {{"b", {{Feature::bytes_segment, 3, 0}, {Feature::bytes_segment, 2, 1}, {Feature::bytes_segment, 1, 2}}}};
  CHECK(seconds(law, {.bytes = 50}) == 1 + 150);
  CHECK(seconds(law, {.bytes = 100}) == 1 + 300);
  CHECK(seconds(law, {.bytes = 400}) == 1 + 300 + 600);
  CHECK(seconds(law, {.bytes = 1000}) == 1 + 300 + 1800);
  CHECK(seconds(law, {.bytes = 5000}) == 1 + 300 + 1800 + 4000);
  law.sides[0].terms = {{Feature::bytes_segment, 1, 2}};
  CHECK(seconds(law, {.bytes = 999}) == 1);
  law.knots.clear();
  law.sides[0].terms = {{Feature::bytes_segment, 2, 0}};
  CHECK(seconds(law, {.bytes = 999}) == 1 + 2 * 999);
}

TEST_CASE("wave flops count the last wave of tiles whole") {
  Law law = one_term(Feature::wave_flops);
  law.tile = {128, 256, 10};
  const double wave = 2.0 * 128 * 256 * 64 * 10;
  CHECK(seconds(law, {.m = 128, .n = 256, .k = 64}) == wave);
  CHECK(seconds(law, {.m = 1280, .n = 256, .k = 64}) == wave);
  CHECK(seconds(law, {.m = 1281, .n = 256, .k = 64}) == 2 * wave);
  CHECK(seconds(law, {.m = 640, .n = 513, .k = 64}) == 2 * wave);
  law.tile = {};
  CHECK(seconds(law, {.flops = 5, .m = 1, .n = 1, .k = 1}) == 5);
}

TEST_CASE("a correction is log-linear between its knots and constant outside") {
  Law law = law_with(2, {});
  law.corrections = {{{{Feature::bytes, {10, 1000, 4000}}}, {1, 4, 0.5}}};
  CHECK(seconds(law, {.bytes = 1}) == doctest::Approx(2));
  CHECK(seconds(law, {.bytes = 10}) == doctest::Approx(2));
  CHECK(seconds(law, {.bytes = 100}) == doctest::Approx(2 * 2).epsilon(1e-14));
  CHECK(seconds(law, {.bytes = 1000}) == doctest::Approx(2 * 4).epsilon(1e-14));
  CHECK(seconds(law, {.bytes = 2000}) == doctest::Approx(2 * std::sqrt(2)).epsilon(1e-14));
  CHECK(seconds(law, {.bytes = 1e9}) == doctest::Approx(2 * 0.5).epsilon(1e-14));
  law.corrections = {{{{Feature::m, {8}}}, {3}}};
  CHECK(seconds(law, {.m = 100}) == doctest::Approx(6).epsilon(1e-14));
}

TEST_CASE("a correction over two features is bilinear in the logarithms") {
  Law law = law_with(1, {});
  law.corrections = {{{{Feature::m, {1, 16}}, {Feature::bytes, {100, 400}}}, {1, 2, 8, 64}}};
  CHECK(seconds(law, {.bytes = 100, .m = 1}) == doctest::Approx(1).epsilon(1e-14));
  CHECK(seconds(law, {.bytes = 400, .m = 1}) == doctest::Approx(2).epsilon(1e-14));
  CHECK(seconds(law, {.bytes = 100, .m = 16}) == doctest::Approx(8).epsilon(1e-14));
  CHECK(seconds(law, {.bytes = 900, .m = 99}) == doctest::Approx(64).epsilon(1e-14));
  CHECK(seconds(law, {.bytes = 200, .m = 4}) == doctest::Approx(std::exp2((0 + 1 + 3 + 6) / 4.0)).epsilon(1e-14));
}

TEST_CASE("a correction over three features: the last axis is the fastest") {
  Law law = law_with(1, {});
  law.corrections = {{{{Feature::m, {1, 4}}, {Feature::n, {1, 4}}, {Feature::k, {1, 4, 16}}},
                      {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048}}};
  CHECK(seconds(law, {.m = 1, .n = 1, .k = 4}) == doctest::Approx(2).epsilon(1e-14));
  CHECK(seconds(law, {.m = 1, .n = 4, .k = 1}) == doctest::Approx(8).epsilon(1e-14));
  CHECK(seconds(law, {.m = 4, .n = 1, .k = 1}) == doctest::Approx(64).epsilon(1e-14));
  CHECK(seconds(law, {.m = 9, .n = 9, .k = 99}) == doctest::Approx(2048).epsilon(1e-14));
  // Half-way along each axis, in the logarithm: 3 + 1.5 + 0.5 doublings, and one more knot along k.
  CHECK(seconds(law, {.m = 2, .n = 2, .k = 2}) == doctest::Approx(32).epsilon(1e-14));
  CHECK(seconds(law, {.m = 2, .n = 2, .k = 8}) == doctest::Approx(64).epsilon(1e-14));
}

TEST_CASE("a side far below the largest adds nothing, one just above the last bit does") {
  Law law = law_with(0, {{"compute", {{Feature::flops, 1}}}, {"bandwidth", {{Feature::bytes, 1}}}});
  law.ridge = 3;
  CHECK(seconds(law, {.flops = 1, .bytes = 1e-6}) == 1);
  CHECK(seconds(law, {.flops = 1, .bytes = 1e-4}) == doctest::Approx(1 + 1e-12 / 3).epsilon(1e-15));
  CHECK(seconds(law, {.flops = 1, .bytes = 1e-4}) > 1);
}

TEST_CASE("the largest side bounds a kernel") {
  const calib::LawTimer timer(law_with(1, {{"bandwidth", {{Feature::bytes, 1}}},
                                           {"compute", {{Feature::flops, 1}}},
                                           {"rate", {{Feature::operations, 1}}}}));
  CHECK(timer.of({.flops = 3, .bytes = 2, .operations = 1}).by_compute);
  CHECK_FALSE(timer.of({.flops = 3, .bytes = 4, .operations = 1}).by_compute);
  CHECK_FALSE(timer.of({.flops = 3, .bytes = 2, .operations = 5}).by_compute);
  CHECK(timer.fixed() == Seconds(1));
}

TEST_CASE("a law covers twice its trained range, and everything of what it was not trained on") {
  Law law = law_with(1, {});
  law.flops = {100, 1000}, law.bytes = {10, 20};
  const auto covers = [&](const Work& work) { return !calib::LawTimer(law).of(work).extrapolated; };
  CHECK(covers({.flops = 50, .bytes = 40}));
  CHECK(covers({.flops = 2000, .bytes = 5}));
  CHECK_FALSE(covers({.flops = 49, .bytes = 15}));
  CHECK_FALSE(covers({.flops = 500, .bytes = 41}));
  law.flops = {};
  CHECK(covers({.flops = 1e30, .bytes = 15}));
}
