#pragma once
/// What the commands that replay caches share: policies and capacities as words, and what a hit is.
///
/// A policy is `name` or `{name: {parameter: value}}`, as in a scenario. A capacity is a number of blocks ("10000"), of
/// tokens ("5000000 tokens"), a share of the trace's distinct blocks ("5%"), or a size with
/// --block-bytes ("1 TiB"). Errors: BadInput.
#include <optional>
#include <string>
#include <vector>

#include "sim/replay/replay.hpp"
#include "tools/tiersim/options.hpp"

namespace tiersim::cli {

class CacheRequest {
 public:
  explicit CacheRequest(std::string command) : command_(std::move(command)) {}
  /// Declares --hits, --touch, --seed and --block-bytes.
  void declare(Options& options);
  /// The last two alone.
  void declare_sizes(Options& options);

  [[nodiscard]] HitRule rule() const { return rule_ == "block" ? HitRule::block : HitRule::prefix; }
  [[nodiscard]] TouchOrder order() const { return touch_ == "head" ? TouchOrder::head_first : TouchOrder::tail_first; }
  [[nodiscard]] std::uint64_t seed() const { return static_cast<std::uint64_t>(seed_); }
  [[nodiscard]] PolicyChoice policy(const std::string& text) const;
  /// In blocks of the trace.
  [[nodiscard]] std::size_t capacity(const std::string& text, const traces::Trace& trace) const;
  /// --block-bytes, where given.
  [[nodiscard]] std::optional<Bytes> block_bytes() const;
  /// "hits: ..." the definitions that apply, as every output prints them.
  [[nodiscard]] std::string definitions() const;

 private:
  std::string command_, rule_ = "prefix", touch_ = "tail", block_bytes_;
  std::int64_t seed_ = 1;
};

/// What --block-bytes says; throws if that is no size of a block.
[[nodiscard]] Bytes block_bytes_of(const std::string& command, const std::string& text);

/// Throws if the trace has no block ids.
void require_blocks(const std::string& command, const traces::Trace& trace);

/// "12,031 requests, 288,500 prompt blocks of 512 tokens, 182,790 distinct"
[[nodiscard]] std::string trace_line(const traces::Trace& trace, const ReplayCounts& counts);

}  // namespace tiersim::cli
