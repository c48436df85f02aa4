// Plans: what is measured within a budget.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "calib/measure/plan.hpp"
#include "tests/support/fake_family.hpp"

using namespace tiersim;
using namespace tiersim::calib;
using tiersim::test::FakeFamily;

namespace {

/// Two families: 2 series of 12 sizes, and 1 of 4.
Families two_families() {
  Families families;
  families.push_back(std::make_unique<FakeFamily>("memory", std::vector<std::string>{"read", "copy"}, 12));
  families.push_back(std::make_unique<FakeFamily>("drive", std::vector<std::string>{"read"}, 4));
  return families;
}

std::vector<std::string> keys_of(const Plan& plan) {
  std::vector<std::string> keys;
  for (const PlannedPoint& p : plan.points) keys.push_back(p.point.key());
  return keys;
}

std::map<std::string, std::vector<double>> sizes_by_series(const Plan& plan) {
  std::map<std::string, std::vector<double>> sizes;
  for (const PlannedPoint& p : plan.points) sizes[p.point.series()].push_back(p.point.at("bytes"));
  for (auto& [series, bytes] : sizes) std::sort(bytes.begin(), bytes.end());
  return sizes;
}

PlanRequest within(double seconds) {
  PlanRequest request;
  request.budget = seconds;
  return request;
}

}  // namespace

TEST_CASE("does a budget that suffices get every point at the full effort?") {
  const Families families = two_families();
  const Plan plan = make_plan(families, within(300));
  CHECK(plan.points.size() == 28);
  CHECK(plan.left_out == 0);
  CHECK(plan.effort.most_seconds == Effort{}.most_seconds);
  CHECK(plan.seconds == doctest::Approx(28 * 0.6));  // half a second each, and a tenth before
}

TEST_CASE("does a smaller budget first cost effort, then points?") {
  const Families families = two_families();
  const Plan shorter = make_plan(families, within(28 * 0.3));
  CHECK(shorter.points.size() == 28);
  CHECK(shorter.effort.most_seconds == doctest::Approx(0.2));
  CHECK(shorter.seconds <= 28 * 0.3);
  const Plan fewer = make_plan(families, within(3));
  CHECK(fewer.effort.most_seconds == doctest::Approx(0.1));
  CHECK(fewer.points.size() < 28);
  CHECK(fewer.points.size() + fewer.left_out == 28);
  CHECK(fewer.seconds <= 3);
  CHECK(fewer.seconds > 2.2);  // and the budget is used
}

TEST_CASE("do the ends of every series stay, evenly spread ones between them?") {
  const Families families = two_families();
  for (const double budget : {0.1, 2.0, 3.0, 4.0}) {
    const auto sizes = sizes_by_series(make_plan(families, within(budget)));
    REQUIRE(sizes.size() == 3);
    for (const auto& [series, bytes] : sizes) {
      CHECK(bytes.front() == 4096);
      CHECK(bytes.back() == (series == "drive/read/" ? 4096 << 3 : 4096 << 11));
      CHECK(std::adjacent_find(bytes.begin(), bytes.end()) == bytes.end());
    }
  }
  const auto half = sizes_by_series(make_plan(families, within(0.2 * 14.5))).at("memory/read/");
  REQUIRE(half.size() == 6);
  for (std::size_t i = 1; i < half.size(); ++i) {
    CHECK(half[i] / half[i - 1] >= 4);  // of 12 sizes, 2 or 3 steps apart
    CHECK(half[i] / half[i - 1] <= 8);
  }
}

TEST_CASE("does no budget leave a family without points?") {
  const Families families = two_families();
  const Plan plan = make_plan(families, within(0));
  CHECK(plan.points.size() == 6);
  CHECK(make_fresh_plan(families, within(0), 5).points.size() == 2);
}

TEST_CASE("does the seed decide the order, within families in their order?") {
  const Families families = two_families();
  const Plan plan = make_plan(families, within(300));
  CHECK(keys_of(plan) == keys_of(make_plan(families, within(300))));
  PlanRequest other = within(300);
  other.seed = 2;
  CHECK(keys_of(plan) != keys_of(make_plan(families, other)));
  for (std::size_t i = 0; i < plan.points.size(); ++i) CHECK(plan.points[i].family == families[i < 24 ? 0 : 1].get());
  std::vector<std::string> first = keys_of(plan);
  first.resize(24);
  CHECK_FALSE(std::is_sorted(first.begin(), first.end()));
}

TEST_CASE("does a resumed plan hold what is left of the same choice?") {
  const Families families = two_families();
  for (const double budget : {3.0, 300.0}) {
    const Plan whole = make_plan(families, within(budget));
    PlanRequest rest = within(budget);
    for (std::size_t i = 0; i < 5; ++i) rest.done.insert(whole.points[i].point.key());
    rest.done.insert("another/family/ bytes=1");
    const Plan left = make_plan(families, rest);
    CHECK(left.done_before == 5);
    CHECK(left.left_out == whole.left_out);
    std::vector<std::string> expected = keys_of(whole), found = keys_of(left);
    expected.erase(expected.begin(), expected.begin() + 5);
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    CHECK(found == expected);
    for (const std::string& key : keys_of(whole)) rest.done.insert(key);
    CHECK(make_plan(families, rest).points.empty());
  }
}

TEST_CASE("are families chosen by name, and is an unknown one refused by naming them?") {
  const Families families = two_families();
  PlanRequest request = within(300);
  request.families = {"drive"};
  CHECK(make_plan(families, request).points.size() == 4);
  request.families = {"drive", "hbm"};
  CHECK_THROWS_WITH_AS((void)make_plan(families, request), "unknown family 'hbm'; families: memory, drive",
                       std::invalid_argument);
}

TEST_CASE("are fresh sizes drawn from the seed, as many as asked for?") {
  const Families families = two_families();
  const Plan plan = make_fresh_plan(families, within(300), 9);
  CHECK(plan.points.size() == 18);
  CHECK(keys_of(plan) == keys_of(make_fresh_plan(families, within(300), 9)));
  PlanRequest other = within(300);
  other.seed = 2;
  CHECK(keys_of(plan) != keys_of(make_fresh_plan(families, other, 9)));
}
