// Second touch: a block may enter when it comes by for the second time, so that blocks used once never displace others.
// Remembers every block for the whole run (a real system forgets; no decay here).
#include <vector>

#include "sim/core/registry.hpp"
#include "sim/memory/admission.hpp"

namespace tiersim {
namespace {

class SecondTouch final : public AdmissionPolicy {
 public:
  explicit SecondTouch(const AdmissionSetup& setup) : seen_(setup.blocks) {}
  void decide(std::span<const BlockId> blocks, std::span<std::uint8_t> admit, Time) override {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      admit[i] = seen_[blocks[i].index()];
      seen_[blocks[i].index()] = 1;
    }
  }

 private:
  std::vector<std::uint8_t> seen_;  // by block
};

TIERSIM_REGISTER(AdmissionPolicy, "second_touch", SecondTouch,
                 "a block may enter when it comes by a second time (Maggs and Sitaraman, 2015)", {});

}  // namespace
}  // namespace tiersim
