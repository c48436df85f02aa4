#include "sim/core/hdf5_handle.hpp"

#include <hdf5.h>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace tiersim {

static_assert(std::is_same_v<hid_t, std::int64_t> && std::is_same_v<herr_t, int>);

void check_hdf5(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("HDF5 could not ") + what);
}

Hdf5Handle::Hdf5Handle(std::int64_t id, Close close, const char* what) : id_(id), close_(close) {
  check_hdf5(id >= 0, what);
}

QuietHdf5::QuietHdf5() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

QuietHdf5::~QuietHdf5() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

}  // namespace tiersim
