#pragma once
/// How well a machine reaches its datasheet: efficiencies and fixed costs assumed for it, or laws fitted to what its
/// kernels were measured to take.
///
/// Read from calib/profiles/<name>.yaml. The cost model (sim/cost) takes an operator's time from the law of its kernel
/// and type where there is one, else from the datasheet's peaks times the efficiencies. A measured profile states on
/// which machine it was measured (the fingerprint) and how far its laws are off, on the points that they were fitted to
/// and on those held out; a datasheet profile states the source of each value in its file.
#include <string>
#include <utility>
#include <vector>

#include "calib/profile_laws.hpp"
#include "sim/config/fields.hpp"
#include "sim/core/units.hpp"

namespace tiersim::calib {

/// How far predictions are off: errors relative to the measured time, as fractions. A row is about one series, or,
/// without kernel and variant, about a whole family.
struct ErrorRow {
  std::string family, kernel, variant;
  std::string set;  ///< "train" or "held-out"
  std::int64_t points = 0;
  double mape = 0, median = 0, p90 = 0, worst = 0;  ///< of the absolute errors
  double bias = 0;                                  ///< mean signed error; positive: predicted too slow
};

/// The slow-down of one kernel while another runs beside it: its time over its time alone.
struct Overlap {
  std::string kernel, beside;
  double slow_down = 1;
};

/// The two rates that bounded everything on the day of the measurement; 0: not measured.
struct MeasuredCeilings {
  FlopsPerSecond product{0};  ///< of a large matrix product
  BytesPerSecond copy{0};     ///< of a large copy, read plus written
};

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
  Duration eager_launch;             ///< CPU time per kernel outside of one
  Duration step_overhead;            ///< CPU time per step that asynchronous scheduling does not hide
  Bytes runtime_memory;              ///< CUDA context, graphs and libraries, per GPU

  // Measured profiles only.
  std::vector<Law> laws;
  std::vector<ErrorRow> errors;
  std::vector<Overlap> overlaps;
  MeasuredCeilings ceilings;
  std::vector<std::pair<std::string, std::string>> fingerprint;  ///< what was measured: device, driver, date, ...
};

/// Reads every key, named as the fields above; finish() is called.
[[nodiscard]] Profile read_profile(config::Fields& fields);

/// The rows of errors that are about families.
[[nodiscard]] std::vector<ErrorRow> family_errors(const Profile& profile);

}  // namespace tiersim::calib
