// Do the fits find laws again that are known, from times with 2% of noise and one gross outlier in twenty points?
#include <doctest/doctest.h>

#include "calib/fit/laws.hpp"
#include "tests/support/synthetic_samples.hpp"

using namespace tiersim;
using namespace tiersim::test;
using calib::Feature;
using calib::Law;
using calib::Work;

namespace {

constexpr int kRuns = 8;

double coefficient(const Law& law, Feature feature, std::int64_t segment = 0) {
  for (const calib::Side& side : law.sides) {
    for (const calib::Term& term : side.terms) {
      if (term.feature == feature && term.segment == segment) return term.seconds;
    }
  }
  return 0;
}

std::vector<Work> by_bytes(double low, double high, int per_octave) {
  std::vector<Work> works;
  for (double bytes : octaves(low, high, per_octave)) works.push_back({.bytes = bytes});
  return works;
}

std::vector<Work> products(double element_bytes) {
  std::vector<Work> works;
  for (double m : {1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 1024, 2048, 4096}) {
    for (const auto& [n, k] : {std::pair{1024, 1024}, {4096, 4096}, {14336, 4096}, {4096, 14336}, {6144, 2048}}) {
      const double bytes = element_bytes * (m * n + m * k + 1.0 * n * k);
      works.push_back({.flops = 2 * m * n * k, .bytes = bytes, .m = m, .n = 1.0 * n, .k = 1.0 * k});
    }
  }
  return works;
}

}  // namespace

TEST_CASE("a transfer: fixed cost and bandwidth") {
  const Law truth = law_with(8e-6, {{"bandwidth", {{Feature::bytes, 1 / 25e9}}}});
  const std::vector<Work> works = by_bytes(4096, 1 << 30, 3);
  for (int run = 0; run < kRuns; ++run) {
    Rng rng = Rng(1).fork(std::to_string(run));
    const Law law = calib::fit_law(calib::recipe_of("transfer", "h2d", 0), measured(rng, truth, works));
    CAPTURE(run);
    CHECK(law.knots.empty());
    CHECK(law.fixed == doctest::Approx(truth.fixed).epsilon(0.03));
    CHECK(coefficient(law, Feature::bytes) == doctest::Approx(1 / 25e9).epsilon(0.03));
    CHECK(difference(law, truth, works) < 0.03);
  }
}

TEST_CASE("a transfer whose protocol changes: the knots are found among the sizes") {
  Law truth = law_with(5e-6, {});
  truth.knots = {32768, 1 << 20};
  truth.sides = {{"bandwidth",
                  {{Feature::bytes_segment, 1 / 2e9, 0},
                   {Feature::bytes_segment, 1 / 12e9, 1},
                   {Feature::bytes_segment, 1 / 40e9, 2}}}};
  const std::vector<Work> works = by_bytes(1024, 256 << 20, 4);
  for (int run = 0; run < kRuns; ++run) {
    Rng rng = Rng(2).fork(std::to_string(run));
    const Law law = calib::fit_law(calib::recipe_of("transfer", "h2d", 0), measured(rng, truth, works));
    CAPTURE(run);
    REQUIRE(law.knots.size() == 2);
    CHECK(std::abs(std::log2(law.knots[0] / 32768)) <= 1);
    CHECK(std::abs(std::log2(law.knots[1] / (1 << 20))) <= 1);
    CHECK(coefficient(law, Feature::bytes_segment, 2) == doctest::Approx(1 / 40e9).epsilon(0.03));
    CHECK(difference(law, truth, works) < 0.06);
  }
}

TEST_CASE("memory through two caches: time jumps at their edges") {
  const auto seconds = [](double bytes) {
    return 1e-6 + bytes / (bytes <= (1 << 20) ? 200e9 : bytes <= (32 << 20) ? 80e9 : 20e9);
  };
  for (const bool outliers : {false, true}) {
    Rng rng(3);
    calib::Observations points;
    std::size_t hit = 5;
    for (double bytes : octaves(16384, 1 << 30, 2)) {
      const double outlier = outliers && points.size() == hit ? 4 : 1;
      if (points.size() == hit) hit += 13;
      points.push_back({{.bytes = bytes}, seconds(bytes) * rng.lognormal(0, 0.02) * outlier});
    }
    const Law law = calib::fit_law(calib::recipe_of("memory", "copy", 132), points);
    CAPTURE(outliers);
    CHECK(law.knots.size() == 4);
    for (const calib::Observation& point : points) {
      CAPTURE(point.work.bytes);
      CHECK(law.time(point.work).value() == doctest::Approx(seconds(point.work.bytes)).epsilon(0.06));
    }
  }
}

