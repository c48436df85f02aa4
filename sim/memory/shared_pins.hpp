#pragma once
/// Blocks that many requests use, kept in a tier whatever its eviction policy thinks: shared system prompts and the
/// like.
///
/// Called by the hierarchy, with frames that are referenced at that moment. A block that `after` requests have used is
/// pinned by a reference of its own; at most `most` frames are, the one that was used longest ago gives way. O(1) a
/// block; 8 B a frame, occupied when first used.
#include <cstdint>
#include <span>

#include "sim/core/index_list.hpp"
#include "sim/memory/tier.hpp"

namespace tiersim {

struct PinSettings {
  std::uint32_t after = 0;  ///< requests; 0: nothing is pinned
  std::int64_t most = 0;    ///< frames
  [[nodiscard]] bool any() const { return after > 0 && most > 0; }
};

class SharedPins {
 public:
  SharedPins(PinSettings settings, Tier& tier)
      : settings_(settings), tier_(tier), pinned_(settings.any() ? tier.frames() : 0) {}

  [[nodiscard]] bool any() const { return settings_.any(); }
  [[nodiscard]] std::int64_t count() const { return count_; }
  /// A request used the block in `frame`, the `uses`-th to do so.
  void used(FrameId frame, std::uint32_t uses, Time now) {
    if (pinned_.contains(frame.value())) {
      pinned_.erase(frame.value());
    } else {
      if (uses < settings_.after) return;
      tier_.pin({&frame, 1});
      if (++count_ > settings_.most) let_go(FrameId(pinned_.front()), now);
    }
    pinned_.push_back(frame.value());
  }

 private:
  void let_go(FrameId frame, Time now) {
    pinned_.erase(frame.value());
    --count_;
    const BlockId block = tier_.block_in(frame);
    tier_.release({{&frame, 1}, {&block, 1}, 0, RequestId::none()}, now);
  }

  PinSettings settings_;
  Tier& tier_;
  IndexList pinned_;  // frames, used longest ago first
  std::int64_t count_ = 0;
};

}  // namespace tiersim
