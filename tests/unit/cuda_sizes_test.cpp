// Sizes, plans and index arithmetic of the CUDA microkernels, as far as they can be checked without a GPU.
#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "calib/cuda/index.hpp"
#include "calib/cuda/sizes.hpp"

using namespace tiersim;
using namespace tiersim::calib;

namespace {

/// A family that plans and cannot measure.
class Planned final : public SweptFamily {
 public:
  using SweptFamily::SweptFamily;
  Sample measure(const Point&, const Effort&) override { return {}; }
};

std::vector<FamilySizes> all_sizes(const DeviceInfo& device) {
  return {memory_sizes(device), gather_sizes(device), cache_sizes(device), elementwise_sizes(),
          quantise_sizes(),     overhead_sizes(),     mapping_sizes()};
}

CudaSetup nominal() { return {nominal_h200(), nullptr, 1}; }

Point point_of(const char* kernel, std::vector<Parameter> parameters, const char* variant = "") {
  return {"any", kernel, variant, std::move(parameters)};
}

}  // namespace

TEST_CASE("are all points of a grid different, and does each name its family?") {
  for (const FamilySizes& sizes : all_sizes(nominal_h200())) {
    const Planned family(nominal(), sizes);
    const auto grid = family.grid();
    std::set<std::string> keys;
    for (const Point& point : grid) {
      keys.insert(point.key());
      CHECK(point.family == sizes.name);
    }
    INFO(sizes.name);
    CHECK(keys.size() == grid.size());
    CHECK(grid.size() > 10);
  }
}

TEST_CASE("do fresh sizes stay within the grid's range, off its points, and of the grid's kernels?") {
  for (const FamilySizes& sizes : all_sizes(nominal_h200())) {
    const Planned family(nominal(), sizes);
    std::set<std::string> keys, series;
    for (const Point& point : family.grid()) keys.insert(point.key()), series.insert(point.series());
    Rng rng(7);
    const auto fresh = family.fresh(rng, 40);
    CHECK(fresh.size() == 40);
    std::set<std::string> drawn_series;
    for (const Point& point : fresh) {
      INFO(point.key());
      CHECK_FALSE(keys.contains(point.key()));
      CHECK(series.contains(point.series()));
      drawn_series.insert(point.series());
    }
    CHECK(drawn_series.size() == series.size());
  }
}

TEST_CASE("are a few fresh sizes spread over all kernels?") {
  const Planned family(nominal(), memory_sizes(nominal_h200()));
  Rng rng(1);
  std::set<std::string> series;
  for (const Point& point : family.fresh(rng, 4)) series.insert(point.series());
  CHECK(series.size() == 4);
}

TEST_CASE("does a GPU with little memory leave large points out?") {
  DeviceInfo small = nominal_h200();
  small.free_bytes = 1LL << 30;
  const Planned family({small, nullptr, 1}, memory_sizes(small));
  for (const Point& point : family.grid()) CHECK(point.at("bytes") < 1 << 30);
  CHECK(family.grid().size() > 50);
}

TEST_CASE("do streams move the bytes that they count?") {
  const auto load = memory_sizes(nominal_h200()).load;
  CHECK(load(point_of("read", {{"bytes", 4096}})).bytes == 4096);
  CHECK(load(point_of("copy", {{"bytes", 4096}})).bytes == 4096);  // 2048 read, 2048 written
  const Load triad = load(point_of("triad", {{"bytes", 4096}}));   // three arrays of 85 words
  CHECK(triad.bytes == 3 * 85 * 16);
  CHECK(triad.flops == 85 * 4 * 2);
}

TEST_CASE("does every word of a stream belong to one thread of one tile?") {
  const std::int64_t words = 3 * kStreamTile + 100;
  std::vector<int> touched(static_cast<std::size_t>(words), 0);
  for (std::int64_t tile = 0; tile < stream_tiles(words); ++tile) {
    for (int step = 0; step < kUnroll; ++step) {
      for (int thread = 0; thread < kStreamThreads; ++thread) {
        const std::int64_t word = stream_word(tile, step, thread);
        if (word < words) ++touched[static_cast<std::size_t>(word)];
      }
    }
  }
  CHECK(std::set<int>(touched.begin(), touched.end()) == std::set<int>{1});
  CHECK(stream_blocks(words, 1000) == 4);
  CHECK(stream_blocks(words, 3) == 3);
  CHECK(stream_blocks(1, 3) == 1);
}

TEST_CASE("are page tables permutations, and different ones for different seeds?") {
  for (const std::int64_t count : {1, 2, 5, 64, 1000, 4096}) {
    std::set<std::int64_t> pages;
    std::int64_t same = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      pages.insert(permuted(1, i, count));
      same += permuted(1, i, count) == permuted(2, i, count) ? 1 : 0;
    }
    INFO(count);
    CHECK(static_cast<std::int64_t>(pages.size()) == count);
    CHECK(*pages.rbegin() == count - 1);
    if (count >= 64) CHECK(same < count / 8);
  }
}

