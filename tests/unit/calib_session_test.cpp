// Sessions: a plan is run point by point, whatever happens meanwhile.
#include <doctest/doctest.h>

#include <filesystem>
#include <limits>
#include <new>

#include "tests/support/fake_family.hpp"
#include "tests/support/trace_files.hpp"

using namespace tiersim;
using namespace tiersim::calib;
using tiersim::test::FakeFamily;
using tiersim::test::FakeWatch;

namespace {

namespace fs = std::filesystem;

/// A family "ceiling" and one of 2 x 3 points, and a file for their samples.
struct Bench {
  tests::TemporaryFolder folder;
  Families families;
  FakeFamily* ceiling = nullptr;
  FakeFamily* memory = nullptr;
  SessionSettings settings;

  Bench() {
    auto first = std::make_unique<FakeFamily>("ceiling", std::vector<std::string>{"copy"}, 2);
    auto second = std::make_unique<FakeFamily>("memory", std::vector<std::string>{"read", "copy"}, 3);
    ceiling = first.get();
    memory = second.get();
    families.push_back(std::move(first));
    families.push_back(std::move(second));
    settings.csv_path = folder.path("samples.csv");
  }
  [[nodiscard]] Plan plan() const {
    PlanRequest request;
    if (fs::exists(settings.csv_path))
      for (const Sample& s : read_csv_file(settings.csv_path)) request.done.insert(s.point.key());
    return make_plan(families, request);
  }
  SessionResult run(FakeWatch watch = FakeWatch()) const { return run_session(plan(), watch, settings); }
};

}  // namespace

TEST_CASE("does a session measure every point, and write each down?") {
  const Bench bench;
  const SessionResult result = bench.run();
  CHECK(result.samples.size() == 8);
  CHECK(result.failures.empty());
  CHECK_FALSE(result.stopped);
  const std::vector<Sample> written = read_csv_file(bench.settings.csv_path);
  REQUIRE(written.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK(csv_row(written[i]) == csv_row(result.samples[i]));
  CHECK(written[0].clock_mhz == 2000);
  CHECK(written[0].celsius == 50);
}

TEST_CASE("is every family given up once, after its last point?") {
  const Bench bench;
  bench.memory->on_measure = [&](Sample&) {
    CHECK(bench.ceiling->released == 1);
    CHECK(bench.memory->released == 0);
  };
  (void)bench.run();
  CHECK(bench.ceiling->released == 1);
  CHECK(bench.memory->released == 1);
}

TEST_CASE("do kernels after the ceilings get their share of them?") {
  const Bench bench;
  const SessionResult result = bench.run();
  const Ceilings ceilings = ceilings_of(result.samples);
  CHECK(ceilings.flops_per_second == 0);
  CHECK(ceilings.bytes_per_second == doctest::Approx(8192 / (1e-6 + 8192e-10)));  // the larger one of the two
  for (const Sample& s : result.samples) {
    if (s.point.family == "ceiling") CHECK(s.ceiling_share == 0);
    if (s.point.family == "memory") CHECK(s.ceiling_share == doctest::Approx(share_of(ceilings, s)));
  }
}

TEST_CASE("do ceilings of an earlier session serve where they are not measured again?") {
  Bench bench;
  (void)bench.run();
  bench.settings.ceilings = {1e9, 1e9};
  fs::remove(bench.settings.csv_path);
  PlanRequest request;
  request.families = {"memory"};
  FakeWatch watch;
  const SessionResult result = run_session(make_plan(bench.families, request), watch, bench.settings);
  REQUIRE_FALSE(result.samples.empty());
  for (const Sample& s : result.samples) CHECK(s.ceiling_share == doctest::Approx(share_of({1e9, 1e9}, s)));
}

TEST_CASE("is a throttled sample measured once more, and marked if that does not help?") {
  const Bench bench;
  const SessionResult result = bench.run(FakeWatch({1, 4, 5}));  // the second point helps itself, the fourth does not
  CHECK(bench.ceiling->measured + bench.memory->measured == 10);
  REQUIRE(result.samples.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK(result.samples[i].throttled == (i == 3));
}

TEST_CASE("does a session that is behind its plan measure nothing twice?") {
  Bench bench;
  double now = 0;
  bench.settings.now = [&] { return now; };
  bench.memory->on_measure = [&](Sample&) { now += 2; };  // planned: 0.6 s
  const SessionResult result = bench.run(FakeWatch({0, 3, 4, 5}));
  CHECK(bench.ceiling->measured == 3);  // the first again
  CHECK(bench.memory->measured == 6);   // of its first three, none
  CHECK(std::count_if(result.samples.begin(), result.samples.end(), [](const Sample& s) { return s.throttled; }) == 3);
}

TEST_CASE("does a point that fails cost itself alone, and say why?") {
  const Bench bench;
  int at = 0;
  bench.memory->on_measure = [&](Sample& s) {
    switch (at++) {
      case 0:
        throw std::runtime_error("too little disk: 3 GiB are free");
      case 1:
        throw std::bad_alloc();
      case 2:
        s.check = 0.5;
        break;
      case 3:
        s.check = std::numeric_limits<double>::quiet_NaN();
        break;
      case 4:
        s.seconds = 0;
        break;
      default:
        s.check = 1e-3;
    }
  };
  const SessionResult result = bench.run();
  CHECK(result.samples.size() == 3);
  REQUIRE(result.failures.size() == 5);
  CHECK(result.failures[0].reason == "too little disk: 3 GiB are free");
  CHECK(result.failures[1].reason == "too little memory");
  CHECK(result.failures[2].reason == "wrong result: off by 0.5 of the reference, at most 0.01");
  CHECK(result.failures[3].reason.starts_with("wrong result"));
  CHECK(result.failures[4].reason == "the clock saw no time pass");
  CHECK(read_csv_file(bench.settings.csv_path).size() == 3);
}

TEST_CASE("does an interrupted session keep what is done, and the next do the rest?") {
  Bench bench;
  int points = 0;
  bench.settings.stop = [&] { return points++ == 5; };
  const SessionResult first = bench.run();
  CHECK(first.stopped);
  CHECK(first.samples.size() == 5);
  CHECK(bench.memory->released == 1);
  bench.settings.stop = [] { return false; };
  CHECK(bench.run().samples.size() == 3);
  CHECK(bench.run().samples.empty());
  CHECK(read_csv_file(bench.settings.csv_path).size() == 8);
  CHECK(bench.ceiling->measured + bench.memory->measured == 8);
}

TEST_CASE("does progress rise to the plan's total?") {
  Bench bench;
  double last = -1;
  int calls = 0;
  const double total = bench.plan().seconds;
  bench.settings.progress = [&](double done, double of, const Point&) {
    CHECK(done > last);
    CHECK(of == total);
    last = done;
    ++calls;
  };
  (void)bench.run();
  CHECK(calls == 8);
  CHECK(last < total);
}

TEST_CASE("does a session that cannot write its file measure nothing?") {
  Bench bench;
  bench.settings.csv_path = "/nowhere/samples.csv";
  CHECK_THROWS_WITH_AS((void)bench.run(), "/nowhere/samples.csv: No such file or directory", std::runtime_error);
  CHECK(bench.ceiling->measured == 0);
}
