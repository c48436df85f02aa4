// The families of products, attention, element-wise kernels and quantisation: their grids, fresh sizes and work by
// hand, and every kernel and variant once at its smallest size.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "calib/host/families.hpp"
#include "calib/host/paged_turns.hpp"

using namespace tiersim::calib;
using tiersim::Rng;

namespace {

constexpr Effort kQuick{
    .least_window = 1e-5, .most_seconds = 1e-3, .warm_ups = 1, .least_batches = 2, .most_batches = 2};

HostSetup setup_with(std::int64_t memory) { return {"/tmp", 1 << 20, memory, std::make_shared<Team>(1)}; }

Families compute_families(const HostSetup& setup) {
  Families families;
  families.push_back(gemm_family(setup));
  families.push_back(attention_family(setup));
  families.push_back(elementwise_family(setup));
  families.push_back(quantise_family(setup));
  return families;
}

/// The first point of each series.
std::map<std::string, Point> smallest_of(const std::vector<Point>& points) {
  std::map<std::string, Point> first;
  for (const Point& p : points) first.try_emplace(p.series(), p);
  return first;
}

}  // namespace

TEST_CASE("has every kernel and type that the cost model asks for a series, with distinct points?") {
  std::set<std::string> series;
  for (const auto& family : compute_families(setup_with(2LL << 30))) {
    std::set<std::string> keys;
    for (const Point& p : family->grid()) {
      CHECK(p.family == family->name());
      series.insert(p.series());
      INFO(p.key());
      CHECK(keys.insert(p.key()).second);
      const Family::Estimate estimate = family->estimate(p);
      CHECK(estimate.run > 0);
      CHECK(estimate.run < 0.5);
    }
  }
  for (const char* name :
       {"gemm/gemv/fp32", "gemm/gemv/bf16", "gemm/thin/fp32", "gemm/thin/bf16", "gemm/gemm/fp32", "gemm/gemm/bf16",
        "attention/decode_attention/fp32", "attention/prefill_attention/fp32", "elementwise/norm/fp32",
        "elementwise/rotary/fp32", "elementwise/activation/fp32", "elementwise/add/fp32", "elementwise/softmax/fp32",
        "quantise/dequantise/int8 token", "quantise/quantise/int4 channel"}) {
    INFO(name);
    CHECK(series.contains(name));
  }
}

TEST_CASE("are fresh sizes as many as asked for, off the grid and within its range of work?") {
  Rng rng(11);
  for (const auto& family : compute_families(setup_with(2LL << 30))) {
    std::set<std::string> keys;
    std::map<std::string, double> longest;
    for (const Point& p : family->grid()) {
      keys.insert(p.key());
      longest[p.series()] = std::max(longest[p.series()], family->estimate(p).run);
    }
    const std::vector<Point> fresh = family->fresh(rng, 60);
    CHECK(fresh.size() == 60);
    for (const Point& p : fresh) {
      INFO(p.key());
      CHECK_FALSE(keys.contains(p.key()));
      CHECK(family->estimate(p).run <= 2 * longest.at(p.series()));
    }
  }
}

TEST_CASE("is every kernel right and timed at its smallest size?") {
  for (const auto& family : compute_families(setup_with(4 << 20))) {
    for (const auto& [name, point] : smallest_of(family->grid())) {
      const Sample sample = family->measure(point, kQuick);
      INFO(name);
      CHECK(sample.seconds > 0);
      CHECK(sample.check >= 0);
      CHECK(sample.check < 1e-5);
    }
    family->release();
  }
}

TEST_CASE("is the work of a product its weights once and its activations in and out?") {
  const auto family = gemm_family(setup_with(4 << 20));
  const Sample sample = family->measure({"gemm", "thin", "bf16", {{"m", 3}, {"n", 20}, {"k", 50}}}, kQuick);
  CHECK(sample.flops == 2.0 * 3 * 20 * 50);
  CHECK(sample.bytes == 2.0 * 20 * 50 + 4.0 * (3 * 50 + 3 * 20));
}

