// Numbers for people.
#include <doctest/doctest.h>

#include "sim/report/human.hpp"

using namespace tiersim;

TEST_CASE("are thousands set apart?") {
  CHECK(human::grouped(0) == "0");
  CHECK(human::grouped(999) == "999");
  CHECK(human::grouped(1'000) == "1,000");
  CHECK(human::grouped(-12'031'000) == "-12,031,000");
  CHECK(human::counted(1, "request") == "1 request");
  CHECK(human::counted(12'031, "request") == "12,031 requests");
}

TEST_CASE("have numbers three digits that count?") {
  CHECK(human::number(2.314) == "2.31");
  CHECK(human::number(9.996) == "10.0");
  CHECK(human::number(99.96) == "100");
  CHECK(human::number(40'900.4) == "40,900");
}

TEST_CASE("do times choose the unit that fits?") {
  CHECK(human::duration(0) == "0 s");
  CHECK(human::duration(0.4121) == "412 ms");
  CHECK(human::duration(1.02) == "1.02 s");
  CHECK(human::duration(0.0241) == "24.1 ms");
  CHECK(human::duration(850e-6) == "850 us");
  CHECK(human::duration(2e-9) == "2.00 ns");
  CHECK(human::duration(0.99996) == "1.00 s");
  CHECK(human::long_time(3'534) == "58.9 min");
  CHECK(human::long_time(25'200) == "7.00 h");
  CHECK(human::long_time(48) == "48.0 s");
}

TEST_CASE("are moved bytes decimal, capacities binary, and shares never zero that are not?") {
  CHECK(human::bytes(4.1e12) == "4.10 TB");
  CHECK(human::bytes(0) == "0 B");
  CHECK(human::bytes(12) == "12.0 B");
  CHECK(human::capacity(Bytes(80'000'000'000)) == "74.5 GiB");
  CHECK(human::capacity(Bytes(0)) == "0 B");
  CHECK(human::share(0.361) == "36.1%");
  CHECK(human::share(0.0001) == "<0.1%");
  CHECK(human::share(0) == "0.0%");
  CHECK(human::coarse_share(0.001) == "<1%");
}
