#include "sim/config/units_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <span>

#include "sim/core/diagnostics.hpp"

namespace tiersim::config {
namespace {

__extension__ using Wide = unsigned __int128;  // holds 25 digits times the largest unit

/// One unit of a quantity: 10^ten * 2^two * times base units. An empty name means that the unit may be left out.
struct Unit {
  std::string_view name;
  int ten = 0;
  int two = 0;
  int times = 1;
};

/// What a quantity looks like in text; units in the order of preference for printing.
struct Measure {
  std::string_view expected;
  std::string_view base;  ///< "bytes"; empty for plain numbers
  std::span<const Unit> units;
};

constexpr Unit kSizes[] = {{"PiB", 0, 50}, {"TiB", 0, 40}, {"GiB", 0, 30}, {"MiB", 0, 20}, {"KiB", 0, 10}, {"PB", 15},
                           {"TB", 12},     {"GB", 9},      {"MB", 6},      {"KB", 3},      {"B"}};
constexpr Unit kTimes[] = {
    {"d", 11, 0, 864}, {"h", 11, 0, 36}, {"min", 10, 0, 6}, {"s", 9}, {"ms", 6}, {"us", 3}, {"ns"}};
constexpr Unit kBandwidths[] = {{"TB/s", 12},     {"GB/s", 9},      {"MB/s", 6},      {"KB/s", 3},     {"B/s"},
                                {"TiB/s", 0, 40}, {"GiB/s", 0, 30}, {"MiB/s", 0, 20}, {"KiB/s", 0, 10}};
constexpr Unit kComputes[] = {{"PFLOP/s", 15}, {"TFLOP/s", 12}, {"GFLOP/s", 9}, {"MFLOP/s", 6}, {"FLOP/s"}};
constexpr Unit kPowers[] = {{"kW", 3}, {"W"}};
constexpr Unit kMoney[] = {{"USD"}};
constexpr Unit kTokens[] = {{"tokens"}, {"token"}, {""}};
constexpr Unit kFractions[] = {{""}, {"%", -2}};
constexpr Unit kMultiples[] = {{"x"}, {""}};
constexpr Unit kFrequencies[] = {{"/s"}, {"/min", 0, 0, 60}, {"/h", 0, 0, 3600}};
constexpr Unit kPlain[] = {{""}};

constexpr Measure kSize{expected::size, "bytes", kSizes};
constexpr Measure kTime{expected::duration, "nanoseconds", kTimes};
constexpr Measure kBandwidth{expected::bandwidth, "bytes per second", kBandwidths};
constexpr Measure kCompute{expected::compute, "operations per second", kComputes};
constexpr Measure kPower{expected::power, "watts", kPowers};
constexpr Measure kAmount{expected::money, "dollars", kMoney};
constexpr Measure kTokenCount{expected::tokens, "tokens", kTokens};
constexpr Measure kFraction{expected::fraction, "", kFractions};
constexpr Measure kMultiple{expected::multiple, "", kMultiples};
constexpr Measure kPerSecond{expected::per_second, "", kFrequencies};
constexpr Measure kCount{expected::count, "", kPlain};
constexpr Measure kNumber{expected::number, "", kPlain};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Letters in lower case, the rest dropped but for '%': "GB/s", "gbs" and "GBS" are one.
std::string folded(std::string_view unit) {
  std::string out;
  for (char c : unit) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || c == '%') out += c;
    if (c == '\xC2' || c == '\xCE') out += 'u';  // the two spellings of the Greek mu
  }
  return out;
}

/// How unlike two folded units are; above 3: not worth a suggestion.
int unlikeness(const std::string& wrong, const std::string& known) {
  if (wrong == known) return 0;
  if (wrong.size() >= 3 && known.size() >= 3 && !nearest(wrong, {known}).empty() &&
      wrong.substr(0, 2) == known.substr(0, 2))
    return 1;
  if (wrong.starts_with(known)) return 2;
  if (known.starts_with(wrong)) return 3;
  return 4;
}

