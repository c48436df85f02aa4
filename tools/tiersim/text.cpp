#include "tools/tiersim/text.hpp"

#include <fmt/format.h>

#include <array>

#include "sim/report/human.hpp"

namespace tiersim::cli {

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

std::string exactly(Duration duration) { return human::grouped(duration.value()) + " ns"; }

}  // namespace tiersim::cli