TEST_CASE("a matrix product: both roofs and the ridge between them") {
  Law truth = law_with(4e-6, {}, 2);
  truth.sides = {{"compute", {{Feature::flops, 1 / 250e12}}}, {"bandwidth", {{Feature::bytes, 1 / 1.6e12}}}};
  const std::vector<Work> works = products(2);
  for (int run = 0; run < 3; ++run) {
    Rng rng = Rng(4).fork(std::to_string(run));
    const Law law = calib::fit_law(calib::recipe_of("gemm", "gemm", 0), measured(rng, truth, works));
    CAPTURE(run);
    CHECK(coefficient(law, Feature::flops) == doctest::Approx(1 / 250e12).epsilon(0.03));
    CHECK(coefficient(law, Feature::bytes) == doctest::Approx(1 / 1.6e12).epsilon(0.03));
    CHECK(law.ridge == doctest::Approx(2).epsilon(0.1));
    CHECK(law.corrections.empty());
    CHECK(difference(law, truth, works) < 0.03);
  }
}

TEST_CASE("a matrix product that thin shapes slow down: the correction finds by how much") {
  Law truth = law_with(4e-6, {}, 2);
  truth.sides = {{"compute", {{Feature::flops, 1 / 250e12}}}, {"bandwidth", {{Feature::bytes, 1 / 1.6e12}}}};
  truth.corrections = {{{{Feature::m, {8, 64, 512}}}, {1, 1.6, 1}}};
  const std::vector<Work> works = products(2);
  Rng rng(41);
  const Law law = calib::fit_law(calib::recipe_of("gemm", "gemm", 0), measured(rng, truth, works));
  CHECK_FALSE(law.corrections.empty());
  std::vector<double> errors;
  for (const Work& work : works) errors.push_back(std::abs(law.time(work).value() / truth.time(work).value() - 1));
  std::sort(errors.begin(), errors.end());
  CHECK(errors[errors.size() / 2] < 0.03);
  CHECK(errors[errors.size() * 9 / 10] < 0.1);
}

TEST_CASE("a matrix product on a GPU: whole waves of tiles, and the tile is found") {
  Law truth = law_with(4e-6, {}, 4);
  truth.tile = {128, 256, 132};
  truth.sides = {{"compute", {{Feature::wave_flops, 1 / 700e12}}}, {"bandwidth", {{Feature::bytes, 1 / 3e12}}}};
  const std::vector<Work> works = products(2);
  Rng rng(5);
  const Law law = calib::fit_law(calib::recipe_of("gemm", "gemm", 132), measured(rng, truth, works));
  CHECK(law.tile.m == 128);
  CHECK(law.tile.n == 256);
  CHECK(coefficient(law, Feature::wave_flops) == doctest::Approx(1 / 700e12).epsilon(0.03));
  CHECK(difference(law, truth, works) < 0.03);
}

TEST_CASE("decode attention: sequences cost, and bandwidth bounds") {
  Law truth = law_with(6e-6, {}, 3);
  truth.sides = {{"compute", {{Feature::flops, 1 / 3e12}}},
                 {"bandwidth", {{Feature::bytes, 1 / 1.4e12}, {Feature::sequences, 0.3e-6}}}};
  std::vector<Work> works;
  for (double sequences : octaves(1, 256)) {
    for (double context : octaves(128, 65536)) {
      for (double group : {1, 4, 8}) {
        const double elements = sequences * context * 8 * 128;
        works.push_back({.flops = 4 * elements * group, .bytes = 4 * elements, .m = sequences, .sequences = sequences});
      }
    }
  }
  Rng rng(6);
  const Law law = calib::fit_law(calib::recipe_of("attention", "decode_attention", 0), measured(rng, truth, works));
  CHECK(coefficient(law, Feature::flops) == doctest::Approx(1 / 3e12).epsilon(0.03));
  CHECK(coefficient(law, Feature::bytes) == doctest::Approx(1 / 1.4e12).epsilon(0.03));
  CHECK(coefficient(law, Feature::sequences) == doctest::Approx(0.3e-6).epsilon(0.03));
  CHECK(law.ridge == doctest::Approx(3).epsilon(0.1));
  CHECK(difference(law, truth, works) < 0.03);
}

