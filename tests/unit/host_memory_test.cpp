// The families that measure memory: their grids and fresh sizes, and every kernel at a tiny size.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>

#include "calib/host/buffer.hpp"
#include "calib/host/chase.hpp"
#include "calib/host/families.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/streams.hpp"

using namespace tiersim::calib;
using tiersim::Rng;

namespace {

constexpr Effort kQuick{
    .least_window = 1e-5, .most_seconds = 1e-3, .warm_ups = 1, .least_batches = 2, .most_batches = 2};

/// Little memory, so that arenas are small.
HostSetup small_setup(int threads) { return {"/tmp", 1 << 20, 32 << 20, std::make_shared<Team>(threads)}; }

Families memory_families(const HostSetup& setup) {
  Families families;
  families.push_back(ceiling_family(setup));
  families.push_back(memory_family(setup));
  families.push_back(latency_family(setup));
  families.push_back(memcpy_family(setup));
  families.push_back(overhead_family(setup));
  return families;
}

/// Values of one parameter by series.
std::map<std::string, std::vector<double>> values_of(const std::vector<Point>& points, std::string_view parameter) {
  std::map<std::string, std::vector<double>> values;
  for (const Point& p : points) {
    if (p.at(parameter, -1) >= 0) values[p.series()].push_back(p.at(parameter));
  }
  return values;
}

Sample measured(Family& family, const std::string& kernel, const std::string& variant,
                const std::vector<Parameter>& parameters) {
  const Sample sample = family.measure({std::string(family.name()), kernel, variant, parameters}, kQuick);
  INFO(sample.point.key());
  CHECK(sample.seconds > 0);
  CHECK(sample.low <= sample.seconds);
  CHECK(sample.seconds <= sample.high);
  CHECK(sample.batches >= 2);
  CHECK(sample.check < 1e-6);
  return sample;
}

}  // namespace

TEST_CASE("are sizes spread evenly, in whole quanta, from end to end?") {
  CHECK(spread({1, 16, 1}, 1) == std::vector<std::int64_t>{1, 2, 4, 8, 16});
  CHECK(spread({100, 1000, 10}, 1) == std::vector<std::int64_t>{100, 220, 460, 1000});
  CHECK(spread({5, 5, 5}, 2) == std::vector<std::int64_t>{5});
  CHECK(spread({6, 9, 5}, 2).empty());  // no multiple within
  CHECK(spread({90, 95, 20}, 2).empty());
  CHECK(spread({11, 39, 10}, 1) == std::vector<std::int64_t>{20, 30});
}

TEST_CASE("are fresh sizes log-uniform, and nowhere on the grid?") {
  Rng rng(1);
  const SizeRange range{4096, 4096 << 10, 2};
  const std::vector<std::int64_t> taken = spread(range, 2);
  double sum = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const auto size = fresh_size(rng, range, taken);
    REQUIRE(size.has_value());
    REQUIRE(*size >= range.low);
    REQUIRE(*size <= range.high);
    REQUIRE(*size % range.quantum == 0);
    REQUIRE_FALSE(std::binary_search(taken.begin(), taken.end(), *size));
    sum += std::log2(static_cast<double>(*size));
  }
  CHECK(sum / kDraws == doctest::Approx(17).epsilon(0.02));  // half-way between 2^12 and 2^22
  CHECK_FALSE(fresh_size(rng, {8, 16, 8}, {8, 16}).has_value());
}

TEST_CASE("are the grids sorted and distinct, within memory, and fresh sizes between their points?") {
  const HostSetup setup = small_setup(2);
  for (const auto& family : memory_families(setup)) {
    const std::vector<Point> grid = family->grid();
    std::set<std::string> keys;
    for (const Point& p : grid) {
      CHECK(p.family == family->name());
      CHECK(keys.insert(p.key()).second);
      CHECK(family->estimate(p).run > 0);
    }
    Rng rng(7);
    const std::vector<Point> fresh = family->fresh(rng, 40);
    for (const Point& p : fresh) CHECK_FALSE(keys.contains(p.key()));
    for (const std::string_view parameter : {"bytes", "size"}) {
      const auto fresh_values = values_of(fresh, parameter);
      for (const auto& [series, values] : values_of(grid, parameter)) {
        INFO(series);
        CHECK(std::is_sorted(values.begin(), values.end()));
        CHECK(values.back() <= 32 << 20);
        if (!fresh_values.contains(series)) continue;
        CHECK(std::ranges::min(fresh_values.at(series)) >= values.front());
        CHECK(std::ranges::max(fresh_values.at(series)) <= values.back());
      }
    }
  }
}

TEST_CASE("do the families that draw fresh sizes give as many as they are asked for?") {
  const HostSetup setup = small_setup(2);
  Rng rng(3);
  CHECK(memory_family(setup)->fresh(rng, 25).size() == 25);
  CHECK(latency_family(setup)->fresh(rng, 25).size() == 25);
  CHECK(memcpy_family(setup)->fresh(rng, 25).size() == 25);
}

