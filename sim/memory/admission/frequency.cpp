// Frequency with decay (NVIDIA Dynamo's KV block manager, offload filter, 2025): a block's count starts at 1 and
// doubles each time it comes by; every `interval` all counts lose 1, down to nothing. A block may enter at `threshold`
// or more, so what comes by often and of late does. Counts are settled when a block comes by, so decay costs nothing in
// between.
#include <algorithm>

#include "sim/core/registry.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/memory/admission.hpp"

namespace tiersim {
namespace {

class Frequency final : public AdmissionPolicy {
 public:
  explicit Frequency(const AdmissionSetup& setup)
      : counts_(setup.blocks),
        threshold_(static_cast<std::uint32_t>(setup.parameters.number("threshold"))),
        interval_(std::max<std::int64_t>(1, static_cast<std::int64_t>(setup.parameters.number("interval")))) {}

  void decide(std::span<const BlockId> blocks, std::span<std::uint8_t> admit, Time now) override {
    const auto flushes = static_cast<std::uint32_t>(now.value() / interval_);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      Count& c = counts_[blocks[i].index()];
      const std::uint32_t left = c.value - std::min(c.value, flushes - c.settled);
      c = {left == 0 ? 1 : std::min(2 * left, kMost), flushes};
      admit[i] = c.value >= threshold_ ? 1 : 0;
    }
  }

 private:
  static constexpr std::uint32_t kMost = 1U << 30;
  struct Count {
    std::uint32_t value, settled;  // flushes that are in it
  };
  ZeroedArray<Count> counts_;  // by block
  std::uint32_t threshold_;
  std::int64_t interval_;  // ns
};

TIERSIM_REGISTER(AdmissionPolicy, "frequency", Frequency,
                 "a block that comes by often of late (Dynamo's offload filter)",
                 {{"threshold", ParameterKind::count, "2", "the count from which on a block may enter"},
                  {"interval", ParameterKind::duration, "60 s", "after which every count loses 1"}});

}  // namespace
}  // namespace tiersim
