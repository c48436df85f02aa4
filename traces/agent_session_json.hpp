#pragma once
/// One session of coding agents in the JSON of kv-cache-tester, to an AgentSession.
///
/// Called by the reader of that format, which says what the fields mean (formats/kv-cache-tester.cpp), for each file of
/// a trace. One pass; memory is the session's.
#include <cstdint>
#include <string>
#include <string_view>

#include "traces/agent_sessions.hpp"
#include "traces/interner.hpp"
#include "traces/record_errors.hpp"

namespace tiersim::traces {

/// The sessions of one trace read so far, and what they have in common.
struct AgentSessionInput {
  AgentSessions sessions;
  Interner global_ids{0};
  std::uint64_t block_size = 0;     ///< 0 until a session says it
  std::uint64_t local_blocks = 0;   ///< of all sessions so far
  std::uint64_t empty_answers = 0;  ///< counted as 1 token
};

/// Adds the session to `input`, or its mistakes to `errors` (which are about its file): after one in a request's
/// figures the others are looked at, after one in the JSON they are not. `json` has MappedFile::kPadding readable bytes
/// behind it.
void read_agent_session(std::string name, std::string_view json, AgentSessionInput& input, RecordErrors& errors);

}  // namespace tiersim::traces
