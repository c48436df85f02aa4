// W-TinyLFU (Einziger, Friedman, Manes, TOS 2017): newcomers pass through a small LRU (`window` of the capacity); what
// falls out of it enters the main part, a segmented LRU (80% protected), only if it was used more often of late than
// the block that would have to leave there. Uses are counted by a sketch: four rows of 4-bit counters by hashes of the
// block, halved after ten times the capacity of uses, so that it forgets. Departs from Caffeine in that the window's
// share is fixed. In a tier contents without identity count as never used before.
#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "sim/core/index_lists.hpp"
#include "sim/memory/slot_policy.hpp"

namespace tiersim {
namespace {

/// How often a content was used of late, at most 15; an overestimate.
class Sketch {
 public:
  explicit Sketch(std::size_t capacity)
      : counters_(std::bit_ceil(std::max<std::size_t>(capacity, 16)) * kRows),
        period_(10 * std::max<std::size_t>(capacity, 1)) {}

  void count(std::uint32_t content) {
    for (std::size_t row = 0; row < kRows; ++row) {
      std::uint8_t& counter = counters_[place(content, row)];
      if (counter < kMost) ++counter;
    }
    if (++counted_ < period_) return;
    for (std::uint8_t& counter : counters_) counter = static_cast<std::uint8_t>(counter / 2);
    counted_ /= 2;
  }
  [[nodiscard]] std::uint8_t uses(std::uint32_t content) const {
    std::uint8_t least = kMost;
    for (std::size_t row = 0; row < kRows; ++row) least = std::min(least, counters_[place(content, row)]);
    return least;
  }

 private:
  static constexpr std::size_t kRows = 4;
  static constexpr std::uint8_t kMost = 15;

  [[nodiscard]] std::size_t place(std::uint32_t content, std::size_t row) const {
    constexpr std::array<std::uint64_t, kRows> kOdd = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
                                                       0xd6e8feb86659fd93};
    const std::size_t width = counters_.size() / kRows;
    const std::uint64_t hash = (std::uint64_t{content} + 1) * kOdd[row];
    return row * width + static_cast<std::size_t>(hash >> (64 - std::countr_zero(width)));
  }

  std::vector<std::uint8_t> counters_;  // rows of 4-bit values, a byte each
  std::uint64_t period_, counted_ = 0;
};

class TinyLfu {
 public:
  explicit TinyLfu(const SlotSetup& setup)
      : lists_(setup.slots, kLists),
        list_(setup.slots),
        content_(setup.slots),
        room_{share(setup.parameters.number("window"), setup.capacity), setup.capacity, 0},
        sketch_(setup.capacity) {
    room_[kWindow] = std::max<std::size_t>(1, room_[kWindow]);
    room_[kProtected] = share(0.8, setup.capacity - std::min(setup.capacity, room_[kWindow]));
  }
  static constexpr bool kHitsMatter = true;

  void insert(std::uint32_t slot, const SlotTouch& touch) {
    if (touch.content != counted_) note(touch.content);
    counted_ = kNoSlot;
    content_[slot] = touch.content;
    enter(slot, kWindow);
    if (size_[kWindow] > room_[kWindow]) move(lists_.front(kWindow), kProbation);  // the cache is not full yet
  }
  void hit(std::uint32_t slot, const SlotTouch& touch) {
    note(touch.content);
    const std::size_t from = list_[slot];
    move(slot, from == kWindow ? kWindow : kProtected);
    if (size_[kProtected] > room_[kProtected]) move(lists_.front(kProtected), kProbation);
  }
  void erase(std::uint32_t slot) {
    lists_.erase(list_[slot], slot);
    --size_[list_[slot]];
  }
  /// The window's oldest against the main part's: the one used less leaves, the newcomer if they are equal.
  std::uint32_t evict(std::uint32_t incoming) {
    if (incoming != kNoSlot) note(incoming), counted_ = incoming;
    const std::uint32_t victim = lists_.empty(kProbation) ? lists_.front(kProtected) : lists_.front(kProbation);
    const std::uint32_t candidate = size_[kWindow] < room_[kWindow] ? kNoSlot : lists_.front(kWindow);
    std::uint32_t slot = victim == kNoSlot ? lists_.front(kWindow) : victim;
    if (victim != kNoSlot && candidate != kNoSlot) {
      const bool stays = sketch_.uses(content_[candidate]) > sketch_.uses(content_[victim]);
      if (stays) move(candidate, kProbation);
      slot = stays ? victim : candidate;
    }
    if (slot != kNoSlot) erase(slot);
    return slot;
  }

 private:
  enum : std::uint8_t { kWindow, kProbation, kProtected, kLists };
  static std::size_t share(double of, std::size_t capacity) {
    return static_cast<std::size_t>(of * static_cast<double>(capacity));
  }

  void note(std::uint32_t content) {
    if (content != kNoSlot) sketch_.count(content);
  }
  void enter(std::uint32_t slot, std::size_t list) {
    lists_.push_back(list, slot);
    list_[slot] = static_cast<std::uint8_t>(list);
    ++size_[list];
  }
  void move(std::uint32_t slot, std::size_t list) {
    erase(slot);
    enter(slot, list);
  }

  IndexLists lists_;  // least recently used first
  ZeroedArray<std::uint8_t> list_;
  ZeroedArray<std::uint32_t> content_;
  std::array<std::size_t, kLists> room_, size_{};
  Sketch sketch_;
  std::uint32_t counted_ = kNoSlot;  // the incoming content that was counted already
};

TIERSIM_REGISTER_EVICTION("w_tinylfu", TinyLfu, "an LRU window before a segmented LRU that admits by counts (TOS 2017)",
                          {{"window", ParameterKind::fraction, "0.01", "of the capacity for newcomers"}});

}  // namespace
}  // namespace tiersim
