#include "traces/attention_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <hdf5.h>
#include <mutex>
#include <numeric>
#include <stdexcept>

#include "sim/core/diagnostics.hpp"
#include "sim/core/hdf5_handle.hpp"
#include "traces/half_floats.hpp"

namespace tiersim::traces {
namespace {

/// The library keeps state of its own and Debian builds it without locks.
std::mutex& hdf5_lock() {
  static std::mutex lock;
  return lock;
}

/// binary16, as h5py and NumPy write it.
hid_t half_type() {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  if (type >= 0 && H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(type, 2) >= 0 &&
      H5Tset_ebias(type, 15) >= 0)
    return type;
  return -1;
}

struct ShapeAttribute {
  const char* name;
  std::int64_t AttentionShape::*member;
};
constexpr std::array kShape = {
    ShapeAttribute{"layers", &AttentionShape::layers},     ShapeAttribute{"heads", &AttentionShape::heads},
    ShapeAttribute{"kv_heads", &AttentionShape::kv_heads}, ShapeAttribute{"head_size", &AttentionShape::head_size},
    ShapeAttribute{"prompt", &AttentionShape::prompt},     ShapeAttribute{"steps", &AttentionShape::steps},
    ShapeAttribute{"window", &AttentionShape::window}};

struct ArrayName {
  const char* name;
  std::vector<float> AttentionLayer::*member;
  bool may_be_half;
};
constexpr std::array kArrays = {ArrayName{"Q", &AttentionLayer::q, true}, ArrayName{"K", &AttentionLayer::k, true},
                                ArrayName{"V", &AttentionLayer::v, true},
                                ArrayName{"weights", &AttentionLayer::weights, true},
                                ArrayName{"column_sums", &AttentionLayer::column_sums, false}};

std::array<hsize_t, 3> dimensions_of(const AttentionShape& s, const std::string& name) {
  const auto size = [](std::int64_t n) { return static_cast<hsize_t>(n); };
  if (name == "Q") return {size(s.heads), size(s.rows()), size(s.head_size)};
  if (name == "weights") return {size(s.heads), size(s.rows()), size(s.tokens())};
  if (name == "column_sums") return {size(s.heads), size(s.prompt), 0};
  return {size(s.kv_heads), size(s.tokens()), size(s.head_size)};
}

hid_t untracked(hid_t kind) {
  const hid_t properties = H5Pcreate(kind);
  if (properties >= 0) H5Pset_obj_track_times(properties, false);
  return properties;
}

class Writer {
 public:
  explicit Writer(const std::string& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose, "make a file"),
        half_(half_type(), H5Tclose, "make a type") {}

  void attribute(const char* name, std::int64_t value) {
    const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "make a space");
    const Hdf5Handle made(H5Acreate2(file_.id(), name, H5T_STD_I64LE, space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                          "make an attribute");
    check_hdf5(H5Awrite(made.id(), H5T_NATIVE_INT64, &value) >= 0, "write an attribute");
  }
  void attribute(const char* name, const std::string& value) {
    const Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a type");
    check_hdf5(H5Tset_size(type.id(), value.size() + 1) >= 0, "size a text");
    const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "make a space");
    const Hdf5Handle made(H5Acreate2(file_.id(), name, type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                          "make an attribute");
    check_hdf5(H5Awrite(made.id(), type.id(), value.c_str()) >= 0, "write an attribute");
  }
  void group(const std::string& name) {
    const Hdf5Handle properties(untracked(H5P_GROUP_CREATE), H5Pclose, "make a property list");
    const Hdf5Handle made(H5Gcreate2(file_.id(), name.c_str(), H5P_DEFAULT, properties.id(), H5P_DEFAULT), H5Gclose,
                          "make a group");
  }
  /// One head a chunk, shuffled and compressed.
  void array(const std::string& path, const std::array<hsize_t, 3>& size, const std::vector<float>& values, bool half) {
    const int rank = size[2] == 0 ? 2 : 3;
    std::array<hsize_t, 3> chunk = size;
    chunk[0] = 1;
    constexpr hsize_t kLongest = 256;  // rows
    chunk[1] = rank == 3 ? std::min(chunk[1], kLongest) : chunk[1];
    const Hdf5Handle properties(untracked(H5P_DATASET_CREATE), H5Pclose, "make a property list");
    check_hdf5(H5Pset_chunk(properties.id(), rank, chunk.data()) >= 0 && H5Pset_shuffle(properties.id()) >= 0 &&
                   H5Pset_deflate(properties.id(), 1) >= 0,
               "set up compression");
    const Hdf5Handle space(H5Screate_simple(rank, size.data(), nullptr), H5Sclose, "make a space");
    const hid_t type = half ? half_.id() : H5T_IEEE_F32LE;
    const Hdf5Handle dataset(
        H5Dcreate2(file_.id(), path.c_str(), type, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT), H5Dclose,
        "make a dataset");
    const std::vector<std::uint16_t> narrow = half ? to_half(values) : std::vector<std::uint16_t>{};
    const void* data = half ? static_cast<const void*>(narrow.data()) : values.data();
    check_hdf5(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0, "write a dataset");
  }

