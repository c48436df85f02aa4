// Raw samples in HDF5, read back with HDF5 itself.
#include <doctest/doctest.h>

#include <cmath>
#include <hdf5.h>

#include "calib/samples_h5.hpp"
#include "tests/support/trace_files.hpp"

using namespace tiersim::calib;
using tiersim::tests::TemporaryFolder;

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

/// The file that samples_h5() makes, open.
struct Opened {
  TemporaryFolder folder;
  hid_t file;

  Opened() : file(H5Fopen(folder.write("samples.h5", samples_h5(kSamples)).c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {}
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() { H5Fclose(file); }

  [[nodiscard]] std::vector<double> numbers(const char* path) const {
    const hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Sclose(space);
    H5Dclose(dataset);
    return values;
  }
  [[nodiscard]] std::string text(const char* path) const {
    const hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
    const hid_t type = H5Dget_type(dataset);
    std::string all(static_cast<std::size_t>(H5Dget_storage_size(dataset)), ' ');
    H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data());
    H5Tclose(type);
    H5Dclose(dataset);
    return all;
  }
  [[nodiscard]] std::string unit(const char* path) const {
    const hid_t attribute = H5Aopen_by_name(file, path, "unit", H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute);
    std::string text(H5Tget_size(type), '\0');
    H5Aread(attribute, type, text.data());
    H5Tclose(type);
    H5Aclose(attribute);
    return text.c_str();
  }
};

}  // namespace

TEST_CASE("does HDF5 read back what was measured, family by family?") {
  const Opened opened;
  REQUIRE(opened.file >= 0);
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
  const Opened opened;
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