TEST_CASE("copies in pieces: a cost for each piece on top of the bytes, or beside them") {
  std::vector<Work> works;
  for (double pieces : octaves(1, 16384)) {
    for (double each : octaves(4096, 2 << 20)) works.push_back({.bytes = pieces * each, .operations = pieces});
  }
  Law on_top = law_with(9e-6, {{"b", {{Feature::bytes, 1 / 24e9}, {Feature::operations, 0.6e-6}}}});
  Law beside = law_with(9e-6, {}, 4);
  beside.sides = {{"rate", {{Feature::operations, 0.6e-6}}}, {"bandwidth", {{Feature::bytes, 1 / 24e9}}}};
  for (const Law& truth : {on_top, beside}) {
    Rng rng(7);
    const Law law = calib::fit_law(calib::recipe_of("fragments", "loop", 0), measured(rng, truth, works));
    CAPTURE(truth.sides.size());
    CHECK(law.sides.size() == truth.sides.size());
    CHECK(law.fixed == doctest::Approx(9e-6).epsilon(0.03));
    CHECK(coefficient(law, Feature::operations) == doctest::Approx(0.6e-6).epsilon(0.03));
    CHECK(coefficient(law, Feature::bytes) == doctest::Approx(1 / 24e9).epsilon(0.03));
    CHECK(difference(law, truth, works) < 0.03);
  }
}

TEST_CASE("a drive: queue, rate and bandwidth, with a smooth knee") {
  Law truth = law_with(0, {}, 5);
  truth.sides = {{"queue", {{Feature::operations_share, 80e-6}, {Feature::bytes_share, 1 / 1.2e9}}},
                 {"rate", {{Feature::operations, 1 / 400e3}}},
                 {"bandwidth", {{Feature::bytes, 1 / 6e9}}}};
  std::vector<Work> works;
  for (double bytes : octaves(4096, 2 << 20)) {
    for (double depth : octaves(1, 256)) works.push_back({.bytes = bytes, .operations = 1, .depth = depth});
  }
  for (int run = 0; run < kRuns; ++run) {
    Rng rng = Rng(8).fork(std::to_string(run));
    const Law law = calib::fit_law(calib::recipe_of("ssd", "read", 0), measured(rng, truth, works));
    CAPTURE(run);
    CHECK(coefficient(law, Feature::operations_share) == doctest::Approx(80e-6).epsilon(0.03));
    CHECK(coefficient(law, Feature::bytes_share) == doctest::Approx(1 / 1.2e9).epsilon(0.03));
    CHECK(coefficient(law, Feature::operations) == doctest::Approx(1 / 400e3).epsilon(0.03));
    CHECK(coefficient(law, Feature::bytes) == doctest::Approx(1 / 6e9).epsilon(0.03));
    CHECK(difference(law, truth, works) < 0.04);
  }
}

TEST_CASE("element-wise kernels, overheads and latencies") {
  Rng rng(9);
  const Law add = law_with(2e-6, {{"bandwidth", {{Feature::bytes, 1 / 900e9}}}});
  const std::vector<Work> works = by_bytes(8192, 256 << 20, 3);
  CHECK(difference(calib::fit_law(calib::recipe_of("elementwise", "add", 0), measured(rng, add, works)), add, works) <
        0.03);
  const Law launch = law_with(2e-6, {{"rate", {{Feature::operations, 0.5e-6}}}});
  std::vector<Work> counts;
  for (double n : octaves(1, 1024)) counts.push_back({.operations = n}), counts.push_back({.operations = 1.5 * n});
  const Law nodes = calib::fit_law(calib::recipe_of("overhead", "graph_node", 0), measured(rng, launch, counts));
  CHECK(coefficient(nodes, Feature::operations) == doctest::Approx(0.5e-6).epsilon(0.03));
  CHECK(difference(nodes, launch, counts) < 0.03);
  Law chase = law_with(1e-9, {});
  chase.corrections = {{{{Feature::bytes, octaves(16384, 1 << 28)}}, {}}};
  for (std::size_t i = 0; i < chase.corrections[0].axes[0].knots.size(); ++i) {
    chase.corrections[0].factors.push_back(1.5 + 100 / (1 + std::exp(8.0 - static_cast<double>(i))));
  }
  const std::vector<Work> sets = by_bytes(16384, 1 << 28, 1);
  const Law curve = calib::fit_law(calib::recipe_of("latency", "chase", 0), measured(rng, chase, sets, {0, 0}));
  CHECK(difference(curve, chase, by_bytes(16384, 1 << 28, 3)) < 5e-4);  // factors have four digits
}