TEST_CASE("does every memory kernel move the bytes that it says, and the right ones?") {
  for (const int threads : {1, 2, 3}) {
    const auto family = memory_family(small_setup(threads));
    for (const std::string kernel : {"read", "write", "copy", "triad"}) {
      const double bytes = 3 * 4096.0 * threads;
      CHECK(measured(*family, kernel, "all threads", {{"bytes", bytes}}).bytes ==
            doctest::Approx(bytes).epsilon(256.0 * 3 * threads / bytes));
      if (threads > 1) CHECK(measured(*family, kernel, "1 thread", {{"bytes", 1 << 20}}).bytes <= 1 << 20);
    }
    CHECK_THROWS_AS(static_cast<void>(family->measure({"memory", "triad", "all threads", {{"bytes", 8}}}, kQuick)),
                    std::runtime_error);
  }
}

TEST_CASE("are the points of the memory grid moved in full?") {
  const auto family = memory_family(small_setup(3));
  for (const Point& p : family->grid()) {
    if (p.at("bytes") < 200'000) CHECK(measured(*family, p.kernel, p.variant, p.parameters).bytes == p.at("bytes"));
  }
}

TEST_CASE("do the streams compute what they say?") {
  constexpr std::int64_t kCount = 96;
  Team team(1);
  const Buffer buffer(4 * kCount * 8);
  fill_random(team, buffer.all<double>(), 1);
  double *const a = buffer.as<double>(), *const b = a + kCount, *const c = b + kCount, *const d = c + kCount;
  double sum = 0;
  for (std::int64_t i = 0; i < kCount; ++i) sum += a[i];
  CHECK(stream_sum(a, kCount) == doctest::Approx(sum).epsilon(1e-12));
  stream_copy(a, b, kCount);
  CHECK(std::equal(a, a + kCount, b));
  stream_copy_around(a, c, kCount);
  CHECK(std::equal(a, a + kCount, c));
  stream_fill(b, kCount, 2.5);
  CHECK(std::count(b, b + kCount, 2.5) == kCount);
  stream_triad(d, b, c, 3, kCount);
  for (std::int64_t i = 0; i < kCount; ++i) CHECK(d[i] == doctest::Approx(2.5 + 3 * a[i]).epsilon(1e-15));
}

TEST_CASE("does the chase visit every line once before it is back?") {
  for (const std::size_t count : {1, 2, 3, 64, 1000}) {
    std::vector<ChaseLine> lines(count);
    Rng rng(count);
    link_at_random(lines, rng);
    std::set<const ChaseLine*> seen;
    const ChaseLine* at = lines.data();
    for (std::size_t i = 0; i < count; ++i) {
      seen.insert(at);
      at = chase(at, 1);
    }
    CHECK(seen.size() == count);
    CHECK(at == lines.data());
    CHECK(chase(lines.data(), static_cast<std::int64_t>(3 * count)) == lines.data());
  }
}

TEST_CASE("does latency measure one load over the working set that it states?") {
  const auto family = latency_family(small_setup(1));
  const Sample sample = measured(*family, "chase", "", {{"bytes", 16384}});
  CHECK(sample.bytes == 16384);
  CHECK(sample.seconds < 1e-4);
}

TEST_CASE("do copies arrive, in one piece and gathered?") {
  for (const int threads : {1, 3}) {
    const auto family = memcpy_family(small_setup(threads));
    for (const double size : {100.0, 4096.0, 12288.0, 1e6}) {
      CHECK(measured(*family, "memcpy", "all threads", {{"size", size}}).bytes == 2 * size);
    }
    CHECK(measured(*family, "blocks", "all threads", {{"block", 512}, {"operations", 100}}).bytes == 2 * 51200);
    CHECK(measured(*family, "blocks", "all threads", {{"block", 1536}, {"operations", 1}}).bytes == 2 * 1536);
    family->release();
    CHECK(measured(*family, "memcpy", "all threads", {{"size", 8192}}).bytes == 2 * 8192);
  }
}

TEST_CASE("are both ceilings right, and counted in full?") {
  const auto family = ceiling_family(small_setup(2));
  CHECK(family->grid().size() == 2);
  CHECK(measured(*family, "copy", "all threads", {{"bytes", 1 << 16}}).bytes == 1 << 16);
  const Sample product = measured(*family, "product", "fp32", {{"m", 96}, {"n", 96}, {"k", 96}});
  CHECK(product.flops == 2 * 96 * 96 * 96);
  CHECK(product.bytes == 4 * 3 * 96 * 96);
}

TEST_CASE("do a fork and a reading of the clock take time?") {
  const auto family = overhead_family(small_setup(2));
  for (const Point& p : family->grid()) CHECK(measured(*family, p.kernel, p.variant, p.parameters).bytes == 0);
}

TEST_CASE("does a buffer hold random data on huge-page boundaries, and refuse more than there is?") {
  Team team(2);
  const Buffer buffer(100'000);
  CHECK(buffer.bytes() == 100'000);
  CHECK(reinterpret_cast<std::uintptr_t>(buffer.as<char>()) % (2 << 20) == 0);
  fill_random(team, buffer.all<float>(), 5);
  const auto floats = buffer.all<float>();
  CHECK(std::ranges::min(floats) >= 0.5F);
  CHECK(std::ranges::max(floats) <= 1.5F);
  CHECK(std::set<float>(floats.begin(), floats.end()).size() > floats.size() * 9 / 10);
  CHECK_THROWS_WITH_AS(Buffer(1LL << 60), doctest::Contains("lower the memory"), std::runtime_error);
}