std::string_view likely_unit(std::string_view wrong, const Measure& measure) {
  const std::string word = folded(wrong);
  std::string_view best;
  int best_unlikeness = 4;
  for (const Unit& unit : measure.units) {
    if (word.empty() || unit.name.empty()) continue;
    const int u = unlikeness(word, folded(unit.name));
    if (u < best_unlikeness) best = unit.name, best_unlikeness = u;
  }
  return best;
}

void say(std::string& problem, std::string_view text, std::string_view why, const Measure& measure) {
  problem = fmt::format("'{}' {}, expected {}", text, why, measure.expected);
}

struct Parsed {
  std::string_view text;    ///< all of it
  std::string_view number;  ///< a decimal number that std::from_chars takes
  const Unit* unit;
};

const Unit* find_unit(std::string_view text, std::string_view name, const Measure& measure, std::string& problem) {
  for (const Unit& unit : measure.units)
    if (unit.name == name) return &unit;
  if (name.empty()) {
    say(problem, text, "has no unit", measure);
  } else if (measure.units.size() == 1) {
    say(problem, text, "is more than a number", measure);
  } else {
    say(problem, text, fmt::format("has an unknown unit '{}'", name), measure);
    if (const auto likely = likely_unit(name, measure); !likely.empty())
      problem += fmt::format("; did you mean '{}'?", likely);
  }
  return nullptr;
}

std::optional<Parsed> split(std::string_view text, const Measure& measure, std::string& problem) {
  text = trimmed(text);
  const char* const end = text.data() + text.size();
  double ignored = 0;
  const auto [rest, code] = std::from_chars(text.data(), end, ignored);
  const std::string_view number(text.data(), static_cast<std::size_t>(rest - text.data()));
  const bool has_digit = number.find_first_of("0123456789") != std::string_view::npos;
  const bool goes_on = rest != end && std::string_view(",._").find(*rest) != std::string_view::npos;  // "1,000"
  if (!has_digit || goes_on) {
    const std::string word = folded(text);
    const bool infinite = word == "nan" || word == "inf" || word == "infinity";
    say(problem, text, infinite ? "is not finite" : text.empty() ? "is empty" : "is not a number", measure);
    return {};
  }
  if (code == std::errc::result_out_of_range) return say(problem, text, "is out of range", measure), std::nullopt;
  const Unit* unit = find_unit(text, trimmed({rest, static_cast<std::size_t>(end - rest)}), measure, problem);
  if (unit == nullptr) return {};
  return Parsed{text, number, unit};
}

/// digits * 10^exponent, without trailing zeros in digits.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Decimal decimal_of(std::string_view number) {
  Decimal d;
  bool fraction = false;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const char c = number[i];
    if (c == '-') d.negative = true;
    if (c == '.') fraction = true;
    if (c >= '0' && c <= '9') d.digits += c, d.exponent -= fraction ? 1 : 0;
    if (c != 'e' && c != 'E') continue;
    const std::size_t sign = number[i + 1] == '+' ? 1 : 0;  // which from_chars does not take for integers
    int exponent = 0;
    std::from_chars(number.data() + i + 1 + sign, number.data() + number.size(), exponent);
    d.exponent += exponent;
    break;
  }
  d.digits.erase(0, std::min(d.digits.find_first_not_of('0'), d.digits.size()));
  while (!d.digits.empty() && d.digits.back() == '0') d.digits.pop_back(), ++d.exponent;
  return d;
}

enum class Fit { ok, not_whole, too_large };

/// The exact number of base units.
Fit whole(const Parsed& parsed, std::int64_t& out) {
  const Decimal d = decimal_of(parsed.number);
  if (d.digits.empty()) return out = 0, Fit::ok;
  if (d.digits.size() > 25) return Fit::not_whole;
  Wide value = 0;
  for (char c : d.digits) value = value * 10 + static_cast<unsigned>(c - '0');
  value = value * static_cast<unsigned>(parsed.unit->times) << parsed.unit->two;
  int ten = d.exponent + parsed.unit->ten;
  for (; ten < 0; ++ten) {
    if (value % 10 != 0) return Fit::not_whole;
    value /= 10;
  }
  constexpr Wide kMost = INT64_MAX;
  for (; ten > 0 && value <= kMost; --ten) value *= 10;
  if (value > kMost) return Fit::too_large;
  const auto magnitude = static_cast<std::int64_t>(value);
  out = d.negative ? -magnitude : magnitude;
  return Fit::ok;
}

