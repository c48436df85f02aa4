#include "tools/tiersim/text.hpp"

#include <fmt/format.h>

#include <array>

namespace tiersim::cli {

std::string grouped(std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string rough(Bytes size) {
  constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(size.value());
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", size.value()) : fmt::format("{:#.3g} {}", value, units[unit]);
}

std::string exactly(Time time) {
  return fmt::format("{}.{:09} s", time.value() / 1'000'000'000, time.value() % 1'000'000'000);
}

std::string exactly(Duration duration) { return grouped(duration.value()) + " ns"; }

}  // namespace tiersim::cli