TEST_CASE(
    "bandwidth by working set: what does not fit into a cache leaves all of it, and one bad point moves nothing") {
  Law truth = law_with(0, {{"bytes", {{Feature::bytes, 1e-11}}}});
  truth.corrections = {{{{Feature::bytes, {32768, 65536, 16 << 20, 64 << 20}}}, {0.5, 1, 1, 3.5}}};
  Rng rng(11);
  const calib::Recipe recipe = calib::recipe_of("memory", "read", 0);
  std::vector<calib::Observation> points = measured(rng, truth, by_bytes(16384, 1 << 30, 1), {0.005, 0});
  points[6].seconds *= 0.4;  // between two that are on the plateau
  const Law law = calib::fit_law(recipe, points);
  CHECK(difference(law, truth, by_bytes(16384, 1 << 30, 3)) < 0.03);
  CHECK(law.time({.bytes = 8.0 * (1 << 30)}) == law.time({.bytes = 1 << 30}) * 8.0);  // as memory goes on
}

TEST_CASE("a family that nobody knows gets fixed, bytes and flops") {
  const Law truth = law_with(1e-5, {{"bandwidth", {{Feature::bytes, 1e-10}, {Feature::flops, 1e-12}}}});
  std::vector<Work> works;
  for (double bytes : octaves(1e4, 1e8)) {
    for (double flops : octaves(1e6, 1e10)) works.push_back({.flops = flops, .bytes = bytes});
  }
  Rng rng(10);
  CHECK(difference(calib::fit_law(calib::recipe_of("new", "thing", 0), measured(rng, truth, works)), truth, works) <
        0.03);
}

TEST_CASE("a table over three features is found from scattered points, one in twenty of them far off") {
  Law truth = law_with(3e-6, {{"compute", {{Feature::flops, 1e-14}}}, {"bandwidth", {{Feature::bytes, 1e-12}}}});
  truth.ridge = 3;
  const std::vector<double> sides = octaves(64, 8192, 1), rows = octaves(16, 4096, 1);
  truth.corrections = {{{{Feature::m, {16, 256, 4096}}, {Feature::n, {64, 8192}}, {Feature::k, {64, 8192}}},
                        {1, 1.3, 0.8, 1, 1.5, 1.2, 0.9, 1, 0.7, 1, 1.1, 1}}};
  std::vector<Work> works, between;
  for (double m : rows) {
    for (double n : sides) {
      for (double k : sides) {
        const auto work = [](double a, double b, double c) {
          return Work{.flops = 2 * a * b * c, .bytes = 2 * (a * b + b * c + a * c), .m = a, .n = b, .k = c};
        };
        works.push_back(work(m, n, k)), works.push_back(work(m * 1.5, n, k));
        between.push_back(work(m * 1.2, std::min(8192.0, n * 1.4), k));
      }
    }
  }
  Rng rng(12);
  calib::Recipe recipe = calib::recipe_of("gemm", "gemm", 0);
  recipe.forms.resize(1);
  recipe.tables = {
      {{Feature::m, octaves(16, 4096, 1)}, {Feature::n, octaves(64, 8192, 1)}, {Feature::k, octaves(64, 8192, 1)}}};
  const Law law = calib::fit_law(recipe, measured(rng, truth, works));
  CHECK(difference(law, truth, between) < 0.06);
}
