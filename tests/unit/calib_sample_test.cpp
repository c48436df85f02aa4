// Points and samples, and their way through CSV.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "calib/measure/sample.hpp"
#include "calib/measure/sample_log.hpp"
#include "tests/support/trace_files.hpp"

using namespace tiersim::calib;
using tiersim::tests::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

Sample sample_of(const std::string& kernel, double bytes) {
  Sample s;
  s.point = {"memory", kernel, "2 threads", {{"bytes", bytes}, {"stride", 0.1}}};
  s.flops = 1e300 / 3;
  s.bytes = bytes;
  s.seconds = 1.0 / 3;
  s.low = 5e-324;
  s.high = 2.0 / 3;
  s.relative_error = 0.1 + 0.2;
  s.batches = 123456789012345;
  s.check = 1e-7;
  s.ceiling_share = 0.7;
  s.clock_mhz = 2400;
  s.celsius = 61.5;
  s.throttled = true;
  return s;
}

std::string table_of(const std::vector<Sample>& samples) {
  std::string text = csv_header() + "\n";
  for (const Sample& s : samples) text += csv_row(s) + "\n";
  return text;
}

std::vector<Sample> read(const std::string& text) {
  std::istringstream in(text);
  return read_csv(in, "samples.csv");
}

std::string problem_of(const std::string& text) {
  try {
    (void)read(text);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return {};
}

std::string content_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("does a point say which series it belongs to, and which size it is?") {
  const Point point{"gemm", "gemv", "bf16", {{"m", 1}, {"n", 4096}, {"share", 0.25}}};
  CHECK(point.series() == "gemm/gemv/bf16");
  CHECK(point.key() == "gemm/gemv/bf16 m=1 n=4096 share=0.25");
  CHECK(point.at("n") == 4096);
  CHECK(point.at("k", 7) == 7);
  CHECK_THROWS_AS((void)point.at("k"), std::logic_error);
  CHECK(Point{"overhead", "fork_join", "", {}}.key() == "overhead/fork_join/");
}

TEST_CASE("does every value of a sample survive CSV bit by bit?") {
  const Sample one = sample_of("read", 4096), two = sample_of("copy", 1e9 / 7);
  const std::vector<Sample> back = read(table_of({one, two}));
  REQUIRE(back.size() == 2);
  CHECK(back[0].point == one.point);
  CHECK(back[1].point == two.point);
  CHECK(table_of(back) == table_of({one, two}));
  CHECK(back[0].relative_error == one.relative_error);
  CHECK(back[0].low == one.low);
  CHECK(back[0].throttled);
}

TEST_CASE("is a line that was being written when its writer was killed left out?") {
  const std::string table = table_of({sample_of("read", 1), sample_of("copy", 2)});
  for (std::size_t cut = 1; cut < 100; ++cut) CHECK(read(table.substr(0, table.size() - cut)).size() == 1);
  CHECK(read("").empty());
  CHECK(read(csv_header().substr(0, 10)).empty());
}

TEST_CASE("does a malformed line say where it is and what is wrong?") {
  const std::string good = csv_row(sample_of("read", 1));
  CHECK(problem_of("name,value\n").starts_with("samples.csv:1: no table of samples"));
  CHECK(problem_of(csv_header() + "\n" + good + "\nx,y\n") ==
        "samples.csv:3: no sample: the line has 2 columns, not 16");
  std::string words = good;
  words.replace(words.find(",123456789012345,"), 17, ",many,");
  CHECK(problem_of(csv_header() + "\n" + words + "\n") ==
        "samples.csv:2: no sample: the line has 'many' for batches, which is no number");
  std::string odd = good;
  odd.replace(odd.find("stride=0.1"), 10, "stride");
  CHECK(problem_of(csv_header() + "\n" + odd + "\n") ==
        "samples.csv:2: no sample: the line has 'stride' among its parameters, not name=value");
}

TEST_CASE("does a name that would break the table stay out of it?") {
  Sample s = sample_of("read", 1);
  s.point.variant = "2 threads, pinned";
  CHECK_THROWS_AS((void)csv_row(s), std::logic_error);
  s = sample_of("read", 1);
  s.point.parameters[0].name = "two words";
  CHECK_THROWS_AS((void)csv_row(s), std::logic_error);
}

TEST_CASE("is the share that of the nearer ceiling?") {
  Sample s;
  s.flops = 1e9;
  s.bytes = 1e6;
  s.seconds = 2e-3;
  CHECK(share_of({1e12, 1e9}, s) == doctest::Approx(0.5));   // 1 ms of compute, 1 ms of bandwidth
  CHECK(share_of({1e12, 5e8}, s) == doctest::Approx(1.0));   // bandwidth is the nearer one
  CHECK(share_of({5e11, 1e10}, s) == doctest::Approx(1.0));  // compute is
  CHECK(share_of({}, s) == 0);
}

TEST_CASE("does a log take up where a killed writer left it?") {
  const TemporaryFolder folder;
  const std::string path = folder.path("samples.csv");
  SampleLog(path).append(sample_of("read", 1));
  const std::string whole = content_of(path);
  CHECK(whole == table_of({sample_of("read", 1)}));
  std::ofstream(path, std::ios::app) << csv_row(sample_of("copy", 2)).substr(0, 40);
  SampleLog(path).append(sample_of("copy", 3));
  CHECK(content_of(path) == table_of({sample_of("read", 1), sample_of("copy", 3)}));
  std::ofstream(path) << "fam";
  { const SampleLog log(path); }
  CHECK(content_of(path) == csv_header() + "\n");
}

TEST_CASE("does a log that cannot be written say why?") {
  const TemporaryFolder folder;
  const auto problem = [&](const std::string& path) {
    try {
      SampleLog(path).append(sample_of("read", 1));
    } catch (const std::runtime_error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(problem(folder.path("none/samples.csv")) == folder.path("none/samples.csv") + ": No such file or directory");
  CHECK(problem(folder.path()) == folder.path() + ": Is a directory");
  CHECK(problem("/proc/version") ==
        "/proc/version: no table of samples, so nothing is appended to it; name another file");
  if (fs::exists("/dev/full")) CHECK(problem("/dev/full") == "/dev/full: No space left on device");
  std::ofstream(folder.path("shut.csv")) << "";
  fs::permissions(folder.path("shut.csv"), fs::perms::none);
  // The superuser may write everywhere.
  const std::string shut = problem(folder.path("shut.csv"));
  CHECK((shut.empty() || shut == folder.path("shut.csv") + ": Permission denied"));
}
