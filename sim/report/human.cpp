#include "sim/report/human.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <span>

namespace tiersim::human {
namespace {

struct Unit {
  double size;
  const char* name;
};

/// In the largest unit of which there is at least one, after rounding; the last unit takes what is smaller.
std::string scaled(double x, std::span<const Unit> units) {
  for (const Unit& u : units)
    if (x >= u.size * 0.9995) return number(x / u.size) + " " + u.name;
  return number(x / units.back().size) + " " + units.back().name;
}

}  // namespace

std::string grouped(std::int64_t n) {
  std::string digits = fmt::format("{}", n);
  const std::size_t first = digits[0] == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string count(double n) { return grouped(static_cast<std::int64_t>(n)); }

std::string number(double x) {
  if (x == 0) return "0";
  if (x < 0) return "-" + number(-x);
  if (x < 9.995) return fmt::format("{:.2f}", x);
  if (x < 99.95) return fmt::format("{:.1f}", x);
  return grouped(std::lround(x));
}

std::string prefixed(double x) {
  static constexpr std::array<Unit, 5> kUnits = {{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
  return x < kUnits.back().size * 0.9995 ? number(x) : scaled(x, kUnits);
}

std::string duration(double seconds) {
  static constexpr std::array<Unit, 4> kUnits = {{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}};
  return seconds == 0 ? "0 s" : scaled(seconds, kUnits);
}

std::string long_time(double seconds) {
  constexpr double kMinutes = 120, kHours = 7'200;  // from where on they are the better unit
  if (seconds < kMinutes) return duration(seconds);
  return seconds < kHours ? number(seconds / 60) + " min" : number(seconds / 3600) + " h";
}

std::string bytes(double bytes) {
  static constexpr std::array<Unit, 5> kUnits = {{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "KB"}, {1, "B"}}};
  return bytes == 0 ? "0 B" : scaled(bytes, kUnits);
}

std::string energy(double joules) {
  static constexpr std::array<Unit, 4> kUnits = {{{1e9, "GJ"}, {1e6, "MJ"}, {1e3, "kJ"}, {1, "J"}}};
  return joules == 0 ? "0 J" : scaled(joules, kUnits);
}

std::string power(double watts) {
  static constexpr std::array<Unit, 3> kUnits = {{{1e6, "MW"}, {1e3, "kW"}, {1, "W"}}};
  return watts == 0 ? "0 W" : scaled(watts, kUnits);
}

std::string capacity(Bytes size) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(size.value());
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", size.value()) : number(value) + " " + kUnits[unit];
}

std::string share(double share) {
  if (share > 0 && share < 0.0005) return "<0.1%";
  return fmt::format("{:.1f}%", share * 100);
}

std::string coarse_share(double share) {
  if (share > 0 && share < 0.005) return "<1%";
  return fmt::format("{:.0f}%", share * 100);
}

std::string counted(std::int64_t n, const std::string& noun) { return grouped(n) + " " + noun + (n == 1 ? "" : "s"); }

}  // namespace tiersim::human
