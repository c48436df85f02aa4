#pragma once
/// A profile as a YAML file that read_profile reads back to the same numbers.
///
/// Called by calibration, which rounds the laws' numbers to six digits first; numbers are written with the fewest
/// digits that read back the same. `heading` becomes the comment at the top, line by line; a comment of a key follows
/// its value. O(size of the text).
#include <map>
#include <string>

#include "calib/profile.hpp"

namespace tiersim::calib {

[[nodiscard]] std::string text_of(const Profile& profile, const std::string& heading,
                                  const std::map<std::string, std::string>& comments = {});

/// A text as a YAML scalar, in quotes where it needs them.
[[nodiscard]] std::string scalar_text(const std::string& text);

}  // namespace tiersim::calib
