#include "sim/report/hdf5_memory.hpp"

#include <algorithm>
#include <hdf5.h>

#include "sim/core/hdf5_handle.hpp"

namespace tiersim {
namespace {

hid_t text_type(std::size_t size) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  if (type < 0 || H5Tset_size(type, size) >= 0) return type;
  H5Tclose(type);
  return -1;
}

void add_unit(hid_t dataset, const std::string& unit) {
  const Hdf5Handle type(text_type(unit.size() + 1), H5Tclose, "make a type");
  const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "make a space");
  const Hdf5Handle attribute(H5Acreate2(dataset, "unit", type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                             "make an attribute");
  check_hdf5(H5Awrite(attribute.id(), type.id(), unit.c_str()) >= 0, "write an attribute");
}

hid_t create_in_memory(hid_t access, const std::string& name) {
  constexpr std::size_t kIncrement = 1 << 20;
  check_hdf5(H5Pset_fapl_core(access, kIncrement, false) >= 0, "keep a file in memory");
  return H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
}

/// Rows of one length, as HDF5 wants texts.
std::string side_by_side(const std::vector<std::string>& values, std::size_t length) {
  std::string all;
  for (const std::string& v : values) all.append(v).append(length - v.size(), '\0');
  return all;
}

}  // namespace

struct Hdf5Memory::Impl {
  explicit Impl(const std::string& name)
      : access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make a property list"),
        file(create_in_memory(access.id(), name), H5Fclose, "make a file") {}

  void write(const std::string& path, const std::string& unit, hid_t stored, hid_t given, const void* values,
             std::size_t count) {
    const Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make a property list");
    check_hdf5(H5Pset_obj_track_times(properties.id(), false) >= 0, "leave out times");
    const hsize_t size = count;
    const Hdf5Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose, "make a space");
    const Hdf5Handle dataset(
        H5Dcreate2(file.id(), path.c_str(), stored, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT), H5Dclose,
        "make a dataset");
    check_hdf5(H5Dwrite(dataset.id(), given, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "write a dataset");
    if (!unit.empty()) add_unit(dataset.id(), unit);
  }

  QuietHdf5 quiet;  // first, so that it outlives what HDF5 may complain about
  Hdf5Handle access, file;
};

Hdf5Memory::Hdf5Memory(const std::string& name) : impl_(std::make_unique<Impl>(name)) {}
Hdf5Memory::~Hdf5Memory() = default;

void Hdf5Memory::group(const std::string& path) {
  const Hdf5Handle properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "make a property list");
  check_hdf5(H5Pset_obj_track_times(properties.id(), false) >= 0, "leave out times");
  const Hdf5Handle made(H5Gcreate2(impl_->file.id(), path.c_str(), H5P_DEFAULT, properties.id(), H5P_DEFAULT), H5Gclose,
                        "make a group");
}

void Hdf5Memory::add(const std::string& path, const std::string& unit, const std::vector<std::int64_t>& values) {
  impl_->write(path, unit, H5T_STD_I64LE, H5T_NATIVE_INT64, values.data(), values.size());
}

void Hdf5Memory::add(const std::string& path, const std::string& unit, const std::vector<double>& values) {
  impl_->write(path, unit, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.data(), values.size());
}

void Hdf5Memory::add(const std::string& path, const std::vector<std::string>& values) {
  std::size_t length = 1;  // texts of no length there are none in HDF5
  for (const std::string& v : values) length = std::max(length, v.size());
  const Hdf5Handle type(text_type(length), H5Tclose, "make a type");
  check_hdf5(H5Tset_strpad(type.id(), H5T_STR_NULLPAD) >= 0, "pad texts");
  impl_->write(path, "", type.id(), type.id(), side_by_side(values, length).data(), values.size());
}

std::string Hdf5Memory::bytes() const {
  const hid_t file = impl_->file.id();
  check_hdf5(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0, "flush a file");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  check_hdf5(size > 0, "measure a file");
  std::string image(static_cast<std::size_t>(size), '\0');
  check_hdf5(H5Fget_file_image(file, image.data(), image.size()) == size, "copy a file");
  return image;
}

}  // namespace tiersim
