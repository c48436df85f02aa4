// The matrix products that the CUDA microkernels measure.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "calib/cuda/gemm_points.hpp"

using namespace tiersim;
using namespace tiersim::calib;

namespace {

DeviceInfo device_of(int major, int minor) {
  DeviceInfo device;
  device.major = major;
  device.minor = minor;
  device.l2_bytes = 50LL << 20;
  device.free_bytes = 80LL << 30;
  return device;
}

}  // namespace

TEST_CASE("does bf16 meet every token count, and every product only once?") {
  std::set<std::string> keys;
  std::set<double> counts;
  const auto points = matrix_grid(device_of(9, 0));
  for (const Point& point : points) {
    keys.insert(point.key());
    if (point.variant == "bf16") counts.insert(point.at("m"));
  }
  CHECK(keys.size() == points.size());
  CHECK(counts.size() == std::size(token_counts));
}

TEST_CASE("are products named by their tokens, and all sizes what 8-bit tensor cores take?") {
  for (const Point& point : matrix_grid(device_of(9, 0))) {
    const double m = point.at("m");
    CHECK(point.kernel == (m == 1 ? "gemv" : m <= 16 ? "thin" : "gemm"));
    CHECK(std::fmod(point.at("n"), 16) == 0);
    CHECK(std::fmod(point.at("k"), 16) == 0);
  }
}

TEST_CASE("is fp8 left out where there is none, in the grid and in draws?") {
  const DeviceInfo ampere = device_of(8, 0);
  const auto is_fp8 = [](const Point& point) { return point.variant == "fp8"; };
  CHECK(std::ranges::none_of(matrix_grid(ampere), is_fp8));
  CHECK(std::ranges::any_of(matrix_grid(device_of(8, 9)), is_fp8));
  Rng rng(1);
  for (int i = 0; i < 40; ++i) CHECK(!is_fp8(fresh_matrix(rng, ampere)));
}

TEST_CASE("are the bytes of a product those of its matrices?") {
  CHECK(matrix_bytes(matrix_point("bf16", 2, {4, 8})) == 2 * (4 * 8 + 2 * 8 + 2 * 4));
  CHECK(matrix_bytes(matrix_point("fp8", 2, {4, 8})) == 4 * 8 + 2 * 8 + 2 * (2 * 4));
  CHECK(matrix_bytes(matrix_point("int8", 2, {4, 8})) == 4 * 8 + 2 * 8 + 4 * (2 * 4));
  CHECK(matrix_flops(matrix_point("bf16", 2, {4, 8})) == 2 * 2 * 4 * 8);
}
