#include "tools/tiersim/cache_request.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "sim/config/units_text.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/policy_text.hpp"

namespace tiersim::cli {

void CacheRequest::declare(Options& options) {
  options.group("What counts");
  options.choice("hits", {"prefix", "block"},
                 "of a request the longest resident prefix, or every resident block (default: prefix)", rule_);
  options.choice("touch", {"tail", "head"},
                 "which end of a request is touched first: engines release tails first (default: tail)", touch_);
  declare_sizes(options);
}

void CacheRequest::declare_sizes(Options& options) {
  options.count("seed", "N", "for policies that draw at random (default: 1)", seed_, 0);
  options.text("block-bytes", "SIZE", "of one block, for capacities given as sizes", block_bytes_);
}

PolicyChoice CacheRequest::policy(const std::string& text) const {
  return policy_of(command_, "--policy", "policy", text, detail::cache_menu());
}

std::size_t CacheRequest::capacity(const std::string& text, const traces::Trace& trace) const {
  constexpr double kMostTimes = 1e9;  // all blocks; beyond is no share
  std::string problem;
  if (text.ends_with('%')) {
    const auto share = config::parse_fraction(text, problem);
    if (share && *share >= 0 && *share <= kMostTimes)
      return static_cast<std::size_t>(std::llround(*share * trace.distinct_blocks()));
  } else if (text.ends_with("tokens")) {
    const auto tokens = config::parse_tokens(text, problem);
    if (tokens && *tokens >= Tokens(0)) return static_cast<std::size_t>(tokens->value() / trace.block_tokens());
  } else if (text.ends_with('B')) {
    const std::optional<Bytes> block = block_bytes();
    if (!block)
      misuse(command_, fmt::format("capacity '{}' is a size, and nothing says how large a block is", text),
             {"--block-bytes says it: tokens a block x KV bytes a token ('tiersim list models' has these)"});
    const auto size = config::parse_bytes(text, problem);
    if (size && *size >= Bytes(0)) return static_cast<std::size_t>(size->value() / block->value());
  } else {
    const auto blocks = config::parse_count(text, problem);
    if (blocks && *blocks >= 0) return static_cast<std::size_t>(*blocks);
  }
  misuse(command_, fmt::format("'{}' is no capacity", text),
         {"expected blocks such as '10000', tokens such as '5000000 tokens', a share of the distinct blocks such as "
          "'5%', or a size such as '1 TiB'"});
}

std::optional<Bytes> CacheRequest::block_bytes() const {
  if (block_bytes_.empty()) return std::nullopt;
  return block_bytes_of(command_, block_bytes_);
}

std::string CacheRequest::definitions() const {
  const char* hits = rule() == HitRule::prefix ? "the longest prefix that is resident when the request comes"
                                               : "every block that is resident when it is touched";
  const char* from = order() == TouchOrder::tail_first ? "tail first, as engines release them" : "head first";
  return fmt::format("hits: {}\nblocks are touched {}; the whole trace counts, compulsory misses too", hits, from);
}

Bytes block_bytes_of(const std::string& command, const std::string& text) {
  constexpr Bytes kMost(std::int64_t{1} << 40);
  std::string problem;
  const auto block = config::parse_bytes(text, problem);
  if (!block || *block <= Bytes(0) || *block > kMost)
    misuse(command, fmt::format("--block-bytes '{}' is no size of a block", text), {"such as '64 MiB', at most 1 TiB"});
  return *block;
}

void require_blocks(const std::string& command, const traces::Trace& trace) {
  if (trace.has_blocks()) return;
  misuse(command, "the trace has no block ids: nothing in it can be found again",
         {"formats with ids: 'tiersim list traces'"});
}

std::string trace_line(const traces::Trace& trace, const ReplayCounts& counts) {
  const auto grouped = [](std::uint64_t n) { return human::grouped(static_cast<std::int64_t>(n)); };
  return fmt::format("{} requests, {} prompt blocks of {} tokens, {} distinct ({} tokens)", grouped(trace.size()),
                     grouped(counts.accesses), trace.block_tokens(), grouped(trace.distinct_blocks()),
                     human::prefixed(static_cast<double>(trace.distinct_blocks()) * trace.block_tokens()));
}

}  // namespace tiersim::cli
