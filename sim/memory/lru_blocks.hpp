#pragma once
/// LRU over blocks, for replays.
///
/// Without pins and removals it is a log of uses and a hand at its old end: an entry counts if its block was not used
/// again later, and a block is resident if its last use is not behind the hand. Uses are written one after another,
/// where a list would touch a block's neighbours too. When the log is full its live entries, at most half, are written
/// anew.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "sim/core/zeroed_array.hpp"
#include "sim/memory/stepped_cache.hpp"

namespace tiersim {

/// The same setup, whatever its order, for caches that touch a request's blocks from their tail.
[[nodiscard]] inline BlockCacheSetup tail_first(BlockCacheSetup setup) {
  setup.order = TouchOrder::tail_first;
  return setup;
}

class LruBlocks : public SteppedCache<LruBlocks> {
 public:
  explicit LruBlocks(const BlockCacheSetup& setup)
      : SteppedCache(setup),
        room_(std::min(setup.capacity, setup.blocks)),
        last_(setup.blocks),
        log_(std::bit_ceil(std::max<std::size_t>(2 * room_, 1024))),
        mask_(static_cast<std::uint32_t>(log_.size() - 1)) {}

  [[nodiscard]] bool holds(std::uint32_t block) const { return last_[block] >= hand_; }
  void prefetch(std::uint32_t block) const { __builtin_prefetch(&last_[block], 1); }
  bool touch(std::uint32_t block, const Step&) {
    std::uint32_t& last = last_[block];
    const bool hit = last >= hand_;
    if (!hit) make_room();
    last = now_;
    log_[now_ & mask_] = block;
    if (++now_ - hand_ > mask_) rewrite();
    return hit;
  }
  [[nodiscard]] std::size_t resident() const override { return count_; }

 private:
  void make_room() {
    if (count_ < room_) {
      ++count_;
      return;
    }
    while (last_[log_[hand_ & mask_]] != hand_) ++hand_;
    ++hand_;
  }
  void rewrite() {
    std::vector<std::uint32_t> live;
    live.reserve(count_);
    for (std::uint32_t t = hand_; t != now_; ++t)
      if (last_[log_[t & mask_]] == t) live.push_back(log_[t & mask_]);
    if (now_ > kLate) {  // numbers begin anew
      for (std::size_t b = 0; b < last_.size(); ++b) last_[b] = 0;
      now_ = static_cast<std::uint32_t>(live.size()) + 1;
    }
    hand_ = now_ - static_cast<std::uint32_t>(live.size());
    std::uint32_t t = hand_;
    for (std::uint32_t block : live) {
      last_[block] = t;
      log_[t++ & mask_] = block;
    }
  }

  static constexpr std::uint32_t kLate = 3U << 30;
  std::size_t room_, count_ = 0;
  ZeroedArray<std::uint32_t> last_;  // by block: number of its last use, from 1 on
  std::vector<std::uint32_t> log_;   // a ring, by number of use: its block
  std::uint32_t mask_, now_ = 1, hand_ = 1;
};

}  // namespace tiersim
