#include "sim/replay/miss_ratio_curve.hpp"

#include <algorithm>

#include "sim/replay/stack_distances.hpp"

namespace tiersim {
namespace {

/// How many accesses hit from which capacity on.
class Histogram {
 public:
  explicit Histogram(std::size_t blocks) : steps_(blocks + 2) {}
  /// `count` accesses that hit from `distance` + 1 blocks on.
  void add(std::uint64_t distance, std::int64_t count) { steps_[distance + 1] += count; }
  /// `count` accesses at distances `distance`, `distance` + 1, ...: kept as slopes.
  void add_rising(std::uint64_t distance, std::uint64_t count) {
    slopes_.resize(steps_.size());
    slopes_[distance + 1] += 1;
    slopes_[distance + 1 + count] -= 1;
  }
  /// By capacity.
  [[nodiscard]] std::vector<std::uint64_t> cumulated() const {
    std::vector<std::uint64_t> out(steps_.size() - 1);
    std::int64_t sum = 0, slope = 0;
    for (std::size_t c = 0; c < out.size(); ++c) {
      slope += slopes_.empty() ? 0 : slopes_[c];
      sum += steps_[c] + slope;
      out[c] = static_cast<std::uint64_t>(sum);
    }
    return out;
  }

 private:
  std::vector<std::int64_t> steps_, slopes_;  // by capacity
};

/// In blocks.
std::size_t longest_request(const traces::Trace& trace) {
  std::size_t longest = 0;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    std::size_t blocks = 0;
    for (const traces::Extent& e : trace.extents(RequestId(r))) blocks += e.count;
    longest = std::max(longest, blocks);
  }
  return longest;
}

/// Every mention is an access: a stretch's blocks have all the same distance, what was used after the stretch and the
/// others in it.
class BlockPass {
 public:
  BlockPass(const traces::Trace& trace, TouchOrder order)
      : trace_(trace),
        order_(order),
        distances_(trace.distinct_blocks(), kLongest),
        histogram_(trace.distinct_blocks()) {}

  MissRatioCurve run() {
    MissRatioCurve curve;
    for (std::size_t r = 0; r < trace_.size(); ++r) {
      const std::uint64_t asked = trace_.prompt_blocks(RequestId(r));
      curve.tokens += trace_.prompt_tokens(RequestId(r));
      curve.accesses +=
          order_ == TouchOrder::head_first ? from_head(RequestId(r), asked) : from_tail(RequestId(r), asked);
    }
    flush();
    curve.hits = histogram_.cumulated();
    return curve;
  }

 private:
  std::uint64_t from_head(RequestId request, std::uint64_t asked) {
    std::uint64_t position = 0;
    for (const traces::Extent& e : trace_.extents(request))
      for (std::uint32_t i = 0; i < e.count; ++i) use(e.first + i, position++ < asked);
    return std::min(position, asked);
  }
  std::uint64_t from_tail(RequestId request, std::uint64_t asked) {
    const auto extents = trace_.extents(request);
    std::uint64_t position = 0;
    for (const traces::Extent& e : extents) position += e.count;
    const std::uint64_t counted = std::min(position, asked);
    for (std::size_t e = extents.size(); e-- > 0;)
      for (std::uint32_t i = extents[e].count; i-- > 0;) use(extents[e].first + i, --position < asked);
    return counted;
  }
  void use(std::uint32_t block, bool counted) {
    const std::uint32_t last = distances_.last_use(block);
    const bool is_new = last == StackDistances::kNever;
    const bool follows = is_new ? is_new_ : !is_new_ && last == begin_ + length_ && last < at_;
    const bool fits = length_ > 0 && length_ < kLongest && counted == counted_ && follows;
    if (!fits) {
      flush();
      distances_.room(kLongest);
      begin_ = distances_.last_use(block);  // positions may have been renumbered
      counted_ = counted, is_new_ = is_new;
      at_ = distances_.next_position();
    }
    distances_.place(block, at_ + length_++);
  }
  void flush() {
    if (length_ == 0) return;
    if (!is_new_) {
      if (counted_) histogram_.add(distances_.used_after(begin_ + length_ - 1) + length_ - 1, length_);
      distances_.clear(begin_, length_);
    }
    distances_.mark(length_);
    length_ = 0;
  }

  static constexpr std::uint32_t kLongest = 1U << 14;  // blocks
  const traces::Trace& trace_;
  TouchOrder order_;
  StackDistances distances_;
  Histogram histogram_;
  std::uint32_t begin_ = 0, length_ = 0, at_ = 0;  // of the stretch: where its blocks were last used, and are now
  bool counted_ = false, is_new_ = false;
};

/// What of a request was resident before it: a prefix, so a block hits where all before it do too, from the largest of
/// their distances on. Of blocks that were last touched head first, one after another, that is the first one's; of such
/// touched tail first each is one farther than the one before.
class PrefixPass {
 public:
  PrefixPass(const traces::Trace& trace, TouchOrder order)
      : trace_(trace),
        order_(order),
        distances_(trace.distinct_blocks(), longest_request(trace)),
        histogram_(trace.distinct_blocks()),
        missing_tokens_(trace.distinct_blocks()) {}

