// vLLM's free queue (vLLM V1, block_pool): blocks that nobody references wait in one queue in the order of their
// release, a sequence's tail before its head; the front goes first, and a block keeps its content until then. A hit
// takes the block out of the queue, wherever it is. Recency is therefore the time of the last release, not of the last
// use. Departs from vLLM in nothing; a block without an identity (not to be found again) waits in the queue like any
// other.
//
// In a replay, where every request ends before the next begins, that is LRU with each request's blocks touched from
// their tail.
#include "sim/core/index_list.hpp"
#include "sim/core/registry.hpp"
#include "sim/memory/eviction.hpp"
#include "sim/memory/lru_blocks.hpp"

namespace tiersim {
namespace {

class VllmFreeQueue final : public EvictionPolicy {
 public:
  explicit VllmFreeQueue(const EvictionSetup& setup) : queue_(setup.frames) {}

  void on_insert(const BlockRun&, Time) override {}
  void on_access(const BlockRun& run, Time) override {
    for (FrameId f : run.frames)
      if (queue_.contains(f.value())) queue_.erase(f.value());
  }
  void on_release(const BlockRun& run, Time) override {
    for (std::size_t i = run.frames.size(); i-- > 0;) queue_.push_back(run.frames[i].value());
  }
  void on_remove(FrameId frame) override {
    if (queue_.contains(frame.value())) queue_.erase(frame.value());
  }
  std::size_t evict(std::span<FrameId> out, const PinView&, Time) override {
    std::size_t found = 0;
    queue_.pop_front(out.size(), [&](std::uint32_t frame) { out[found++] = FrameId(frame); });
    return found;
  }

 private:
  IndexList queue_;  // unreferenced frames, first to go first
};

class VllmBlocks final : public LruBlocks {
 public:
  explicit VllmBlocks(const BlockCacheSetup& setup) : LruBlocks(tail_first(setup)) {}
};

constexpr const char* kSummary = "vLLM's free queue: order of release, tail first";
TIERSIM_REGISTER(EvictionPolicy, "vllm", VllmFreeQueue, kSummary, {});
TIERSIM_REGISTER(BlockCache, "vllm", VllmBlocks, kSummary, {});

}  // namespace
}  // namespace tiersim
