// The keys of a generated chat workload, with the ranges that keep it within what a Trace can hold.
#include <fmt/format.h>

#include "traces/generators.hpp"

namespace tiersim::traces {
namespace {

using config::Range;

constexpr double kMostRequests = 1e8;
constexpr double kMostTokens = 1e9;  // prompt and answer together stay within 32 bits
constexpr double kMostBlocks = 4e9;
constexpr double kLongestTrace = 1e8;  // s, so that times stay within 64 bits of nanoseconds
constexpr double kMostBursts = 1e7;    // more take longer to draw than they are worth

/// An upper estimate, in the mean, of the distinct blocks: each turn's new tokens, rounded up to blocks, and the
/// tenants'.
double expected_blocks(const ChatWorkload& w) {
  const auto block = static_cast<double>(w.block.value());
  const double per_turn = static_cast<double>((w.user_message + w.answer).value()) / block + 2;
  const double per_tenant = static_cast<double>(w.system_prompt.value()) / block;
  return static_cast<double>(w.requests) * per_turn + static_cast<double>(w.tenants) * per_tenant;
}

/// What no single key can be blamed for.
void check_together(const ChatWorkload& w, config::Fields& fields) {
  const double blocks = expected_blocks(w);
  if (blocks > kMostBlocks)
    fields
        .error("requests", fmt::format("about {:.1g} distinct blocks, more than the {:.0g} that a trace can number",
                                       blocks, kMostBlocks))
        .notes.emplace_back("fewer requests or a larger block fit");
  const double seconds = static_cast<double>(w.requests) / w.rate;
  if (seconds > kLongestTrace)
    fields.error("rate", fmt::format("{} requests at this rate take {:.1g} s, more than {:.0g} s", w.requests, seconds,
                                     kLongestTrace));
  if (w.burst_share * seconds / in_seconds(w.burst_length).value() > kMostBursts)
    fields.error("burst_length", fmt::format("more than {:.0g} bursts in {:.1g} s", kMostBursts, seconds))
        .notes.emplace_back(
            "bursts much shorter than the gaps between requests do nothing: burst_share 0 turns them off");
}

}  // namespace

ChatWorkload read_chat_workload(config::Fields& fields) {
  const Range tokens{1, kMostTokens}, spread{0, 4};
  ChatWorkload w;
  w.requests = fields.count("requests", w.requests, {1, kMostRequests});
  w.rate = fields.per_second("rate", w.rate, {1e-6, 1e9});
  w.tenants = fields.count("tenants", w.tenants, {1, 1e6});
  w.tenant_skew = fields.number("tenant_skew", w.tenant_skew, {0, 10});
  w.system_prompt = fields.tokens("system_prompt", w.system_prompt, tokens);
  w.user_message = fields.tokens("user_message", w.user_message, tokens);
  w.user_message_spread = fields.number("user_message_spread", w.user_message_spread, spread);
  w.answer = fields.tokens("answer", w.answer, tokens);
  w.answer_spread = fields.number("answer_spread", w.answer_spread, spread);
  w.turns = fields.number("turns", w.turns, {1, 1e3});
  w.think_time = fields.duration("think_time", w.think_time, {0, 1e14});
  w.burst_factor = fields.multiple("burst_factor", w.burst_factor, {1e-3, 1e3});
  w.burst_share = fields.fraction("burst_share", w.burst_share);
  w.burst_length = fields.duration("burst_length", w.burst_length, {1, 1e15});
  w.max_prompt = fields.tokens("max_prompt", w.max_prompt, {2, kMostTokens});
  w.block = fields.tokens("block", w.block, tokens);
  check_together(w, fields);  // a key that is wrong by itself has its default here
  fields.finish();
  return w;
}

}  // namespace tiersim::traces
