#include "calib/fit/figures.hpp"

#include <fmt/format.h>

#include "sim/config/units_text.hpp"

namespace tiersim::calib {

std::string name_of(const Law& law) {
  return law.family + "/" + law.kernel + (law.variant.empty() ? "" : "/" + law.variant);
}

double coefficient_of(const Law& law, Feature feature) {
  double seconds = 0;
  for (const Side& side : law.sides) {
    for (const Term& term : side.terms) {
      const bool last = term.feature == Feature::bytes_segment && feature == Feature::bytes;
      if (term.feature == feature || last) seconds = term.seconds;
    }
  }
  return seconds;
}

double rate_of(const Law& law) {
  const double seconds = coefficient_of(law, Feature::bytes);
  return seconds > 0 && law.corrections.empty() ? 1 / seconds
                                                : law.bytes.high / law.time({.bytes = law.bytes.high}).value();
}

std::string figure(const std::string& key, const std::string& value, const std::string& source) {
  const std::string text = key + ": " + value;
  return source.empty() ? text + "\n" : fmt::format("{:<36}# {}\n", text, source);
}

std::string rate_text(double bytes_per_second) { return fmt::format("{:.4g} GB/s", bytes_per_second / 1e9); }
std::string time_text(double seconds) { return config::text_of(rounded(Seconds(seconds))); }
std::string size_text(double bytes) { return fmt::format("{:.0f} B", bytes); }

}  // namespace tiersim::calib