std::optional<std::int64_t> parse_whole(std::string_view text, const Measure& measure, std::string& problem) {
  const auto parsed = split(text, measure, problem);
  if (!parsed) return {};
  std::int64_t value = 0;
  const Fit fit = whole(*parsed, value);
  if (fit == Fit::ok) return value;
  const std::string of = measure.base.empty() ? std::string() : fmt::format(" of {}", measure.base);
  say(problem, parsed->text, fit == Fit::too_large ? "is too large" : "is not a whole number" + of, measure);
  return {};
}

/// The nearest double: the unit's power of ten joins the exponent before rounding, its power of two is exact.
std::optional<double> parse_real(std::string_view text, const Measure& measure, std::string& problem) {
  const auto parsed = split(text, measure, problem);
  if (!parsed) return {};
  const Decimal d = decimal_of(parsed->number);
  const std::string scaled =
      fmt::format("{}{}e{}", d.negative ? "-" : "", d.digits.empty() ? "0" : d.digits, d.exponent + parsed->unit->ten);
  double value = 0;
  const auto [rest, code] = std::from_chars(scaled.data(), scaled.data() + scaled.size(), value);
  value *= static_cast<double>(std::int64_t{1} << parsed->unit->two);
  value /= parsed->unit->times;
  constexpr double kMost = 1e300;  // so that sums and products of a few stay finite
  if (code == std::errc() && value >= -kMost && value <= kMost) return value;
  say(problem, parsed->text, "is out of range", measure);
  return {};
}

/// digits * 10^exponent without an exponent where that stays short.
std::string plain(const Decimal& d) {
  const int size = static_cast<int>(d.digits.size());
  const int point = size + d.exponent;  // digits before the decimal point
  std::string out = d.negative ? "-" : "";
  if (d.digits.empty()) return out + "0";
  if (point > 21 || point < -5) return out + fmt::format("{}e{}", d.digits, d.exponent);
  if (point <= 0) return out + "0." + std::string(static_cast<std::size_t>(-point), '0') + d.digits;
  if (point >= size) return out + d.digits + std::string(static_cast<std::size_t>(point - size), '0');
  const auto at = static_cast<std::size_t>(point);
  return out + d.digits.substr(0, at) + "." + d.digits.substr(at);
}

Decimal shortest(double v) {
  std::array<char, 40> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v, std::chars_format::scientific);
  return decimal_of({buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data())});
}

void keep_shorter(std::string& best, std::string candidate) {
  if (best.empty() || candidate.size() < best.size()) best = std::move(candidate);
}

/// The shortest exact text of a value other than 0, with at least 1 before the point and at most three decimals.
std::string print_whole(std::int64_t v, const Measure& measure) {
  const Wide magnitude = v < 0 ? Wide{0} - static_cast<Wide>(v) : static_cast<Wide>(v);
  std::string best;
  for (const Unit& unit : measure.units) {
    Wide factor = static_cast<Wide>(unit.times) << unit.two;
    for (int i = 0; i < unit.ten; ++i) factor *= 10;
    if (magnitude < factor || magnitude * 1000 % factor != 0) continue;
    Decimal d = decimal_of(fmt::format("{}", static_cast<std::uint64_t>(magnitude / factor)));
    if (const auto thousandths = static_cast<int>(magnitude * 1000 / factor % 1000); thousandths != 0)
      d = decimal_of(fmt::format("{}.{:03}", static_cast<std::uint64_t>(magnitude / factor), thousandths));
    d.negative = v < 0;
    keep_shorter(best, fmt::format("{} {}", plain(d), unit.name));
  }
  return best;
}

