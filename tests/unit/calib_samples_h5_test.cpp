// Raw samples in HDF5, read back with HDF5 itself.
#include <doctest/doctest.h>

#include <cmath>

#include "calib/samples_h5.hpp"
#include "tests/support/opened_h5.hpp"

using namespace tiersim::calib;
using tiersim::tests::OpenedH5;

namespace {

Sample sample_of(const std::string& family, const std::string& kernel, std::vector<Parameter> parameters,
                 double seconds) {
  Sample s;
  s.point = {family, kernel, "fp32", std::move(parameters)};
  s.seconds = seconds;
  s.batches = 9;
  s.throttled = kernel == "gemv";
  return s;
}

const std::vector<Sample> kSamples = {sample_of("gemm", "gemm", {{"m", 64}, {"k", 128}}, 1e-3),
                                      sample_of("memory", "read", {{"bytes", 4096}}, 1e-6),
                                      sample_of("gemm", "gemv", {{"k", 256}, {"split", 2}}, 1.0 / 3)};

}  // namespace

TEST_CASE("does HDF5 read back what was measured, family by family?") {
  const OpenedH5 opened(samples_h5(kSamples));
  REQUIRE(opened.usable());
  CHECK(opened.numbers("gemm/seconds") == std::vector{1e-3, 1.0 / 3});
  CHECK(opened.numbers("memory/seconds") == std::vector{1e-6});
  CHECK(opened.numbers("gemm/batches") == std::vector{9.0, 9.0});
  CHECK(opened.numbers("gemm/throttled") == std::vector{0.0, 1.0});
  CHECK(opened.text("gemm/kernel") == "gemmgemv");
  CHECK(opened.text("memory/variant") == "fp32");
  CHECK(opened.unit("gemm/seconds") == "s");
  CHECK(opened.unit("memory/parameter_bytes") == "B");
}

TEST_CASE("is a parameter that a point lacks no number?") {
  const OpenedH5 opened(samples_h5(kSamples));
  CHECK(opened.numbers("gemm/parameter_k") == std::vector{128.0, 256.0});
  const std::vector<double> split = opened.numbers("gemm/parameter_split");
  REQUIRE(split.size() == 2);
  CHECK(std::isnan(split[0]));
  CHECK(split[1] == 2);
}

TEST_CASE("are equal samples equal bytes, and none a file all the same?") {
  CHECK(samples_h5(kSamples) == samples_h5(kSamples));
  CHECK(samples_h5({}).starts_with("\x89HDF"));
}
