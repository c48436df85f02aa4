#include "calib/cuda/families.hpp"

namespace tiersim::calib {

Families cuda_families(const CudaSetup& setup) {
  Families families;
  families.push_back(memory_family(setup));
  return families;
}

}  // namespace tiersim::calib
