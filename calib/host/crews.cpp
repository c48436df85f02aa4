#include "calib/host/crews.hpp"

#include <stdexcept>
#include <string>

namespace tiersim::calib {

std::vector<Crew> crews_of(const std::shared_ptr<Team>& all) {
  std::vector<Crew> crews;
  if (all->size() > 1) crews.push_back({"1 thread", std::make_shared<Team>(1)});
  crews.push_back({"all threads", all});
  return crews;
}

Team& team_of(const std::vector<Crew>& crews, std::string_view variant) {
  for (const Crew& crew : crews) {
    if (crew.variant == variant) return *crew.team;
  }
  throw std::logic_error("no team for the variant '" + std::string(variant) + "'");
}

}  // namespace tiersim::calib
