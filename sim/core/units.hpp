#pragma once
/// Quantities with a unit: no naked number crosses a function boundary.
///
/// Bytes, Tokens, Blocks and Operations are signed 64-bit counts; Duration and Time are signed 64-bit nanoseconds
/// (a Time is a point on the simulated clock, a Duration the distance of two of them); BytesPerSecond, Flops,
/// FlopsPerSecond and Seconds are doubles, for the cost model alone, and Watts, Joules, Dollars and DollarsPerHour for
/// reports. Arithmetic is what dimensions allow; anything else goes through .value() and says so. All of it is
/// constexpr, O(1) and free of libm.
#include <compare>
#include <cstdint>

namespace tiersim {

/// A number with a dimension. Same dimension: add, subtract, compare, ratio. Scaling by a plain number is allowed.
template <class Tag, class Rep>
class Quantity {
 public:
  using rep = Rep;

  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }

  constexpr Quantity& operator+=(Quantity o) { return value_ += o.value_, *this; }
  constexpr Quantity& operator-=(Quantity o) { return value_ -= o.value_, *this; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value_ - b.value_); }
  friend constexpr Quantity operator-(Quantity a) { return Quantity(-a.value_); }
  friend constexpr Quantity operator*(Quantity a, Rep k) { return Quantity(a.value_ * k); }
  friend constexpr Quantity operator*(Rep k, Quantity a) { return Quantity(a.value_ * k); }
  friend constexpr Quantity operator/(Quantity a, Rep k) { return Quantity(a.value_ / k); }
  friend constexpr Rep operator/(Quantity a, Quantity b) { return a.value_ / b.value_; }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 errs

 private:
  Rep value_{};
};

using Bytes = Quantity<struct BytesTag, std::int64_t>;
using Tokens = Quantity<struct TokensTag, std::int64_t>;
using Blocks = Quantity<struct BlocksTag, std::int64_t>;
using Operations = Quantity<struct OperationsTag, std::int64_t>;
using Duration = Quantity<struct DurationTag, std::int64_t>;  ///< nanoseconds
using Seconds = Quantity<struct SecondsTag, double>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag, double>;
using Flops = Quantity<struct FlopsTag, double>;
using FlopsPerSecond = Quantity<struct FlopsPerSecondTag, double>;
using Watts = Quantity<struct WattsTag, double>;
using Joules = Quantity<struct JoulesTag, double>;
using Dollars = Quantity<struct DollarsTag, double>;
using DollarsPerHour = Quantity<struct DollarsPerHourTag, double>;

/// A point on the simulated clock: nanoseconds since the start of the run.
class Time {
 public:
  constexpr Time() = default;
  constexpr explicit Time(std::int64_t nanoseconds) : value_(nanoseconds) {}
  [[nodiscard]] constexpr std::int64_t value() const { return value_; }
  /// Later than everything that happens.
  static constexpr Time never() { return Time(INT64_MAX); }

  constexpr Time& operator+=(Duration d) { return value_ += d.value(), *this; }
  friend constexpr Time operator+(Time t, Duration d) { return Time(t.value_ + d.value()); }
  friend constexpr Time operator-(Time t, Duration d) { return Time(t.value_ - d.value()); }
  friend constexpr Duration operator-(Time a, Time b) { return Duration(a.value_ - b.value_); }
  friend constexpr auto operator<=>(Time, Time) = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 errs

 private:
  std::int64_t value_{};
};

/// Rounds to the nearest nanosecond, halves away from zero. Durations are far below 2^53 ns, so this is exact.
constexpr Duration rounded(Seconds s) {
  const double ns = s.value() * 1e9;
  return Duration(static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5));
}
constexpr Seconds in_seconds(Duration d) { return Seconds(static_cast<double>(d.value()) * 1e-9); }
constexpr Seconds operator/(Bytes b, BytesPerSecond r) { return Seconds(static_cast<double>(b.value()) / r.value()); }
constexpr Seconds operator/(Flops f, FlopsPerSecond r) { return Seconds(f.value() / r.value()); }
constexpr Joules operator*(Watts p, Seconds t) { return Joules(p.value() * t.value()); }
constexpr Dollars operator*(DollarsPerHour p, Seconds t) { return Dollars(p.value() * t.value() / 3600); }

namespace literals {
constexpr Bytes operator""_B(unsigned long long v) { return Bytes(static_cast<std::int64_t>(v)); }
constexpr Bytes operator""_KiB(unsigned long long v) { return Bytes(static_cast<std::int64_t>(v) << 10); }
constexpr Bytes operator""_MiB(unsigned long long v) { return Bytes(static_cast<std::int64_t>(v) << 20); }
constexpr Bytes operator""_GiB(unsigned long long v) { return Bytes(static_cast<std::int64_t>(v) << 30); }
constexpr Bytes operator""_KB(unsigned long long v) { return Bytes(static_cast<std::int64_t>(v) * 1'000); }
constexpr Bytes operator""_MB(unsigned long long v) { return Bytes(static_cast<std::int64_t>(v) * 1'000'000); }
constexpr Bytes operator""_GB(unsigned long long v) { return Bytes(static_cast<std::int64_t>(v) * 1'000'000'000); }
constexpr Duration operator""_ns(unsigned long long v) { return Duration(static_cast<std::int64_t>(v)); }
constexpr Duration operator""_us(unsigned long long v) { return Duration(static_cast<std::int64_t>(v) * 1'000); }
constexpr Duration operator""_ms(unsigned long long v) { return Duration(static_cast<std::int64_t>(v) * 1'000'000); }
constexpr Duration operator""_s(unsigned long long v) { return Duration(static_cast<std::int64_t>(v) * 1'000'000'000); }
constexpr BytesPerSecond operator""_GBps(unsigned long long v) { return BytesPerSecond(static_cast<double>(v) * 1e9); }
constexpr FlopsPerSecond operator""_TFLOPs(unsigned long long v) {
  return FlopsPerSecond(static_cast<double>(v) * 1e12);
}
constexpr Tokens operator""_tok(unsigned long long v) { return Tokens(static_cast<std::int64_t>(v)); }
}  // namespace literals

}  // namespace tiersim