/// The shortest text that reads back the same, with a mantissa of at least 1 where a unit allows it.
std::string print_real(double v, const Measure& measure) {
  std::string best;
  for (const Unit& unit : measure.units) {
    Decimal d = shortest(v / static_cast<double>(std::int64_t{1} << unit.two));
    d.exponent -= unit.ten;
    const bool below_one = static_cast<int>(d.digits.size()) + d.exponent <= 0;
    if (below_one && unit.ten + unit.two > 0) continue;
    keep_shorter(best, fmt::format("{} {}", plain(d), unit.name));
  }
  return best;
}

template <class Quantity, class Rep>
std::optional<Quantity> as(std::optional<Rep> value) {
  return value ? std::optional<Quantity>(Quantity(*value)) : std::nullopt;
}

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text, std::string& problem) {
  return as<Bytes>(parse_whole(text, kSize, problem));
}
std::optional<Duration> parse_duration(std::string_view text, std::string& problem) {
  return as<Duration>(parse_whole(text, kTime, problem));
}
std::optional<Tokens> parse_tokens(std::string_view text, std::string& problem) {
  return as<Tokens>(parse_whole(text, kTokenCount, problem));
}
std::optional<BytesPerSecond> parse_bandwidth(std::string_view text, std::string& problem) {
  auto rate = as<BytesPerSecond>(parse_real(text, kBandwidth, problem));
  const bool in_bits = text.find("bit") != std::string_view::npos || text.find("bps") != std::string_view::npos;
  if (!rate && in_bits) problem += " (rates are in bytes: 8 Gbit/s is 1 GB/s)";
  return rate;
}
std::optional<FlopsPerSecond> parse_compute(std::string_view text, std::string& problem) {
  return as<FlopsPerSecond>(parse_real(text, kCompute, problem));
}
std::optional<Watts> parse_power(std::string_view text, std::string& problem) {
  return as<Watts>(parse_real(text, kPower, problem));
}
std::optional<Dollars> parse_money(std::string_view text, std::string& problem) {
  return as<Dollars>(parse_real(text, kAmount, problem));
}
std::optional<double> parse_fraction(std::string_view text, std::string& problem) {
  return parse_real(text, kFraction, problem);
}
std::optional<double> parse_multiple(std::string_view text, std::string& problem) {
  return parse_real(text, kMultiple, problem);
}
std::optional<double> parse_per_second(std::string_view text, std::string& problem) {
  return parse_real(text, kPerSecond, problem);
}
std::optional<std::int64_t> parse_count(std::string_view text, std::string& problem) {
  return parse_whole(text, kCount, problem);
}
std::optional<double> parse_number(std::string_view text, std::string& problem) {
  return parse_real(text, kNumber, problem);
}

std::optional<bool> parse_flag(std::string_view text, std::string& problem) {
  if (text == "true" || text == "false") return text == "true";
  problem = fmt::format("'{}' is neither, expected {}", text, expected::flag);
  return {};
}

std::string text_of(Bytes v) { return v == Bytes() ? "0 B" : print_whole(v.value(), kSize); }
std::string text_of(Duration v) { return v == Duration() ? "0 s" : print_whole(v.value(), kTime); }
std::string text_of(Tokens v) { return fmt::format("{} {}", v.value(), v == Tokens(1) ? "token" : "tokens"); }
std::string text_of(BytesPerSecond v) { return print_real(v.value(), kBandwidth); }
std::string text_of(FlopsPerSecond v) { return print_real(v.value(), kCompute); }
std::string text_of(Watts v) { return print_real(v.value(), kPower); }
std::string text_of(Dollars v) { return print_real(v.value(), kAmount); }
std::string text_of_number(double v) { return plain(shortest(v)); }
std::string text_of_multiple(double v) { return text_of_number(v) + "x"; }
std::string text_of_per_second(double v) { return text_of_number(v) + "/s"; }

}  // namespace tiersim::config
