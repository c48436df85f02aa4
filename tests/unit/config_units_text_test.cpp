#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "sim/config/units_text.hpp"

using namespace tiersim;
using namespace tiersim::config;
using namespace tiersim::literals;

namespace {

/// What a parser says about a text that it does not take.
template <class Parse>
std::string problem_of(Parse parse, std::string_view text) {
  std::string problem;
  return parse(text, problem) ? "accepted" : problem;
}

template <class Parse>
auto value_of(Parse parse, std::string_view text) {
  std::string problem;
  const auto value = parse(text, problem);
  REQUIRE_MESSAGE(value.has_value(), problem);
  return *value;
}

}  // namespace

TEST_CASE("sizes are exact whole bytes, with any unit and as many decimals as that takes") {
  CHECK(value_of(parse_bytes, "512 GiB") == 512_GiB);
  CHECK(value_of(parse_bytes, "1.5 GiB") == 1536_MiB);
  CHECK(value_of(parse_bytes, "1.5TB") == 1500_GB);
  CHECK(value_of(parse_bytes, " 80 GB ") == 80_GB);
  CHECK(value_of(parse_bytes, ".5 KB") == 500_B);
  CHECK(value_of(parse_bytes, "1e9 B") == 1_GB);
  CHECK(value_of(parse_bytes, "0.1 TB") == 100_GB);
  CHECK(value_of(parse_bytes, "0.0009765625 KiB") == 1_B);
  CHECK(value_of(parse_bytes, "-5 B") == Bytes(-5));
  CHECK(value_of(parse_bytes, "9223372036854775807 B") == Bytes(INT64_MAX));
}

TEST_CASE("durations are exact whole nanoseconds") {
  CHECK(value_of(parse_duration, "250 us") == 250_us);
  CHECK(value_of(parse_duration, "1.5 h") == 5400_s);
  CHECK(value_of(parse_duration, "2 min") == 120_s);
  CHECK(value_of(parse_duration, "1 d") == 86400_s);
  CHECK(value_of(parse_duration, "0.001 us") == 1_ns);
}

