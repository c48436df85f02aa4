#pragma once
/// The loops of a BlockCache around one policy's step, so that the step is inlined.
///
///   class LruCache final : public SteppedCache<LruCache> {
///     bool holds(std::uint32_t block) const;
///     bool touch(std::uint32_t block, const Step& step);   // true: it was resident; never called at capacity 0
///     void prefetch(std::uint32_t block) const;            // asks memory for what touch() of the block will need
///   };
///
/// Cost: one virtual call a request; state that blocks far apart need is asked for some extents ahead.
#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/memory/block_cache.hpp"

namespace tiersim {

struct Step {
  std::uint32_t position = 0;  ///< of the block in its request, from the head
  RequestId request{};
  Time now{};
  std::uint32_t turn = 0;
};

template <class Policy>
class SteppedCache : public BlockCache {
 public:
  std::uint64_t access(const Mention& mention) final {
    if (capacity_ == 0) return 0;
    return order_ == TouchOrder::head_first ? from_head(mention) : from_tail(mention);
  }
  [[nodiscard]] std::uint64_t resident_prefix(std::span<const traces::Extent> extents) const final {
    std::uint64_t blocks = 0;
    if (capacity_ == 0) return 0;
    for (const traces::Extent& e : extents)
      for (std::uint32_t i = 0; i < e.count; ++i, ++blocks)
        if (!self().holds(e.first + i)) return blocks;
    return blocks;
  }

 protected:
  explicit SteppedCache(const BlockCacheSetup& setup) : capacity_(setup.capacity), order_(setup.order) {}
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  static constexpr std::size_t kAhead = 12;  // extents: about the time of a miss in the last-level cache

  [[nodiscard]] const Policy& self() const { return static_cast<const Policy&>(*this); }
  [[nodiscard]] Policy& self() { return static_cast<Policy&>(*this); }

  std::uint64_t from_head(const Mention& mention) {
    const auto extents = mention.extents;
    std::uint64_t hits = 0;
    Step step{0, mention.request, mention.now, mention.turn};
    for (std::size_t e = 0; e < extents.size(); ++e) {
      if (e + kAhead < extents.size()) self().prefetch(extents[e + kAhead].first);
      const std::uint32_t end = extents[e].first + extents[e].count;
      for (std::uint32_t block = extents[e].first; block < end; ++block, ++step.position)
        hits += self().touch(block, step) && step.position < mention.asked ? 1 : 0;
    }
    return hits;
  }
  std::uint64_t from_tail(const Mention& mention) {
    const auto extents = mention.extents;
    std::uint64_t hits = 0;
    Step step{0, mention.request, mention.now, mention.turn};
    for (const traces::Extent& e : extents) step.position += e.count;
    for (std::size_t e = extents.size(); e-- > 0;) {
      if (e >= kAhead) self().prefetch(extents[e - kAhead].first);
      for (std::uint32_t block = extents[e].first + extents[e].count; block-- > extents[e].first;) {
        --step.position;
        hits += self().touch(block, step) && step.position < mention.asked ? 1 : 0;
      }
    }
    return hits;
  }

  std::size_t capacity_;
  TouchOrder order_;
};

}  // namespace tiersim
