#include "sim/report/series_h5.hpp"

#include <hdf5.h>
#include <stdexcept>
#include <utility>
#include <vector>

#include "sim/report/words.hpp"

namespace tiersim {
namespace {

/// An HDF5 object, closed by the function of its kind.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const char* what) : id_(id), close_(close) {
    if (id < 0) throw std::runtime_error(std::string("series.h5: HDF5 could not make ") + what);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close_(id_); }
  [[nodiscard]] hid_t id() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

void check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("series.h5: HDF5 could not ") + what);
}

/// HDF5 prints its errors unless told otherwise; ours are exceptions.
class QuietErrors {
 public:
  QuietErrors() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
  ~QuietErrors() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

void add_unit(hid_t dataset, const std::string& unit) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "a type");
  check(H5Tset_size(type.id(), unit.size() + 1) >= 0, "size a type");
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, "a space");
  const Handle attribute(H5Acreate2(dataset, "unit", type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                         "an attribute");
  check(H5Awrite(attribute.id(), type.id(), unit.c_str()) >= 0, "write an attribute");
}

/// A file that exists in memory only.
class MemoryFile {
 public:
  MemoryFile()
      : access_(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "a property list"),
        file_(create(access_.id()), H5Fclose, "a file") {}

  void add(const std::string& name, const std::string& unit, const std::vector<std::int64_t>& values) {
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "a property list");
    check(H5Pset_obj_track_times(properties.id(), false) >= 0, "leave out times");
    const hsize_t size = values.size();
    const Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose, "a space");
    const Handle dataset(
        H5Dcreate2(file_.id(), name.c_str(), H5T_STD_I64LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT),
        H5Dclose, "a dataset");
    check(H5Dwrite(dataset.id(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0,
          "write a dataset");
    add_unit(dataset.id(), unit);
  }

  [[nodiscard]] std::string bytes() const {
    check(H5Fflush(file_.id(), H5F_SCOPE_GLOBAL) >= 0, "flush a file");
    const ssize_t size = H5Fget_file_image(file_.id(), nullptr, 0);
    check(size > 0, "measure a file");
    std::string image(static_cast<std::size_t>(size), '\0');
    check(H5Fget_file_image(file_.id(), image.data(), image.size()) == size, "copy a file");
    return image;
  }

 private:
  static hid_t create(hid_t access) {
    constexpr std::size_t kIncrement = 1 << 20;
    check(H5Pset_fapl_core(access, kIncrement, false) >= 0, "keep a file in memory");
    return H5Fcreate("series.h5", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  }

  Handle access_, file_;
};

}  // namespace

std::string series_h5(const RunResult& run) {
  const QuietErrors quiet;
  MemoryFile file;
  std::vector<std::int64_t> column(run.outcome.series.size());
  const auto add = [&](const std::string& name, const char* unit, const auto& value_of) {
    std::size_t row = 0;
    for (const SeriesPoint& p : run.outcome.series) column[row++] = value_of(p);
    file.add(name, unit, column);
  };
  add("time", "ns", [](const SeriesPoint& p) { return p.at.value(); });
  add("running", "requests", [](const SeriesPoint& p) { return p.running; });
  add("waiting", "requests", [](const SeriesPoint& p) { return p.waiting; });
  add("loading", "requests", [](const SeriesPoint& p) { return p.loading; });
  add("hbm_in_use", "blocks", [](const SeriesPoint& p) { return p.hbm_referenced; });
  for (std::size_t t = 0; t < run.context.tiers.size(); ++t)
    add("resident_" + as_key(run.context.tiers[t].name), "blocks", [t](const SeriesPoint& p) { return p.resident[t]; });
  add("tokens_out", "tokens", [](const SeriesPoint& p) { return p.tokens_out; });
  add("tokens_prefilled", "tokens", [](const SeriesPoint& p) { return p.tokens_prefilled; });
  return file.bytes();
}

}  // namespace tiersim
