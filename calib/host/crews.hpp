#pragma once
/// The teams that the variants of a family name: "1 thread" and "all threads".
///
/// Called by the families that measure memory. Where there is one processor, "all threads" is the only one.
#include <memory>
#include <string_view>
#include <vector>

#include "calib/host/team.hpp"

namespace tiersim::calib {

struct Crew {
  std::string_view variant;
  std::shared_ptr<Team> team;
};

[[nodiscard]] std::vector<Crew> crews_of(const std::shared_ptr<Team>& all);
/// Throws std::logic_error if none has this name.
[[nodiscard]] Team& team_of(const std::vector<Crew>& crews, std::string_view variant);

}  // namespace tiersim::calib
