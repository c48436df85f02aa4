// Validation on laws and measurements that are made up, so that every figure is known.
#include <doctest/doctest.h>

#include "calib/validate/validation.hpp"
#include "calib/validate/validation_text.hpp"

using namespace tiersim::calib;

namespace {

/// memory/read takes 1 ns a byte, gemm/gemv 1 ms.
Profile profile_of_two() {
  Profile profile;
  Law read;
  read.family = "memory", read.kernel = "read";
  read.sides.push_back({"bandwidth", {{Feature::bytes, 1e-9, 0}}});
  Law gemv;
  gemv.family = "gemm", gemv.kernel = "gemv", gemv.variant = "fp32";
  gemv.fixed = 1e-3;
  profile.laws = {read, gemv};
  return profile;
}

Sample sample_of(Point point, double seconds, bool throttled = false) {
  Sample s;
  s.point = std::move(point);
  s.bytes = s.point.at("bytes", 0);
  s.seconds = seconds;
  s.throttled = throttled;
  return s;
}

Point read_of(double bytes) { return {"memory", "read", "", {{"bytes", bytes}}}; }

}  // namespace

TEST_CASE("is a point's prediction its law, and its measured time the mean of both?") {
  const Validation v =
      validate(profile_of_two(), {sample_of(read_of(1e6), 0.9e-3), sample_of(read_of(1e6), 1.1e-3)}, Machine::host);
  REQUIRE(v.points.size() == 1);
  CHECK(v.points[0].measured == doctest::Approx(1e-3));
  CHECK(v.points[0].predicted == doctest::Approx(1e-3));
  CHECK(v.points[0].again == doctest::Approx(0.2));
}

TEST_CASE("are a family's errors those of its points, and its worst point the one furthest off?") {
  // Predicted 1, 2, 4 ms; measured 1.25, 2, 5: errors -20%, 0, -20%... and one of +100%.
  const Validation v = validate(profile_of_two(),
                                {sample_of(read_of(1e6), 1.25e-3), sample_of(read_of(2e6), 2e-3),
                                 sample_of(read_of(4e6), 5e-3), sample_of(read_of(8e6), 4e-3)},
                                Machine::host);
  REQUIRE(v.families.size() == 1);
  const FamilyCheck& memory = v.families[0];
  CHECK(memory.errors.points == 4);
  CHECK(memory.errors.mape == doctest::Approx(0.35));
  CHECK(memory.errors.median == doctest::Approx(0.2));
  CHECK(memory.errors.bias == doctest::Approx(0.15));
  CHECK(v.points[memory.worst].point.at("bytes") == 8e6);
  CHECK(memory.spread < 0);
  CHECK(memory.allowed() == 0.10);
  CHECK_FALSE(memory.holds());
  CHECK_FALSE(v.holds());
}

TEST_CASE("does twice the spread of measuring again stand in for a tolerance that it exceeds?") {
  const auto measured_twice = [](double first, double second) {
    return validate(profile_of_two(), {sample_of(read_of(1e6), first), sample_of(read_of(1e6), second)}, Machine::host);
  };
  const Validation steady = measured_twice(1.15e-3, 1.15e-3);  // 13% off, always
  CHECK_FALSE(steady.holds());
  const Validation shaky = measured_twice(1.05e-3, 1.25e-3);  // 13% off, and 17% between the two
  CHECK(shaky.families[0].allowed() == doctest::Approx(2 * 0.2 / 1.15));
  CHECK(shaky.holds());
  CHECK(validation_text(shaky).find("10.0%, by spread 34.8%") != std::string::npos);
}

TEST_CASE("do disturbed measurements count for nothing, and a family of them as not judged?") {
  const Validation v = validate(profile_of_two(),
                                {sample_of(read_of(1e6), 1e-3), sample_of(read_of(1e6), 9e-3, true),
                                 sample_of({"gemm", "gemv", "fp32", {}}, 7e-3, true)},
                                Machine::host);
  CHECK(v.throttled == 2);
  REQUIRE(v.points.size() == 1);
  CHECK(v.points[0].again < 0);
  REQUIRE(v.families.size() == 2);
  CHECK(v.families[1].errors.points == 0);
  CHECK(v.holds());
  CHECK(validation_text(v).find("not judged") != std::string::npos);
}

TEST_CASE("is a series without a law counted apart?") {
  const Validation v =
      validate(profile_of_two(),
               {sample_of({"memory", "write", "", {{"bytes", 64}}}, 1e-3),
                sample_of({"ssd", "read", "", {{"block", 4096}}}, 1e-3), sample_of(read_of(1e6), 1e-3)},
               Machine::host);
  CHECK(v.uncovered == std::map<std::string, std::int64_t>{{"memory/write/", 1}, {"ssd/read/", 1}});
  REQUIRE(v.families.size() == 1);
  CHECK(v.holds());
}

TEST_CASE("are tolerances those that were stated beforehand?") {
  CHECK(tolerance_of(Machine::host, "memory") == 0.10);
  CHECK(tolerance_of(Machine::host, "gemm") == 0.12);
  CHECK(tolerance_of(Machine::host, "attention") == 0.15);
  CHECK(tolerance_of(Machine::host, "ssd") == 0.15);
  CHECK(tolerance_of(Machine::host, "quantise") == 0.20);
  CHECK(tolerance_of(Machine::gpu, "memory") == 0.05);
  CHECK(tolerance_of(Machine::gpu, "transfer") == 0.05);
  CHECK(tolerance_of(Machine::gpu, "gemm") == 0.08);
  CHECK(tolerance_of(Machine::gpu, "attention") == 0.10);
  CHECK(tolerance_of(Machine::gpu, "gather") == 0.12);
  CHECK(tolerance_of(Machine::gpu, "quantise") == 0.15);
}
