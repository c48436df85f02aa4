#include "calib/host/families.hpp"

namespace tiersim::calib {

Families host_families(const HostSetup& setup) {
  Families families;
  families.push_back(ceiling_family(setup));
  families.push_back(overhead_family(setup));
  families.push_back(memory_family(setup));
  families.push_back(gemm_family(setup));
  families.push_back(attention_family(setup));
  families.push_back(elementwise_family(setup));
  families.push_back(ssd_family(setup));
  families.push_back(memcpy_family(setup));
  families.push_back(quantise_family(setup));
  families.push_back(latency_family(setup));
  families.push_back(page_cache_family(setup));
  return families;
}

}  // namespace tiersim::calib
