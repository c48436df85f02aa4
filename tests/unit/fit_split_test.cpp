// The declared split and the error table, by hand.
#include <doctest/doctest.h>

#include <algorithm>

#include "calib/fit/errors.hpp"
#include "calib/fit/observation.hpp"
#include "calib/fit/split.hpp"

using namespace tiersim;
using calib::Sample;

namespace {

Sample sample(double flops, double bytes) {
  Sample s;
  s.point = {"family", "kernel", "variant", {}};
  s.flops = flops, s.bytes = bytes, s.seconds = 1;
  return s;
}

std::vector<double> sizes(const std::vector<Sample>& samples) {
  std::vector<double> out;
  for (const Sample& s : samples) out.push_back(s.bytes);
  return out;
}

calib::Split split_of(std::vector<double> bytes) {
  std::vector<Sample> series;
  for (double b : bytes) series.push_back(sample(0, b));
  return calib::split_series(series);
}

calib::Prediction prediction(const char* kernel, double predicted, double measured) {
  return {"gemm", kernel, "fp32", "train", predicted, measured};
}

}  // namespace

TEST_CASE("every third size and the largest two are held out, in whatever order they were measured") {
  CHECK(sizes(split_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).held_out) == std::vector<double>{3, 6, 9, 10});
  CHECK(sizes(split_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).train) == std::vector<double>{1, 2, 4, 5, 7, 8});
  CHECK(sizes(split_of({5, 3, 1, 4, 2}).held_out) == std::vector<double>{3, 4, 5});
  CHECK(sizes(split_of({7, 1, 3, 6, 2, 5, 4}).held_out) == std::vector<double>{3, 6, 7});
}

TEST_CASE("fewer than five sizes all train") {
  CHECK(split_of({1, 2, 3, 4}).held_out.empty());
  CHECK(split_of({1, 2, 3, 4}).train.size() == 4);
  CHECK(split_of({1, 1, 1, 2, 2, 3, 4}).held_out.empty());
}

TEST_CASE("points of one size stay together") {
  CHECK(sizes(split_of({3, 1, 2, 3, 4, 5, 3}).held_out) == std::vector<double>{3, 3, 3, 4, 5});
}

TEST_CASE("size is flops where the series has any") {
  std::vector<Sample> series;
  for (int i = 1; i <= 6; ++i) series.push_back(sample(i, 100 - i));
  CHECK(sizes(calib::split_series(series).held_out) == std::vector<double>{97, 95, 94});
}

TEST_CASE("of copies in pieces with few totals the piece is the size") {
  std::vector<Sample> series;
  for (double pieces : {1, 2, 4, 8, 16}) {
    for (double all : {1600, 3200}) {
      series.push_back(sample(0, all));
      series.back().point.parameters = {{"operations", pieces * all / 1600}};
    }
  }
  // Pieces of 100, 200, 400, 800 and 1,600 bytes: the middle one and the largest two are held out.
  CHECK(calib::split_series(series).held_out.size() == 6);
  CHECK(calib::split_series(series).train[0].point.at("operations") == 16);
}

TEST_CASE("where nothing moves, the number of operations is the size") {
  std::vector<Sample> series(6, sample(0, 0));
  for (std::size_t i = 0; i < series.size(); ++i)
    series[i].point.parameters = {{"operations", static_cast<double>(1 << i)}};
  CHECK(calib::split_series(series).held_out.size() == 3);
}

TEST_CASE("series come in the order of their first point") {
  std::vector<Sample> samples(5, sample(0, 1));
  samples[0].point.kernel = samples[2].point.kernel = "b";
  samples[1].point.kernel = samples[4].point.kernel = "a";
  const auto series = calib::series_of(samples);
  REQUIRE(series.size() == 3);
  CHECK(series[0][0].point.kernel == "b");
  CHECK(series[0].size() == 2);
  CHECK(series[1][0].point.kernel == "a");
  CHECK(series[2].size() == 1);
}

TEST_CASE("throttled, wrong and impossible samples are unsound") {
  Sample s = sample(1, 1);
  CHECK(calib::is_sound(s));
  s.check = 0.011;
  CHECK_FALSE(calib::is_sound(s));
  s = sample(1, 1), s.throttled = true;
  CHECK_FALSE(calib::is_sound(s));
  s = sample(1, 1), s.seconds = 0;
  CHECK_FALSE(calib::is_sound(s));
}

TEST_CASE("a sample's work has its parameters; one of a drive is one I/O") {
  Sample s = sample(6, 5);
  s.point.parameters = {{"m", 1}, {"n", 2}, {"k", 3}, {"sequences", 4}, {"depth", 8}};
  const calib::Work work = calib::work_of(s);
  CHECK(work.flops == 6);
  CHECK(work.bytes == 5);
  CHECK(work.m + 10 * work.n + 100 * work.k + 1000 * work.sequences == 4321);
  CHECK(work.depth == 8);
  CHECK(work.operations == 0);
  s.point.family = "ssd";
  CHECK(calib::work_of(s).operations == 1);
}

TEST_CASE("the error row of three predictions, by hand") {
  const calib::ErrorRow row =
      calib::error_row({prediction("a", 1.1, 1), prediction("a", 1.8, 2), prediction("a", 3.9, 3)});
  CHECK(row.kernel == "a");
  CHECK(row.points == 3);
  CHECK(row.mape == doctest::Approx((0.1 + 0.1 + 0.3) / 3));
  CHECK(row.bias == doctest::Approx((0.1 - 0.1 + 0.3) / 3));
  CHECK(row.median == doctest::Approx(0.1));
  CHECK(row.p90 == doctest::Approx(0.1 + 0.8 * 0.2));
  CHECK(row.worst == doctest::Approx(0.3));
  CHECK(calib::error_row({}).points == 0);
}

TEST_CASE("families pool what series keep apart") {
  const std::vector<calib::Prediction> all = {prediction("a", 2, 1), prediction("b", 1, 1), prediction("a", 1, 1)};
  CHECK(calib::errors_by_series(all).size() == 2);
  CHECK(calib::errors_by_series(all)[0].mape == doctest::Approx(0.5));
  const auto families = calib::errors_by_family(all);
  REQUIRE(families.size() == 1);
  CHECK(families[0].points == 3);
  CHECK(families[0].kernel.empty());
  CHECK(families[0].mape == doctest::Approx(1.0 / 3));
}
