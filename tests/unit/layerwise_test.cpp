// When a step can end whose blocks arrive layer by layer: closed form at a steady rate, layer after layer else.
#include "sim/serving/layerwise.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "sim/core/rng.hpp"

using namespace tiersim;
using namespace tiersim::literals;

namespace {

EndedFlow flow(std::vector<ProgressPoint> progress) {
  EndedFlow f;
  f.bytes = Bytes(static_cast<std::int64_t>(progress.back().bytes));
  f.progress = std::move(progress);
  return f;
}

/// When so many bytes had arrived.
double arrival(const EndedFlow& f, double bytes) {
  for (std::size_t i = 1; i < f.progress.size(); ++i) {
    const ProgressPoint &a = f.progress[i - 1], &b = f.progress[i];
    if (bytes > b.bytes && i + 1 < f.progress.size()) continue;
    const double share = b.bytes > a.bytes ? std::min(1.0, (bytes - a.bytes) / (b.bytes - a.bytes)) : 1;
    return static_cast<double>(a.time.value()) + share * static_cast<double>((b.time - a.time).value());
  }
  return 0;
}

/// Layer by layer: each starts when the one before is done and its part is there.
double layer_by_layer(const EndedFlow& f, double compute, std::int64_t layers) {
  double end = 0;
  for (std::int64_t l = 1; l <= layers; ++l) {
    const double part = static_cast<double>(f.bytes.value()) * static_cast<double>(l) / static_cast<double>(layers);
    end = std::max(end, arrival(f, part)) + compute / static_cast<double>(layers);
  }
  return end;
}

}  // namespace

TEST_CASE("does a load that is slower than the layers leave one layer to compute after its last part?") {
  const EndedFlow f = flow({{Time(1000), 0}, {Time(33'000), 32'000}});
  CHECK(layerwise_end(f, Duration(3200), 32) == Time(33'000 + 100));
}

TEST_CASE("does a load that is faster than the layers delay the step by its first part?") {
  const EndedFlow f = flow({{Time(1000), 0}, {Time(33'000), 32'000}});
  CHECK(layerwise_end(f, Duration(64'000), 32) == Time(2000 + 64'000));
}

TEST_CASE("is the end at a steady rate the later of the first part and all layers, and the last part and one layer?") {
  for (std::int64_t layers : {1, 2, 10, 80}) {
    for (std::int64_t compute : {80, 8'000, 16'000, 16'080, 160'000}) {
      const EndedFlow f = flow({{Time(500), 0}, {Time(16'500), 64'000}});
      const std::int64_t first = 500 + 16'000 / layers, last = 16'500;
      CAPTURE(layers);
      CAPTURE(compute);
      CHECK(layerwise_end(f, Duration(compute), layers) == Time(std::max(first + compute, last + compute / layers)));
    }
  }
}

TEST_CASE("does one layer wait for all bytes?") {
  const EndedFlow f = flow({{Time(0), 0}, {Time(10), 1}, {Time(1000), 500}});
  CHECK(layerwise_end(f, 7_ns, 1) == Time(1007));
}

TEST_CASE("is the end what layer after layer gives at changing rates?") {
  Rng rng(11);
  for (int i = 0; i < 2000; ++i) {
    std::vector<ProgressPoint> points{{Time(static_cast<std::int64_t>(rng.below(1000))), 0}};
    const std::uint64_t pieces = 1 + rng.below(5);
    for (std::uint64_t k = 0; k < pieces; ++k) {
      const ProgressPoint& last = points.back();
      points.push_back({last.time + Duration(static_cast<std::int64_t>(1 + rng.below(10'000))),
                        last.bytes + static_cast<double>(1 + rng.below(100'000))});
    }
    const EndedFlow f = flow(points);
    const auto compute = static_cast<std::int64_t>(rng.below(30'000));
    const auto layers = static_cast<std::int64_t>(1 + rng.below(60));
    const double expected = layer_by_layer(f, static_cast<double>(compute), layers);
    const double found = static_cast<double>(layerwise_end(f, Duration(compute), layers).value());
    CHECK(std::abs(found - expected) <= 0.51);  // rounded once
  }
}

TEST_CASE("does a flow that kept no progress bound nothing?") {
  CHECK(layerwise_end(EndedFlow{}, 100_ns, 4) == Time(0));
}
