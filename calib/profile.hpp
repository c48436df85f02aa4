#pragma once
/// How well a machine reaches its datasheet: efficiencies and fixed costs, measured or assumed.
///
/// Read from calib/profiles/<name>.yaml. The cost model (sim/cost) multiplies datasheet peaks by these; each value's
/// source stands in the file. Measured tables join here when calibration exists; `provenance` says what the numbers
/// are.
#include <string>

#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::calib {

struct Profile {
  std::string name;
  std::string provenance;            ///< "datasheet" or "measured"
  double gemm_efficiency = 0;        ///< of peak, large compute-bound GEMM
  double attention_efficiency = 0;   ///< of peak, prefill attention
  double gemm_bandwidth = 0;         ///< of HBM peak, weight-bound GEMM
  double attention_bandwidth = 0;    ///< of HBM peak, decode attention
  double elementwise_bandwidth = 0;  ///< of HBM peak, norms, activations, rotary
  double ridge_exponent = 2;         ///< p of (tc^p + tm^p)^(1/p)
  Duration launch;                   ///< per kernel, inside a CUDA graph
  Duration step_overhead;            ///< CPU time per step that asynchronous scheduling does not hide
  Bytes runtime_memory;              ///< CUDA context, graphs and libraries, per GPU
};

/// Reads every key, named as the fields above; finish() is called.
[[nodiscard]] Profile read_profile(config::Fields& fields);

}  // namespace tiersim::calib
