// Recordings of attention in files: what is written is what is read, and what is wrong is named.
#include "traces/attention_file.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include "sim/core/diagnostics.hpp"
#include "tests/support/attention_recordings.hpp"
#include "traces/half_floats.hpp"

using namespace tiersim;
using namespace tiersim::tests;
using namespace tiersim::traces;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path path = fs::temp_directory_path() / ("tiersim_attention_" + std::to_string(getpid()));
  [[nodiscard]] std::string file(const char* name) const { return (path / name).string(); }
};

void write(const std::string& path, const RecordingInMemory& recording, FloatWidth width) {
  write_attention(path, recording.shape(), "a small model", width, [&](std::int64_t l) { return recording.load(l); });
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string problem_of(const std::string& path) {
  try {
    const AttentionFile file(path);
    for (std::int64_t l = 0; l < file.shape().layers; ++l) static_cast<void>(file.load(l));
  } catch (const BadInput& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("is a recording read as it was written, in 32 bits exactly and in 16 bits rounded?") {
  const Folder folder;
  const RecordingInMemory recording = random_recording(3, small_attention());
  write(folder.file("single.h5"), recording, FloatWidth::single);
  write(folder.file("half.h5"), recording, FloatWidth::half);
  const AttentionFile single(folder.file("single.h5")), half(folder.file("half.h5"));
  CHECK(single.model() == "a small model");
  CHECK(single.shape().tokens() == recording.shape().tokens());
  CHECK(single.shape().window == 8);
  for (std::int64_t l = 0; l < 3; ++l) {
    const AttentionLayer expected = recording.load(l), wide = single.load(l), narrow = half.load(l);
    CHECK(wide.q == expected.q);
    CHECK(wide.k == expected.k);
    CHECK(wide.v == expected.v);
    CHECK(wide.column_sums == expected.column_sums);
    CHECK(wide.weights.empty());
    CHECK(narrow.column_sums == expected.column_sums);
    for (std::size_t i = 0; i < expected.k.size(); ++i)
      CHECK(std::abs(narrow.k[i] - expected.k[i]) <= std::abs(expected.k[i]) / 2048 + 1e-7F);
  }
}

TEST_CASE("are 16-bit floats the processor's, there and back?") {
  std::vector<float> values{0, 1, -2, 65504, 1e-7F, 0.1F, 3.14159F, -0.333F, 5, 6, 7};
  const std::vector<float> back = from_half(to_half(values));
  CHECK(back[3] == 65504);
  CHECK(back[5] == 0.0999755859375F);
  CHECK(from_half(to_half(back)) == back);
}

TEST_CASE("does the same recording give the same bytes, and no file where it could not be made?") {
  const Folder folder;
  const RecordingInMemory recording = random_recording(3, small_attention());
  write(folder.file("one.h5"), recording, FloatWidth::half);
  write(folder.file("two.h5"), recording, FloatWidth::half);
  CHECK(bytes_of(folder.file("one.h5")) == bytes_of(folder.file("two.h5")));
  CHECK_THROWS(write_attention(folder.file("three.h5"), recording.shape(), "", FloatWidth::half,
                               [](std::int64_t) -> AttentionLayer { throw std::runtime_error("no layer"); }));
  CHECK_FALSE(fs::exists(folder.file("three.h5")));
  CHECK_FALSE(fs::exists(folder.file("three.h5.partial")));
}

TEST_CASE("does a file that is none, is cut off, or breaks its shape say so?") {
  const Folder folder;
  const std::string good = folder.file("good.h5"), bad = folder.file("bad.h5");
  const RecordingInMemory recording = random_recording(3, small_attention());
  write(good, recording, FloatWidth::half);
  CHECK(problem_of(good).empty());
  CHECK(problem_of(folder.file("nothing.h5")).find("no HDF5 file") != std::string::npos);
  std::ofstream(bad) << "no HDF5 at all";
  CHECK(problem_of(bad).find("no HDF5 file") != std::string::npos);
  const std::string bytes = bytes_of(good);
  std::ofstream(bad, std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  CHECK_FALSE(problem_of(bad).empty());
  const auto broken = [&](const std::function<void(AttentionLayer&)>& change) {
    write_attention(bad, recording.shape(), "", FloatWidth::single, [&](std::int64_t l) {
      AttentionLayer layer = recording.load(l);
      if (l == 1) change(layer);
      return layer;
    });
    return problem_of(bad);
  };
  CHECK(broken([](AttentionLayer& l) {
          l.k[7] = std::nanf("");
        }).find("layer_1: k has a value that is no number, at 7") != std::string::npos);
  CHECK(broken([](AttentionLayer& l) { l.q.clear(); }).find("neither weights nor Q and K") != std::string::npos);
  AttentionShape other = recording.shape();
  other.prompt -= 1;
  write_attention(bad, other, "", FloatWidth::single, [&](std::int64_t l) {
    AttentionLayer layer = recording.load(l);
    layer.k.resize(static_cast<std::size_t>(other.kv_heads * other.tokens() * other.head_size));
    layer.v = layer.k;
    layer.column_sums.resize(static_cast<std::size_t>(other.heads * other.prompt));
    return layer;
  });
  CHECK(problem_of(bad).empty());  // it says what it is
}

TEST_CASE("are weights that are none found, row by row?") {
  AttentionShape shape{.layers = 1, .heads = 1, .kv_heads = 1, .head_size = 2, .prompt = 3, .steps = 1, .window = 1};
  AttentionLayer layer;
  layer.weights = {0.5F, 0.25F, 0.25F, 0, 0.25F, 0.25F, 0.25F, 0.25F};
  CHECK(check(shape, layer).empty());
  layer.weights[0] = 0.6F;
  CHECK(check(shape, layer) == "row 0 of head 0 sums to 1.1000 instead of 1");
  layer.weights = {0.5F, 0.25F, 0.125F, 0.125F, 0.25F, 0.25F, 0.25F, 0.25F};
  CHECK(check(shape, layer) == "row 0 of head 0 sees key 3, which comes after it");
  layer.weights = {1.5F, -0.25F, -0.25F, 0, 0.25F, 0.25F, 0.25F, 0.25F};
  CHECK(check(shape, layer) == "row 0 of head 0 has a weight below zero, on key 1");
  layer.weights.pop_back();
  CHECK(check(shape, layer) == "weights has 7 values, its shape asks for 8");
}