 private:
  QuietHdf5 quiet_;
  Hdf5Handle file_, half_;
};

std::string layer_name(std::int64_t layer) { return fmt::format("layer_{}", layer); }

}  // namespace

struct AttentionFile::Impl {
  explicit Impl(std::string file_path)
      : path(std::move(file_path)), file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open it") {}

  [[noreturn]] void fail(const std::string& message) const {
    throw BadInput(fmt::format("{}: error: {}\n", path, message));
  }

  [[nodiscard]] std::int64_t attribute(const char* name) const {
    std::int64_t value = 0;
    if (H5Aexists(file.id(), name) <= 0) fail(fmt::format("the attribute '{}' is missing", name));
    const Hdf5Handle attribute(H5Aopen(file.id(), name, H5P_DEFAULT), H5Aclose, "open an attribute");
    if (H5Aread(attribute.id(), H5T_NATIVE_INT64, &value) < 0)
      fail(fmt::format("the attribute '{}' is no whole number", name));
    return value;
  }
  [[nodiscard]] std::string text(const char* name) const {
    if (H5Aexists(file.id(), name) <= 0) return {};
    const Hdf5Handle attribute(H5Aopen(file.id(), name, H5P_DEFAULT), H5Aclose, "open an attribute");
    const Hdf5Handle type(H5Aget_type(attribute.id()), H5Tclose, "ask for a type");
    if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) > 0) return {};
    std::string value(H5Tget_size(type.id()), '\0');
    check_hdf5(H5Aread(attribute.id(), type.id(), value.data()) >= 0, "read an attribute");
    return value.substr(0, value.find('\0'));
  }
  /// Reads a dataset, 16-bit floats as they lie in the file; `wide` otherwise.
  void read(const std::string& name, const std::array<hsize_t, 3>& size, std::vector<std::uint16_t>& narrow,
            std::vector<float>& wide) const {
    const Hdf5Handle dataset(H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT), H5Dclose, "open a dataset");
    const Hdf5Handle space(H5Dget_space(dataset.id()), H5Sclose, "ask for a space");
    std::array<hsize_t, 3> has{};
    if (H5Sget_simple_extent_ndims(space.id()) > 3 || H5Sget_simple_extent_dims(space.id(), has.data(), nullptr) < 0 ||
        has != size)
      fail(fmt::format("'{}' is {} x {} x {}, the shape asks for {} x {} x {}", name, has[0], has[1], has[2], size[0],
                       size[1], size[2]));
    const Hdf5Handle type(H5Dget_type(dataset.id()), H5Tclose, "ask for a type");
    const Hdf5Handle half(half_type(), H5Tclose, "make a type");
    const auto count = static_cast<std::size_t>(size[0] * size[1] * (size[2] == 0 ? 1 : size[2]));
    const bool is_half = H5Tequal(type.id(), half.id()) > 0;
    if (!is_half && H5Tget_class(type.id()) != H5T_FLOAT)
      fail(fmt::format("'{}' holds no floating-point values", name));
    is_half ? narrow.resize(count) : wide.resize(count);
    void* to = is_half ? static_cast<void*>(narrow.data()) : wide.data();
    const hid_t as = is_half ? half.id() : H5T_NATIVE_FLOAT;
    if (H5Dread(dataset.id(), as, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) < 0)
      fail(fmt::format("'{}' cannot be read: the file is damaged or cut off", name));
  }

  std::string path;
  QuietHdf5 quiet;
  Hdf5Handle file;
  AttentionShape shape;
  std::string model;
};

