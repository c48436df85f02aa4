// Long runs: blocks may enter when at least `blocks` of them come by together, consecutive in one sequence, so that
// what is cheaper to recompute than to fetch is not written (LMCache gates writes to drives by size likewise).
#include <algorithm>

#include "sim/core/registry.hpp"
#include "sim/memory/admission.hpp"

namespace tiersim {
namespace {

class LongRun final : public AdmissionPolicy {
 public:
  explicit LongRun(const AdmissionSetup& setup) : least_(static_cast<std::size_t>(setup.parameters.number("blocks"))) {}
  void decide(std::span<const BlockId> blocks, std::span<std::uint8_t> admit, Time) override {
    std::fill(admit.begin(), admit.end(), static_cast<std::uint8_t>(blocks.size() >= least_ ? 1 : 0));
  }

 private:
  std::size_t least_;
};

TIERSIM_REGISTER(AdmissionPolicy, "long_run", LongRun, "blocks that come by many together (LMCache's gate by size)",
                 {{"blocks", ParameterKind::count, "4", "of one sequence, at least"}});

}  // namespace
}  // namespace tiersim
