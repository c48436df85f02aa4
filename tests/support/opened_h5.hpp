#pragma once
/// An HDF5 file's bytes, opened with HDF5 itself: for tests of what writes them.
#include <hdf5.h>
#include <string>
#include <vector>

#include "tests/support/trace_files.hpp"

namespace tiersim::tests {

class OpenedH5 {
 public:
  explicit OpenedH5(const std::string& bytes)
      : file_(H5Fopen(folder_.write("file.h5", bytes).c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {}
  OpenedH5(const OpenedH5&) = delete;
  OpenedH5& operator=(const OpenedH5&) = delete;
  ~OpenedH5() { H5Fclose(file_); }

  [[nodiscard]] bool usable() const { return file_ >= 0; }
  [[nodiscard]] std::vector<double> numbers(const std::string& path) const {
    const hid_t dataset = H5Dopen2(file_, path.c_str(), H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Sclose(space);
    H5Dclose(dataset);
    return values;
  }
  /// All rows behind each other.
  [[nodiscard]] std::string text(const std::string& path) const {
    const hid_t dataset = H5Dopen2(file_, path.c_str(), H5P_DEFAULT);
    const hid_t type = H5Dget_type(dataset);
    std::string all(static_cast<std::size_t>(H5Dget_storage_size(dataset)), ' ');
    H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data());
    H5Tclose(type);
    H5Dclose(dataset);
    return all;
  }
  [[nodiscard]] std::string unit(const std::string& path) const {
    const hid_t attribute = H5Aopen_by_name(file_, path.c_str(), "unit", H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute);
    std::string text(H5Tget_size(type), '\0');
    H5Aread(attribute, type, text.data());
    H5Tclose(type);
    H5Aclose(attribute);
    return text.c_str();
  }

 private:
  TemporaryFolder folder_;
  hid_t file_;
};

}  // namespace tiersim::tests
