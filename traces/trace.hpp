#pragma once
/// A request trace in columns: what every reader and generator makes and what the simulation replays.
///
/// Called by readers and generators (through TraceBuilder), the workload of a run, `tiersim trace`. Requests are sorted
/// by arrival (ties keep the file's order) and numbered from 0: RequestId. Content is identified by trace blocks of
/// block_tokens() tokens, interned to dense ids in first-touch order (0, 1, 2, ... in the order in which requests
/// mention them, head to tail), so a request's blocks are a short list of extents, kept as extents and never expanded.
/// The first identified_tokens of the sequence "prompt, then output" are covered by the extents; a last, partial trace
/// block counts as identified up to that many tokens, and a later turn of the same session may name the same id with
/// more of it known. A trace without block ids has identified_tokens 0 everywhere.
///
/// Invariants (traces/validate.hpp checks them): prompt and output tokens at least 1; extents of a request cover
/// exactly ceil(identified_tokens / block_tokens) blocks, each extent as long as it can be; `previous` names an earlier
/// request. What a file says beyond these columns is not kept.
///
/// Immutable; columns are owned or memory-mapped; copying a Trace shares them. All access is O(1), no allocation; an id
/// out of range is the caller's bug and unchecked. Deterministic: the same file gives the same columns.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"

namespace tiersim::traces {

/// `count` consecutive trace blocks from `first` on.
struct Extent {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  friend bool operator==(const Extent&, const Extent&) = default;
};

inline constexpr std::uint32_t kNoRequest = UINT32_MAX;

/// For Belady: the next `count` trace blocks of a request are used next by request `request` (kNoRequest: never again;
/// the request itself: it mentions them once more, further on).
struct NextUse {
  std::uint32_t count = 0;
  std::uint32_t request = kNoRequest;
  friend bool operator==(const NextUse&, const NextUse&) = default;
};

class Trace {
 public:
  /// Every span has size() entries, those of offsets size() + 1 (request r has extents [offsets[r], offsets[r + 1])).
  struct Columns {
    std::span<const std::int64_t> arrival;             ///< ns, from 0 on, not decreasing
    std::span<const std::uint32_t> prompt_tokens;      ///< at least 1
    std::span<const std::uint32_t> output_tokens;      ///< at least 1
    std::span<const std::uint32_t> identified_tokens;  ///< of prompt + output, at most their sum
    std::span<const std::uint32_t> previous;           ///< the turn before in the same session, or kNoRequest
    std::span<const std::int64_t> think_time;          ///< ns from the end of the previous turn's answer; 0 without one
    std::span<const std::uint64_t> extent_offsets;
    std::span<const Extent> extents;
    std::span<const std::uint64_t> next_use_offsets;  ///< empty unless the file stores next uses: see next_uses()
    std::span<const NextUse> next_uses;
  };
  struct Origin {
    std::string path;    ///< as found; empty for a generated trace
    std::string format;  ///< reader or generator
    std::string hash;    ///< 16 hex digits over the file's bytes (or over the columns of a generated trace)
  };

  Trace() = default;
  /// `storage` owns what the spans point into and is kept as long as any copy lives.
  Trace(Columns columns, std::uint32_t block_tokens, std::uint32_t distinct_blocks, Origin origin,
        std::shared_ptr<const void> storage);

  [[nodiscard]] std::size_t size() const { return columns_.arrival.size(); }
  [[nodiscard]] const Columns& columns() const { return columns_; }
  [[nodiscard]] Time arrival(RequestId r) const { return Time(columns_.arrival[r.index()]); }
  [[nodiscard]] std::uint32_t prompt_tokens(RequestId r) const { return columns_.prompt_tokens[r.index()]; }
  /// Trace blocks that hold prompt tokens, identified or not; 0 without block ids.
  [[nodiscard]] std::uint64_t prompt_blocks(RequestId r) const {
    return block_tokens_ == 0 ? 0 : (std::uint64_t{prompt_tokens(r)} + block_tokens_ - 1) / block_tokens_;
  }
  [[nodiscard]] std::uint32_t output_tokens(RequestId r) const { return columns_.output_tokens[r.index()]; }
  [[nodiscard]] std::uint32_t identified_tokens(RequestId r) const { return columns_.identified_tokens[r.index()]; }
  [[nodiscard]] std::uint32_t previous(RequestId r) const { return columns_.previous[r.index()]; }
  [[nodiscard]] Duration think_time(RequestId r) const { return Duration(columns_.think_time[r.index()]); }
  [[nodiscard]] std::span<const Extent> extents(RequestId r) const {
    const std::uint64_t begin = columns_.extent_offsets[r.index()];
    return columns_.extents.subspan(begin, columns_.extent_offsets[r.index() + 1] - begin);
  }

  [[nodiscard]] std::uint32_t block_tokens() const { return block_tokens_; }  ///< T; 0 without block ids
  [[nodiscard]] std::uint32_t distinct_blocks() const { return distinct_blocks_; }
  [[nodiscard]] bool has_blocks() const { return distinct_blocks_ > 0; }
  [[nodiscard]] bool has_sessions() const { return has_sessions_; }  ///< some request has a previous turn
  [[nodiscard]] bool has_next_uses() const { return !columns_.next_use_offsets.empty(); }  ///< stored in the file
  [[nodiscard]] const Origin& origin() const { return origin_; }
  [[nodiscard]] const std::shared_ptr<const void>& storage() const { return storage_; }

 private:
  Columns columns_;
  std::uint32_t block_tokens_ = 0;
  std::uint32_t distinct_blocks_ = 0;
  bool has_sessions_ = false;
  Origin origin_;
  std::shared_ptr<const void> storage_;  // what the spans point into
};

/// Each request's turn in its session, from 0, by request; empty if the trace has no sessions. O(requests).
[[nodiscard]] std::vector<std::uint32_t> turns_of(const Trace& trace);

}  // namespace tiersim::traces