  MissRatioCurve run() {
    MissRatioCurve curve;
    for (std::size_t r = 0; r < trace_.size(); ++r) {
      curve.tokens += trace_.prompt_tokens(RequestId(r));
      curve.accesses += pass(RequestId(r));
    }
    curve.hits = histogram_.cumulated();
    const std::vector<std::uint64_t> missing = missing_tokens_.cumulated();
    for (std::size_t c = 0; c < curve.hits.size(); ++c)
      curve.hit_tokens.push_back(curve.hits[c] * trace_.block_tokens() - missing[c]);
    return curve;
  }

 private:
  struct Stretch {
    std::uint32_t first = 0, length = 0;  // the last use of its first block
    bool rising = true;                   // last uses count up along it, not down
    [[nodiscard]] std::uint32_t lowest() const { return rising ? first : first - (length - 1); }
  };

  /// Returns how many prompt blocks are identified.
  std::uint64_t pass(RequestId request) {
    std::uint32_t blocks = 0;
    for (const traces::Extent& e : trace_.extents(request)) blocks += e.count;
    distances_.room(blocks);
    base_ = distances_.next_position();
    blocks_ = blocks;
    asked_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(trace_.prompt_blocks(request), blocks));
    farthest_ = 0, reached_ = 0, open_ = true;
    std::uint32_t position = 0;
    for (const traces::Extent& e : trace_.extents(request))
      for (std::uint32_t i = 0; i < e.count; ++i) look_at(e.first + i, position++);
    end_stretch();
    for (const Stretch& s : used_) distances_.clear(s.lowest(), s.length);
    used_.clear();
    distances_.mark(blocks);
    for (std::uint32_t stale : stale_) distances_.clear(stale, 1);
    stale_.clear();
    count_last(request);
    return asked_;
  }
  void look_at(std::uint32_t block, std::uint32_t position) {
    const std::uint32_t last = distances_.last_use(block);
    const std::uint32_t now = base_ + (order_ == TouchOrder::head_first ? position : blocks_ - 1 - position);
    if (position == asked_) end_stretch(), open_ = false;
    if (last != StackDistances::kNever && last >= base_) return again(block, last, now);
    if (last == StackDistances::kNever) {
      end_stretch();
      open_ = false;
    } else {
      extend(last);
    }
    distances_.place(block, now);
  }
  /// A block that the request mentions twice: its later touch counts.
  void again(std::uint32_t block, std::uint32_t last, std::uint32_t now) {
    end_stretch();
    stale_.push_back(std::min(last, now));
    distances_.place(block, std::max(last, now));
    if (open_) histogram_.add(farthest_, 1), ++reached_;
  }
  void extend(std::uint32_t last) {
    Stretch& s = stretch_;
    if (s.length == 1 && (last == s.first + 1 || last + 1 == s.first)) s.rising = last > s.first;
    const bool follows = s.length > 0 && last == (s.rising ? s.first + s.length : s.first - s.length);
    if (!follows) {
      end_stretch();
      s = {last, 0, true};
    }
    ++s.length;
  }
  void end_stretch() {
    if (stretch_.length == 0) return;
    if (open_) count(stretch_);
    used_.push_back(stretch_);
    stretch_.length = 0;
  }
  void count(const Stretch& s) {
    const std::uint64_t nearest = distances_.used_after(s.first), length = s.length;
    reached_ += s.length;
    if (s.rising) {
      farthest_ = std::max(farthest_, nearest);
      histogram_.add(farthest_, s.length);
      return;
    }
    const std::uint64_t within = farthest_ < nearest ? 0 : std::min(length, farthest_ - nearest + 1);
    histogram_.add(farthest_, static_cast<std::int64_t>(within));
    if (within == length) return;
    histogram_.add_rising(nearest + within, length - within);
    farthest_ = nearest + length - 1;
  }
  /// Of a last block that the prompt does not fill the tokens that are not there.
  void count_last(RequestId request) {
    const std::uint64_t size = trace_.block_tokens(), rest = size == 0 ? 0 : trace_.prompt_tokens(request) % size;
    const bool all_hit = asked_ > 0 && asked_ == trace_.prompt_blocks(request) && reached_ == asked_;
    if (rest > 0 && all_hit) missing_tokens_.add(farthest_, static_cast<std::int64_t>(size - rest));
  }

  const traces::Trace& trace_;
  TouchOrder order_;
  StackDistances distances_;
  Histogram histogram_, missing_tokens_;
  // Of the request under way.
  std::uint32_t base_ = 0, blocks_ = 0, asked_ = 0, reached_ = 0;
  std::uint64_t farthest_ = 0;
  bool open_ = true;
  Stretch stretch_;
  std::vector<Stretch> used_;
  std::vector<std::uint32_t> stale_;
};

}  // namespace

std::uint64_t MissRatioCurve::hits_at(std::size_t capacity) const { return hits[std::min(capacity, hits.size() - 1)]; }

std::uint64_t MissRatioCurve::hit_tokens_at(std::size_t capacity) const {
  return hit_tokens.empty() ? 0 : hit_tokens[std::min(capacity, hit_tokens.size() - 1)];
}

ReplayCounts MissRatioCurve::at(std::size_t capacity) const {
  return {accesses, hits_at(capacity), tokens, hit_tokens_at(capacity)};
}

MissRatioCurve lru_curve(const traces::Trace& trace, HitRule rule, TouchOrder order) {
  return rule == HitRule::block ? BlockPass(trace, order).run() : PrefixPass(trace, order).run();
}

}  // namespace tiersim