TEST_CASE("rates are the double nearest to the text, power of ten included") {
  CHECK(value_of(parse_bandwidth, "55 GB/s").value() == 55e9);
  CHECK(value_of(parse_bandwidth, "3.35 TB/s").value() == 3.35e12);
  CHECK(value_of(parse_bandwidth, "1.5 GiB/s").value() == 1610612736.0);
  CHECK(value_of(parse_compute, "989.4 TFLOP/s").value() == 989.4e12);
  CHECK(value_of(parse_power, "10.2 kW").value() == 10'200);
  CHECK(value_of(parse_money, "2.50 USD").value() == 2.5);
  CHECK(text_of(Watts(700)) == "700 W");
  CHECK(text_of(Watts(0)) == "0 W");
  CHECK(text_of(Dollars(2.5)) == "2.5 USD");
  CHECK(value_of(parse_per_second, "300/min") == 5.0);
  CHECK(value_of(parse_per_second, "7200/h") == 2.0);
  CHECK(value_of(parse_fraction, "33.3%") == 0.333);
  CHECK(value_of(parse_fraction, "0.25") == 0.25);
  CHECK(value_of(parse_multiple, "1.5x") == 1.5);
  CHECK(value_of(parse_multiple, "2") == 2.0);
}

TEST_CASE("counts, tokens and flags are taken without a unit") {
  CHECK(value_of(parse_count, "8") == 8);
  CHECK(value_of(parse_count, "1e6") == 1'000'000);
  CHECK(value_of(parse_tokens, "16 tokens") == 16_tok);
  CHECK(value_of(parse_tokens, "16") == 16_tok);
  CHECK(value_of(parse_number, "-0.25") == -0.25);
  CHECK(value_of(parse_flag, "true"));
  CHECK_FALSE(value_of(parse_flag, "false"));
}

TEST_CASE("a wrong text says what is wrong and what would be right") {
  CHECK(problem_of(parse_bytes, "80") == "'80' has no unit, expected a size such as '512 GiB'");
  CHECK(problem_of(parse_bytes, "80 GHz") == "'80 GHz' has an unknown unit 'GHz', expected a size such as '512 GiB'");
  CHECK(problem_of(parse_bytes, "lots") == "'lots' is not a number, expected a size such as '512 GiB'");
  CHECK(problem_of(parse_bytes, "1,000 B") == "'1,000 B' is not a number, expected a size such as '512 GiB'");
  CHECK(problem_of(parse_bytes, "") == "'' is empty, expected a size such as '512 GiB'");
  CHECK(problem_of(parse_bytes, "0.3 B") ==
        "'0.3 B' is not a whole number of bytes, expected a size such as '512 GiB'");
  CHECK(problem_of(parse_duration, "0.5 ns") ==
        "'0.5 ns' is not a whole number of nanoseconds, expected a duration such as '250 us'");
  CHECK(problem_of(parse_bytes, "8388608 TiB") == "'8388608 TiB' is too large, expected a size such as '512 GiB'");
  CHECK(problem_of(parse_bytes, "1e400 B") == "'1e400 B' is out of range, expected a size such as '512 GiB'");
  CHECK(problem_of(parse_bandwidth, "1e305 GB/s") ==
        "'1e305 GB/s' is out of range, expected a bandwidth such as '55 GB/s'");
  CHECK(problem_of(parse_number, ".nan") == "'.nan' is not finite, expected a number such as '0.5'");
  CHECK(problem_of(parse_number, "-inf") == "'-inf' is not finite, expected a number such as '0.5'");
  CHECK(problem_of(parse_count, "1.5") == "'1.5' is not a whole number, expected a whole number such as '8'");
  CHECK(problem_of(parse_count, "8 GB") == "'8 GB' is more than a number, expected a whole number such as '8'");
  CHECK(problem_of(parse_flag, "yes") == "'yes' is neither, expected true or false");
}

TEST_CASE("a unit that is nearly right is suggested") {
  const auto suggests = [](const std::string& problem, const std::string& unit) {
    return problem.find("did you mean '" + unit + "'?") != std::string::npos;
  };
  CHECK(suggests(problem_of(parse_bytes, "1 gb"), "GB"));
  CHECK(suggests(problem_of(parse_bytes, "1 gib"), "GiB"));
  CHECK(suggests(problem_of(parse_bytes, "1 TBytes"), "TB"));
  CHECK(suggests(problem_of(parse_bytes, "512G"), "GiB"));
  CHECK(suggests(problem_of(parse_duration, "5 sec"), "s"));
  CHECK(suggests(problem_of(parse_duration, "5 \xC2\xB5s"), "us"));
  CHECK(suggests(problem_of(parse_duration, "5 minutes"), "min"));
  CHECK(suggests(problem_of(parse_bandwidth, "55 GBps"), "GB/s"));
  CHECK(suggests(problem_of(parse_bandwidth, "55 GB"), "GB/s"));
  CHECK(suggests(problem_of(parse_compute, "989 TFLOPS"), "TFLOP/s"));
  CHECK(suggests(problem_of(parse_per_second, "5/sec"), "/s"));
  CHECK(problem_of(parse_bandwidth, "400 Gbit/s").find("8 Gbit/s is 1 GB/s") != std::string::npos);
}

TEST_CASE("printing takes the shortest exact unit") {
  CHECK(text_of(512_GiB) == "512 GiB");
  CHECK(text_of(1536_MiB) == "1.5 GiB");
  CHECK(text_of(80_GB) == "80 GB");
  CHECK(text_of(1024_B) == "1 KiB");
  CHECK(text_of(123456789_B) == "123456789 B");
  CHECK(text_of(Bytes(0)) == "0 B");
  CHECK(text_of(Bytes(-1024)) == "-1 KiB");
  CHECK(text_of(250_us) == "250 us");
  CHECK(text_of(1500_us) == "1.5 ms");
  CHECK(text_of(3600_s) == "1 h");
  CHECK(text_of(Duration(0)) == "0 s");
  CHECK(text_of(16_tok) == "16 tokens");
  CHECK(text_of(1_tok) == "1 token");
  CHECK(text_of(55_GBps) == "55 GB/s");
  CHECK(text_of(BytesPerSecond(3.35e12)) == "3.35 TB/s");
  CHECK(text_of(BytesPerSecond(1073741824.0)) == "1 GiB/s");
  CHECK(text_of(BytesPerSecond(0)) == "0 B/s");
  CHECK(text_of(BytesPerSecond(0.25)) == "0.25 B/s");
  CHECK(text_of(989_TFLOPs) == "989 TFLOP/s");
  CHECK(text_of_number(0.1) == "0.1");
  CHECK(text_of_number(1e6) == "1000000");
  CHECK(text_of_number(1e-7) == "1e-7");
  CHECK(text_of_multiple(1.5) == "1.5x");
  CHECK(text_of_per_second(0.5) == "0.5/s");
}
