// Waterfall: what leaves a tier goes to the one that it feeds, the next in the list unless `demote_to` says otherwise.
// What SGLang's HiCache, TensorRT-LLM and Dynamo's block manager do.
#include <algorithm>

#include "sim/core/registry.hpp"
#include "sim/memory/placement.hpp"

namespace tiersim {
namespace {

class Waterfall final : public PlacementPolicy {
 public:
  explicit Waterfall(const PlacementSetup& setup) : feeds_(setup.feeds) {}
  void on_use(std::span<const BlockId>, Time) override {}
  void place(std::size_t from, std::span<const BlockId>, std::span<std::uint8_t> targets, Time) override {
    std::fill(targets.begin(), targets.end(), feeds_[from]);
  }

 private:
  std::vector<std::uint8_t> feeds_;
};

TIERSIM_REGISTER(PlacementPolicy, "waterfall", Waterfall,
                 "what leaves a tier goes to the tier below (HiCache, TensorRT-LLM, Dynamo)", {});

}  // namespace
}  // namespace tiersim
