// Always: every block that comes by may enter.
#include <algorithm>

#include "sim/core/registry.hpp"
#include "sim/memory/admission.hpp"

namespace tiersim {
namespace {

class Always final : public AdmissionPolicy {
 public:
  explicit Always(const AdmissionSetup&) {}
  void decide(std::span<const BlockId>, std::span<std::uint8_t> admit, Time) override {
    std::fill(admit.begin(), admit.end(), std::uint8_t{1});
  }
};

TIERSIM_REGISTER(AdmissionPolicy, "always", Always, "every block may enter (HiCache's write-through)", {});

}  // namespace
}  // namespace tiersim
