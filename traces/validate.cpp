#include "traces/validate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tiersim::traces {
namespace {

class Validator {
 public:
  Validator(const Trace& trace, std::size_t most) : trace_(trace), c_(trace.columns()), most_(most) {}

  std::vector<Flaw> run() {
    check_shape();
    if (!flaws_.empty() || trace_.size() == 0) return std::move(flaws_);
    for (std::size_t r = 0; r < trace_.size() && flaws_.size() < most_; ++r) check_request(r);
    if (flaws_.empty() && seen_ != trace_.distinct_blocks())
      whole(fmt::format("the requests mention {} distinct blocks, not {}", seen_, trace_.distinct_blocks()));
    return std::move(flaws_);
  }

 private:
  void check_shape() {
    const std::size_t n = trace_.size();
    const bool same_length = c_.prompt_tokens.size() == n && c_.output_tokens.size() == n &&
                             c_.identified_tokens.size() == n && c_.previous.size() == n && c_.think_time.size() == n;
    if (!same_length) return whole("columns of different lengths");
    if (n >= kNoRequest) return whole("more requests than ids");
    if ((trace_.block_tokens() == 0) != (trace_.distinct_blocks() == 0))
      return whole("block tokens without blocks, or blocks without block tokens");
    if (n == 0) return;
    check_offsets(c_.extent_offsets, c_.extents.size(), "extents");
    if (trace_.has_next_uses()) check_offsets(c_.next_use_offsets, c_.next_uses.size(), "next uses");
  }

  void check_offsets(std::span<const std::uint64_t> offsets, std::size_t end, std::string_view what) {
    const bool good = offsets.size() == trace_.size() + 1 && offsets.front() == 0 && offsets.back() == end &&
                      std::ranges::is_sorted(offsets);
    if (!good) whole(fmt::format("the offsets of {} do not divide them among the requests", what));
  }

  void check_request(std::size_t r) {
    const std::uint64_t prompt = c_.prompt_tokens[r], output = c_.output_tokens[r], known = c_.identified_tokens[r];
    if (prompt == 0 || output == 0) flaw(r, "no prompt or no output tokens");
    if (prompt + output > UINT32_MAX) flaw(r, "more tokens than 32 bits hold");
    if (known > prompt + output) flaw(r, "more tokens identified than there are");
    if (c_.arrival[r] < 0 || c_.arrival[r] > INT64_MAX / 2) flaw(r, "arrival out of range");
    if (r > 0 && c_.arrival[r] < c_.arrival[r - 1]) flaw(r, "time goes backwards");
    if (c_.previous[r] != kNoRequest && c_.previous[r] >= r) flaw(r, "its previous turn is not an earlier request");
    if (c_.think_time[r] < 0 || c_.think_time[r] > INT64_MAX / 2) flaw(r, "think time out of range");
    if (c_.previous[r] == kNoRequest && c_.think_time[r] != 0) flaw(r, "think time without a previous turn");
    const std::uint64_t blocks = check_extents(r);
    const std::uint64_t per_block = std::max(trace_.block_tokens(), 1U);
    if (blocks != (known + per_block - 1) / per_block) flaw(r, "its blocks do not match its identified tokens");
    if (trace_.has_next_uses()) check_next_uses(r, blocks);
  }

  /// How many blocks the request mentions.
  std::uint64_t check_extents(std::size_t r) {
    std::uint64_t blocks = 0, end_of_last = UINT64_MAX;
    for (const Extent& extent : trace_.extents(RequestId(r))) {
      const std::uint64_t end = std::uint64_t{extent.first} + extent.count;
      if (extent.count == 0 || extent.first == end_of_last) flaw(r, "an empty extent, or two that should be one");
      if (extent.first > seen_ || end > trace_.distinct_blocks()) flaw(r, "block ids are not in order of first touch");
      seen_ = std::max(seen_, std::min<std::uint64_t>(end, trace_.distinct_blocks()));
      end_of_last = end;
      blocks += extent.count;
    }
    return blocks;
  }

  void check_next_uses(std::size_t r, std::uint64_t blocks) {
    const std::uint64_t begin = c_.next_use_offsets[r], end = c_.next_use_offsets[r + 1];
    std::uint64_t covered = 0;
    for (const NextUse& run : c_.next_uses.subspan(begin, end - begin)) {
      if (run.count == 0) flaw(r, "an empty run of next uses");
      if (run.request != kNoRequest && (run.request < r || run.request >= trace_.size()))
        flaw(r, "a next use that is no later request");
      covered += run.count;
    }
    if (covered != blocks) flaw(r, "its next uses do not match its blocks");
  }

  void whole(std::string what) { flaws_.push_back({-1, std::move(what)}); }
  void flaw(std::size_t request, std::string what) {
    if (flaws_.size() < most_) flaws_.push_back({static_cast<std::int64_t>(request), std::move(what)});
  }

  const Trace& trace_;
  const Trace::Columns& c_;
  std::size_t most_;
  std::uint64_t seen_ = 0;  // blocks mentioned so far: in order of first touch, they are 0 .. seen_ - 1
  std::vector<Flaw> flaws_;
};

}  // namespace

std::vector<Flaw> validate(const Trace& trace, std::size_t most) { return Validator(trace, most).run(); }

}  // namespace tiersim::traces
