#pragma once
/// Workloads made rather than read: seeded, the same bytes everywhere.
///
/// Chat: tenants with a system prompt of their own (shared by all their sessions), sessions that start in bursts (a
/// two-state modulated Poisson process), turns whose prompt extends the last prompt and answer by a new user message, think
/// times, log-normal lengths cut to a range. Blocks of prompt and answer are identified.
#include <string>

#include "sim/config/fields.hpp"
#include "traces/trace.hpp"

namespace tiersim::traces {

struct ChatWorkload {
  std::int64_t requests = 10'000;
  double rate = 5.0;                    ///< mean requests per second over the whole trace
  std::int64_t tenants = 20;
  double tenant_skew = 1.0;             ///< Zipf exponent of sessions per tenant
  Tokens system_prompt{1'000};          ///< mean; log-normal over tenants
  Tokens user_message{200};             ///< mean; log-normal
  double user_message_spread = 1.0;     ///< sigma of the log
  Tokens answer{250};                   ///< mean; log-normal
  double answer_spread = 0.8;
  double turns = 5.0;                   ///< mean turns of a session, geometric, at least 1
  Duration think_time{30'000'000'000};  ///< mean; exponential, from the end of an assumed answer
  double burst_factor = 4.0;            ///< how much faster sessions start inside a burst
  double burst_share = 0.1;             ///< share of time that is burst
  Duration burst_length{20'000'000'000};  ///< mean length of a burst
  Tokens max_prompt{32'000};            ///< a session ends before its prompt would pass this
  Tokens block{16};                     ///< granularity of the ids
};

/// Reads the keys of `generate: {chat: {...}}`; problems go to the fields' diagnostics.
[[nodiscard]] ChatWorkload read_chat_workload(config::Fields& fields);
[[nodiscard]] Trace generate_chat(const ChatWorkload& workload, std::uint64_t seed);

}  // namespace tiersim::traces
