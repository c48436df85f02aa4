#pragma once
/// Figures of a machine's file: what a law says in one number, and a line of YAML with the source behind it. Pure.
#include <string>

#include "calib/profile_laws.hpp"

namespace tiersim::calib {

/// "family/kernel/variant"
[[nodiscard]] std::string name_of(const Law& law);
/// Seconds per unit; 0 where the law has no such term. Of bytes in segments the last counts: large sizes.
[[nodiscard]] double coefficient_of(const Law& law, Feature feature);
/// Bytes per second at large sizes: by the cost of a further byte, or, where that is nothing, of the largest trained
/// size.
[[nodiscard]] double rate_of(const Law& law);

/// "key: value  # source" and a newline.
[[nodiscard]] std::string figure(const std::string& key, const std::string& value, const std::string& source);
[[nodiscard]] std::string rate_text(double bytes_per_second);
[[nodiscard]] std::string time_text(double seconds);
[[nodiscard]] std::string size_text(double bytes);

}  // namespace tiersim::calib
