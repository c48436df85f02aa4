#pragma once
/// Workloads made rather than read: seeded, the same bytes everywhere. Each generator is a file in traces/generators/.
///
/// Called by resolve and `tiersim trace generate`. Chat is a model, not a fit to one service; its parts:
///
/// - Tenants have a system prompt each (log-normal length over tenants, sigma 0.5, at most half of max_prompt), shared
/// by
///   all their sessions. A session belongs to tenant i with probability proportional to (i + 1)^-tenant_skew (Zipf).
/// - A session has a geometric number of turns. A turn's prompt is the system prompt, then all earlier messages and
/// answers
///   of the session, then a new message. Messages and answers are log-normal with the given mean and sigma of the log
///   (mu = ln mean - sigma^2 / 2), rounded and cut to [1, max_prompt]; a session ends before a prompt would pass
///   max_prompt, its first message is cut to fit.
/// - Sessions start by a Poisson process whose rate switches between two states (a Markov-modulated Poisson process):
///   bursts of exponential length (mean burst_length) fill burst_share of the time and start sessions burst_factor
///   times as fast as the rest.
/// - Turn k + 1 arrives when turn k arrived, plus the service that it is assumed to take (0.5 s + 20 ms per answer
/// token),
///   plus an exponential think time. The think_time column holds the think time alone, for closed loops.
/// - The trace starts with an empty system and stops at the requests-th arrival; turns of running sessions after it are
///   cut. The pace of new sessions is set so that this arrival falls on requests / rate, which is what makes `rate` the
///   mean over the whole trace.
///
/// What is left out: daily and weekly rhythm, correlation of lengths within a session, sessions that share documents,
/// branching and edited conversations. Blocks of `block` tokens identify prompt and answer; those wholly inside the
/// system prompt are the tenant's, the others the session's. A block that a turn leaves partly filled keeps its id when
/// the next turn fills it. Requests are sorted by arrival, ids are interned in first-touch order.
///
/// Deterministic: a function of workload and seed, the same on every machine. Cost: about 1 us per request,
/// O(requests). Preconditions (read_chat_workload reports them to the user): counts, lengths, rate and means positive,
/// turns at least 1.
#include <cstdint>

#include "sim/config/fields.hpp"
#include "traces/trace.hpp"

namespace tiersim::traces {

struct ChatWorkload {
  std::int64_t requests = 10'000;
  double rate = 5.0;  ///< mean requests per second over the whole trace
  std::int64_t tenants = 20;
  double tenant_skew = 1.0;               ///< Zipf exponent of sessions per tenant
  Tokens system_prompt{1'000};            ///< mean; log-normal over tenants
  Tokens user_message{200};               ///< mean; log-normal
  double user_message_spread = 1.0;       ///< sigma of the log
  Tokens answer{250};                     ///< mean; log-normal
  double answer_spread = 0.8;             ///< sigma of the log
  double turns = 5.0;                     ///< mean turns of a session, geometric, at least 1
  Duration think_time{30'000'000'000};    ///< mean; exponential, from the end of an assumed answer
  double burst_factor = 4.0;              ///< how much faster sessions start inside a burst
  double burst_share = 0.1;               ///< share of time that is burst
  Duration burst_length{20'000'000'000};  ///< mean length of a burst
  Tokens max_prompt{32'000};              ///< a session ends before its prompt would pass this
  Tokens block{16};                       ///< granularity of the ids
};

/// Reads the keys of `generate: {chat: {...}}`, named as the members; finish() is called. Problems go to the fields'
/// diagnostics; the result is then not to be generated from.
[[nodiscard]] ChatWorkload read_chat_workload(config::Fields& fields);
[[nodiscard]] Trace generate_chat(const ChatWorkload& workload, std::uint64_t seed);

}  // namespace tiersim::traces