AttentionFile::AttentionFile(const std::string& path) {
  const std::lock_guard lock(hdf5_lock());
  try {
    const QuietHdf5 quiet;
    impl_ = std::make_unique<Impl>(path);
  } catch (const std::runtime_error&) {
    throw BadInput(fmt::format("{}: error: this is no HDF5 file, or it is cut off\n", path));
  }
  for (const ShapeAttribute& a : kShape) impl_->shape.*a.member = impl_->attribute(a.name);
  impl_->model = impl_->text("model");
  const AttentionShape& s = impl_->shape;
  for (const ShapeAttribute& a : kShape)
    if (s.*a.member < (a.member == &AttentionShape::steps || a.member == &AttentionShape::window ? 0 : 1))
      impl_->fail(fmt::format("the attribute '{}' is {}", a.name, s.*a.member));
  if (s.heads % s.kv_heads != 0)
    impl_->fail(fmt::format("{} heads do not share {} KV heads evenly", s.heads, s.kv_heads));
}

AttentionFile::~AttentionFile() {
  const std::lock_guard lock(hdf5_lock());
  impl_.reset();
}

const AttentionShape& AttentionFile::shape() const { return impl_->shape; }
const std::string& AttentionFile::model() const { return impl_->model; }

AttentionLayer AttentionFile::load(std::int64_t number) const {
  AttentionLayer layer;
  for (const ArrayName& array : kArrays) {
    const std::string name = layer_name(number) + "/" + array.name;
    std::vector<std::uint16_t> narrow;
    {
      const std::lock_guard lock(hdf5_lock());
      if (H5Lexists(impl_->file.id(), layer_name(number).c_str(), H5P_DEFAULT) <= 0)
        impl_->fail(fmt::format("the group '{}' is missing", layer_name(number)));
      if (H5Lexists(impl_->file.id(), name.c_str(), H5P_DEFAULT) <= 0) continue;
      impl_->read(name, dimensions_of(impl_->shape, array.name), narrow, layer.*array.member);
    }
    if (!narrow.empty()) layer.*array.member = from_half(narrow);
  }
  if (const std::string problem = check(impl_->shape, layer); !problem.empty())
    impl_->fail(fmt::format("{}: {}", layer_name(number), problem));
  return layer;
}

void write_attention(const std::string& path, const AttentionShape& shape, const std::string& model, FloatWidth width,
                     const std::function<AttentionLayer(std::int64_t layer)>& layer) {
  const std::string aside = path + ".partial";
  try {
    const std::lock_guard lock(hdf5_lock());
    Writer writer(aside);
    writer.attribute("model", model);
    for (const ShapeAttribute& a : kShape) writer.attribute(a.name, shape.*a.member);
    for (std::int64_t l = 0; l < shape.layers; ++l) {
      const AttentionLayer data = layer(l);
      writer.group(layer_name(l));
      for (const ArrayName& array : kArrays) {
        const std::vector<float>& values = data.*array.member;
        if (values.empty()) continue;
        writer.array(layer_name(l) + "/" + array.name, dimensions_of(shape, array.name), values,
                     width == FloatWidth::half && array.may_be_half);
      }
    }
  } catch (...) {
    std::remove(aside.c_str());
    throw;
  }
  if (std::rename(aside.c_str(), path.c_str()) == 0) return;
  std::remove(aside.c_str());
  throw std::runtime_error(fmt::format("could not write '{}'", path));
}

}  // namespace tiersim::traces
