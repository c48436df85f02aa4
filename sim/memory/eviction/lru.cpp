// LRU: the block whose last use (arrival or hit) is longest ago goes first; of one sequence the head was used first.
// Pinned blocks are stepped over and keep their place.
#include "sim/core/registry.hpp"
#include "sim/memory/eviction.hpp"
#include "sim/memory/eviction_order.hpp"

namespace tiersim {
namespace {

class Lru final : public EvictionPolicy {
 public:
  explicit Lru(const EvictionSetup& setup) : order_(setup.frames) {}

  void on_insert(const BlockRun& run, Time) override {
    for (FrameId f : run.frames) order_.touch(f);
  }
  void on_access(const BlockRun& run, Time) override {
    for (FrameId f : run.frames) order_.touch(f);
  }
  void on_release(const BlockRun& run, Time) override {
    for (FrameId f : run.frames) order_.release(f);
  }
  void on_remove(FrameId frame) override { order_.remove(frame); }
  std::size_t evict(std::span<FrameId> out, const PinView& pins, Time) override { return order_.evict(out, pins); }

 private:
  EvictionOrder order_;  // by last use
};

TIERSIM_REGISTER(EvictionPolicy, "lru", Lru, "least recently used (at arrival or hit) first", {});

}  // namespace
}  // namespace tiersim
