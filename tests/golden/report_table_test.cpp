// What a person reads after a run.
#include <doctest/doctest.h>

#include <sstream>

#include "sim/report/csv.hpp"
#include "sim/report/json.hpp"
#include "sim/report/table.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/report_samples.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

RunInfo sample_info() {
  RunInfo info;
  info.version = "0.1.0";
  info.seconds = 0.41, info.requests = 12'031, info.events = 1'204'000;
  return info;
}

std::size_t longest_line(const std::string& text) {
  std::istringstream in(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(in, line);) longest = std::max(longest, line.size());
  return longest;
}

}  // namespace

TEST_CASE("is the table of a run with references still the same?") {
  const Result result = full_result();
  const RunInfo info = sample_info();
  const std::string text = table_text(Report(result), &info);
  CHECK(longest_line(text) <= 110);
  expect_golden("report/table.txt", text);
}

TEST_CASE("does a table without references leave their columns out?") {
  Result result = full_result();
  result.references.clear();
  const std::string text = table_text(Report(result), nullptr);
  CHECK(text.find("infinite") == std::string::npos);
  expect_golden("report/table_without_references.txt", text);
}

TEST_CASE("is the table of a run without requests readable?") {
  Result result;
  result.scenario = "empty.yaml", result.model = "m", result.machine = "h", result.profile = "p";
  result.run = empty_run();
  expect_golden("report/table_of_nothing.txt", table_text(Report(result), nullptr));
}

TEST_CASE("is the summary still the same?") {
  const Result result = full_result();
  expect_golden("report/summary.json", summary_json(Report(result)));
}

TEST_CASE("are the metrics as CSV still the same?") {
  const Result result = full_result();
  expect_golden("report/metrics.csv", metrics_csv(Report(result)));
}
