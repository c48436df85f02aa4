#include "calib/cuda/families.hpp"

namespace tiersim::calib {

Families cuda_families(const CudaSetup& setup) {
  Families families;
  families.push_back(ceiling_family(memory_family(setup), gemm_family(setup)));
  families.push_back(memory_family(setup));
  families.push_back(gemm_family(setup));
  families.push_back(attention_family(setup));
  families.push_back(transfer_family(setup));
  families.push_back(fragments_family(setup));
  families.push_back(gather_family(setup));
  families.push_back(elementwise_family(setup));
  families.push_back(quantise_family(setup));
  families.push_back(overhead_family(setup));
  families.push_back(overlap_family(setup));
  families.push_back(cache_family(setup));
  families.push_back(mapping_family(setup));
  families.push_back(experts_family(setup));
  families.push_back(peer_family(setup));
  families.push_back(all_reduce_family(setup));
  return families;
}

}  // namespace tiersim::calib
