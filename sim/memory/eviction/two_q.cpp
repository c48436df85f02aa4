// 2Q, the full version (Johnson, Shasha, VLDB'94): newcomers pass through a FIFO (A1in, `in` of the capacity); what
// falls out of it is remembered (A1out, as many as `out` of the capacity); who comes back while remembered enters an
// LRU (Am). A hit in A1in changes nothing. A1in gives first while it is larger than its share, else Am.
#include "sim/core/index_lists.hpp"
#include "sim/memory/ghosts.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

class TwoQ {
 public:
  explicit TwoQ(const SlotSetup& setup)
      : lists_(setup.slots, 2),
        in_main_(setup.slots),
        content_(setup.slots),
        in_room_(share(setup, "in")),
        out_(setup.contents, share(setup, "out")) {}
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) {
    const bool back = recall(touch.content) || (touch.content == returning_ && touch.content != kNoSlot);
    returning_ = kNoSlot;
    in_main_[slot] = back ? 1 : 0;
    content_[slot] = touch.content;
    in_count_ += back ? 0 : 1;
    lists_.push_back(back ? kMain : kIn, slot);
  }
  void hit(std::uint32_t slot, const SlotTouch&) {
    if (in_main_[slot] != 0) lists_.move_to_back(kMain, kMain, slot);
  }
  void erase(std::uint32_t slot) {
    lists_.erase(in_main_[slot] != 0 ? kMain : kIn, slot);
    in_count_ -= in_main_[slot] != 0 ? 0 : 1;
  }
  std::uint32_t evict(std::uint32_t incoming) {
    if (recall(incoming)) returning_ = incoming;  // before another ghost takes its place
    const bool from_in = in_count_ > in_room_ || lists_.empty(kMain);
    const std::uint32_t slot = lists_.front(from_in ? kIn : kMain);
    if (slot == kNoSlot) return slot;
    erase(slot);
    if (from_in) out_.remember(content_[slot]);
    return slot;
  }

 private:
  enum : std::size_t { kIn, kMain };
  static std::size_t share(const SlotSetup& setup, const char* name) {
    return static_cast<std::size_t>(setup.parameters.number(name) * static_cast<double>(setup.capacity));
  }

  bool recall(std::uint32_t content) {
    const bool there = out_.contains(content);
    if (there) out_.forget(content);
    return there;
  }

  IndexLists lists_;  // oldest first
  ZeroedArray<std::uint8_t> in_main_;
  ZeroedArray<std::uint32_t> content_;
  std::size_t in_room_, in_count_ = 0;
  Ghosts out_;
  std::uint32_t returning_ = kNoSlot;  // the incoming content, if it was remembered
};

TIERSIM_REGISTER_EVICTION("2q", TwoQ, "a FIFO for newcomers, an LRU for those who come back (2Q, VLDB'94)",
                          {{"in", ParameterKind::fraction, "0.25", "of the capacity for the FIFO of newcomers"},
                           {"out", ParameterKind::fraction, "0.5", "of the capacity remembered after the FIFO"}});

}  // namespace
}  // namespace tiersim
