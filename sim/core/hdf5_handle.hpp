#pragma once
/// Owners of what HDF5's C interface hands out, for the files that read and write it.
///
/// HDF5 stays in .cpp files: ids are its hid_t, a 64-bit integer, and closers its functions. Errors:
/// std::runtime_error.
#include <cstdint>

namespace tiersim {

/// An HDF5 object, closed by the function of its kind.
class Hdf5Handle {
 public:
  using Close = int (*)(std::int64_t id);
  /// `what`: "HDF5 could not " and this are the error's text where the id is none.
  Hdf5Handle(std::int64_t id, Close close, const char* what);
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  ~Hdf5Handle() { close_(id_); }
  [[nodiscard]] std::int64_t id() const { return id_; }

 private:
  std::int64_t id_;
  Close close_;
};

/// HDF5 prints its errors unless told otherwise; ours are exceptions. As long as this lives it is quiet.
class QuietHdf5 {
 public:
  QuietHdf5();
  QuietHdf5(const QuietHdf5&) = delete;
  QuietHdf5& operator=(const QuietHdf5&) = delete;
  ~QuietHdf5();

 private:
  int (*function_)(std::int64_t, void*) = nullptr;
  void* data_ = nullptr;
};

/// Throws std::runtime_error: "HDF5 could not " and `what`.
void check_hdf5(bool ok, const char* what);

}  // namespace tiersim
