#include "calib/measure/sample.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace tiersim::calib {
namespace {

std::string text_of(double value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

const Parameter* find(const Point& point, std::string_view name) {
  const auto found = std::find_if(point.parameters.begin(), point.parameters.end(),
                                  [&](const Parameter& p) { return p.name == name; });
  return found == point.parameters.end() ? nullptr : &*found;
}

}  // namespace

double Point::at(std::string_view name) const {
  if (const Parameter* p = find(*this, name)) return p->value;
  throw std::logic_error("point " + key() + " has no parameter '" + std::string(name) + "'");
}

double Point::at(std::string_view name, double otherwise) const {
  const Parameter* p = find(*this, name);
  return p != nullptr ? p->value : otherwise;
}

std::string Point::series() const { return family + "/" + kernel + "/" + variant; }

std::string Point::key() const {
  const std::string sizes = sizes_text();
  return sizes.empty() ? series() : series() + " " + sizes;
}

std::string Point::sizes_text() const {
  std::string text;
  for (const Parameter& p : parameters) {
    if (!text.empty()) text += ' ';
    text += p.name + "=" + text_of(p.value);
  }
  return text;
}

double share_of(const Ceilings& ceilings, const Sample& sample) {
  if (sample.seconds <= 0) return 0;
  double least = 0;  // s
  if (ceilings.flops_per_second > 0) least = std::max(least, sample.flops / ceilings.flops_per_second);
  if (ceilings.bytes_per_second > 0) least = std::max(least, sample.bytes / ceilings.bytes_per_second);
  return least / sample.seconds;
}

}  // namespace tiersim::calib