TEST_CASE("are neighbours in a page table far apart?") {
  const std::int64_t count = 4096;
  double jumps = 0;
  for (std::int64_t i = 0; i + 1 < count; ++i) {
    jumps += std::abs(static_cast<double>(permuted(3, i + 1, count) - permuted(3, i, count)));
  }
  const double mean = jumps / static_cast<double>(count - 1) / static_cast<double>(count);
  CHECK(mean == doctest::Approx(1.0 / 3).epsilon(0.05));  // of two uniform numbers
}

TEST_CASE("do rotating copies exceed the L2 four times, and never when one run does already?") {
  CHECK(copies_beyond(100, 400) == 1);
  CHECK(copies_beyond(100, 399) == 2);
  CHECK(copies_beyond(100, 40) == 10);
  const GatherShape shape = gather_shape(point_of("paged", {{"block", 4096}, {"total", 64 << 20}}), nominal_h200());
  CHECK(shape.blocks == 16384);
  CHECK(2 * shape.run_bytes() * shape.copies >= 4 * nominal_h200().l2_bytes);
  CHECK(shape.pool_blocks() == 2 * shape.blocks * shape.copies);
}

TEST_CASE("do a warp's shared-memory reads fall into different banks?") {
  for (int pass = 0; pass < 70; ++pass) {
    for (int quarter = 0; quarter < 4; ++quarter) {  // eight threads fetch 128 bytes together
      std::set<int> places;
      for (int thread = 8 * quarter; thread < 8 * quarter + 8; ++thread)
        places.insert(shared_word(thread, pass, 3) % 8);
      CHECK(places.size() == 8);
    }
  }
}

TEST_CASE("do keys of bf16 order as the numbers do, and turn back into their bits?") {
  const std::uint32_t ascending[] = {0xFF7F, 0xC000, 0xBF80, 0x8001, 0x8000, 0x0000, 0x0001, 0x3F80, 0x4000, 0x7F7F};
  for (std::size_t i = 0; i + 1 < std::size(ascending); ++i)
    CHECK(ordered_key(ascending[i]) < ordered_key(ascending[i + 1]));
  for (const std::uint32_t bits : ascending) CHECK(bits_of_key(ordered_key(bits)) == bits);
}

TEST_CASE("has every group of a quantised tile its own scale, and is every scale used?") {
  const std::int64_t tokens = 2 * kTileTokens, channels = 2 * kTileChannels;
  for (const bool by_channel : {false, true}) {
    std::vector<int> elements(static_cast<std::size_t>(tokens * channels / kGroup), 0);
    for (std::int64_t token = 0; token < tokens; ++token) {
      for (std::int64_t channel = 0; channel < channels; ++channel) {
        ++elements[static_cast<std::size_t>(scale_place(by_channel, token, channel, channels))];
      }
    }
    CHECK(std::set<int>(elements.begin(), elements.end()) == std::set<int>{kGroup});
  }
}

TEST_CASE("are sampled places within range, with both ends?") {
  CHECK(sampled_places(3, 64, 1) == std::vector<std::int64_t>{0, 1, 2});
  const auto places = sampled_places(1LL << 33, 64, 1);
  CHECK(places[0] == 0);
  CHECK(places[1] == (1LL << 33) - 1);
  for (const std::int64_t place : places) CHECK((0 <= place && place < 1LL << 33));
}

TEST_CASE("is the random data uniform and the same for the same seed?") {
  double sum = 0, squares = 0;
  constexpr int kCount = 20000;
  for (int i = 0; i < kCount; ++i) {
    const double x = static_cast<double>(random_value(9, static_cast<std::uint64_t>(i)));
    sum += x;
    squares += x * x;
  }
  CHECK(std::abs(sum / kCount) < 0.02);
  CHECK(squares / kCount == doctest::Approx(1.0 / 3).epsilon(0.03));
  CHECK(random_word(9, 5) == random_word(9, 5));
  CHECK(random_word(9, 5) != random_word(10, 5));
}

TEST_CASE("do quantised blocks count codes, values and scales?") {
  const auto load = quantise_sizes().load;
  const double elements = 64.0 * 1024;
  const std::vector<Parameter> size{{"m", 64}, {"n", 1024}};
  CHECK(load(point_of("quantise", size, "int8 token")).bytes == elements * 3 + 2 * elements / 64);
  CHECK(load(point_of("dequantise", size, "int4 channel")).bytes == elements * 2.5 + 2 * elements / 64);
}
