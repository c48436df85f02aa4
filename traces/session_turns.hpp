#pragma once
/// Which request a turn follows, where a format gives each request the name of its session.
///
/// Called by readers, in order of arrival. Names must stay where they are (in the mapped file) as long as this lives.
/// O(1) per request; memory per session.
#include <cstdint>
#include <memory>
#include <string_view>

namespace tiersim::traces {

class SessionTurns {
 public:
  SessionTurns();
  ~SessionTurns();
  SessionTurns(const SessionTurns&) = delete;
  SessionTurns& operator=(const SessionTurns&) = delete;

  /// The last request of this session, whose place `request` takes; kNoRequest for a first turn or without a name.
  std::uint32_t previous_of(std::string_view session, std::uint32_t request);

 private:
  struct Map;
  std::unique_ptr<Map> map_;  // session -> its last request
};

}  // namespace tiersim::traces
