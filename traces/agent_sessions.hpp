#pragma once
/// Sessions recorded apart, each with a clock and block ids of its own, laid on one clock: how traces of one file a
/// session become a Trace.
///
/// Called by readers of such formats: fill an AgentSession per file, in any order, then merged(). A session is a tree:
/// an agent's request follows the one before it of the same agent; a sub-agent's first follows the request of its
/// parent after which it began. O(references + n log n) in the requests; memory is that of the columns, and 4 bytes per
/// distinct block while it runs.
#include <span>
#include <string>
#include <vector>

#include "traces/trace.hpp"

namespace tiersim::traces {

struct AgentSession {
  struct Request {
    std::int64_t start = 0;  ///< ns from the session's start
    std::int64_t think_time = 0;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;
    std::uint32_t previous = kNoRequest;  ///< index into requests, to an earlier one that starts no later
  };

  std::string name;                              ///< of its file: sessions start in the order of their names
  bool global_ids = false;                       ///< ids name the same content in every session that says so
  std::uint32_t distinct_blocks = 0;             ///< local ids are below it; global ones are known only at the end
  std::vector<Request> requests;                 ///< in the order of the file
  std::vector<std::uint64_t> extent_offsets{0};  ///< request r has extents [offsets[r], offsets[r + 1])
  std::vector<Extent> extents;                   ///< of the session's ids
};

struct AgentSessions {
  std::vector<AgentSession> list;
  std::uint32_t global_blocks = 0;  ///< ids of sessions with global_ids are below it
};

/// Session i, by name, begins at i x gap; all requests by absolute time, equal ones in the order of sessions, then of
/// the file. Every block of the prompt has block_tokens identified tokens.
[[nodiscard]] Trace merged(AgentSessions sessions, Duration gap, std::uint32_t block_tokens, Trace::Origin origin);

}  // namespace tiersim::traces
