#include "traces/session_turns.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <utility>

#include "traces/trace.hpp"

namespace tiersim::traces {

struct SessionTurns::Map {
  boost::unordered_flat_map<std::string_view, std::uint32_t> last;
};

SessionTurns::SessionTurns() : map_(std::make_unique<Map>()) {}
SessionTurns::~SessionTurns() = default;

std::uint32_t SessionTurns::previous_of(std::string_view session, std::uint32_t request) {
  if (session.empty()) return kNoRequest;
  const auto [last, is_new] = map_->last.try_emplace(session, request);
  return is_new ? kNoRequest : std::exchange(last->second, request);
}

}  // namespace tiersim::traces