TEST_CASE("is the work of attention four FLOPs a score and head element, its KV once, queries and outputs once?") {
  const auto family = attention_family(setup_with(4 << 20));
  const std::vector<Parameter> heads = {{"heads", 4}, {"kv_heads", 2}, {"block", 16}};
  const auto measured = [&](const char* kernel, std::vector<Parameter> parameters) {
    parameters.insert(parameters.end(), heads.begin(), heads.end());
    return family->measure({"attention", kernel, "fp32", parameters}, kQuick);
  };
  const Sample decode = measured("decode_attention", {{"m", 3}, {"n", 100}, {"k", 8}, {"sequences", 3}});
  CHECK(decode.flops == 4.0 * 100 * 4 * 8);
  CHECK(decode.bytes == 4.0 * (2 * 100 * 2 * 8 + 2 * 3 * 4 * 8));
  const Sample prefill = measured("prefill_attention", {{"m", 10}, {"n", 70}, {"k", 8}, {"sequences", 2}});
  CHECK(prefill.flops == 4.0 * 2 * (5 * 30 + 15) * 4 * 8);  // two chunks of 5 behind 30
  CHECK(prefill.bytes == 4.0 * (2 * 70 * 2 * 8 + 2 * 10 * 4 * 8));
}

TEST_CASE("is the work of the rest what each kernel reads and writes?") {
  const HostSetup setup = setup_with(4 << 20);
  const auto elementwise = elementwise_family(setup);
  const auto bytes = [&](Family& family, const char* kernel, const char* variant) {
    const std::vector<Parameter> parameters = {{"tokens", 5}, {"width", 128}};
    return family.measure({std::string(family.name()), kernel, variant, parameters}, kQuick).bytes;
  };
  CHECK(bytes(*elementwise, "norm", "fp32") == 2 * 4 * 5 * 128);
  CHECK(bytes(*elementwise, "activation", "fp32") == 3 * 4 * 5 * 128);
  const auto quantise = quantise_family(setup);
  CHECK(bytes(*quantise, "dequantise", "int8 token") == 5 * 128 * 5 + 4 * 5 * 2);
  CHECK(bytes(*quantise, "quantise", "int4 token") == 5 * 128 * 4.5 + 8 * 5 * 2);
  CHECK(bytes(*quantise, "quantise", "int4 channel") == 5 * 128 * 4.5 + 8 * 128);
}

TEST_CASE("does a size that does not fit into the memory allowed say so?") {
  const auto family = gemm_family(setup_with(1 << 20));
  CHECK_THROWS_WITH_AS(family->measure({"gemm", "gemv", "fp32", {{"m", 1}, {"n", 1024}, {"k", 1024}}}, kQuick),
                       doctest::Contains("raise the memory"), std::runtime_error);
}

TEST_CASE("do turns of a paged batch share no block, and lie in random order?") {
  const AttentionShape shape{.query_heads = 2, .kv_heads = 1, .head_dim = 8, .block = 4};
  const Buffer pool(20 * shape.block_elements() * 4);
  const SequenceLengths lengths{{9, 1}, {4, 1}};  // three blocks and one
  const Buffer outputs(3 * outputs_of(shape, lengths));
  PagedTurns turns(shape, lengths, pool, outputs);
  std::set<const float*> seen;
  std::map<const float*, int> written;
  bool ascending = true;
  const float* last = nullptr;
  for (int turn = 0; turn < 5; ++turn) {
    for (const PagedSequence& sequence : turns.next()) {
      ++written[sequence.output];
      CHECK(static_cast<std::int64_t>(sequence.blocks.size()) == (sequence.context + 3) / 4);
      for (const float* block : sequence.blocks) {
        CHECK(seen.insert(block).second);
        ascending = ascending && block > last;
        last = block;
      }
    }
  }
  CHECK(seen.size() == 20);
  CHECK_FALSE(ascending);
  CHECK(seen.contains(turns.next()[0].blocks[0]));  // round again
  CHECK(written.size() == 6);                       // three places of two sequences, each twice at most
  for (const auto& [place, times] : written) CHECK(times <= 2);
}
