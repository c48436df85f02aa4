// FIFO: the block that arrived first goes first; a hit changes nothing. Pinned blocks are stepped over and keep their
// place.
#include "sim/core/registry.hpp"
#include "sim/memory/eviction.hpp"
#include "sim/memory/eviction_order.hpp"

namespace tiersim {
namespace {

class Fifo final : public EvictionPolicy {
 public:
  explicit Fifo(const EvictionSetup& setup) : order_(setup.frames) {}

  void on_insert(const BlockRun& run, Time) override {
    for (FrameId f : run.frames) order_.touch(f);
  }
  void on_access(const BlockRun&, Time) override {}
  void on_release(const BlockRun& run, Time) override {
    for (FrameId f : run.frames) order_.release(f);
  }
  void on_remove(FrameId frame) override { order_.remove(frame); }
  std::size_t evict(std::span<FrameId> out, const PinView& pins, Time) override { return order_.evict(out, pins); }

 private:
  EvictionOrder order_;  // by arrival
};

TIERSIM_REGISTER(EvictionPolicy, "fifo", Fifo, "first in, first out; a hit changes nothing", {});

}  // namespace
}  // namespace tiersim
