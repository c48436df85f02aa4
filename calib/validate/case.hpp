#pragma once
/// A case of validation: a published measurement, how it is predicted, and how far off that may be.
///
/// A case is a YAML file (tests/validation/cases) that opens with its question; `case:` says what kind it is:
///   kernels   kernel tables of others, each held-out point predicted by the profile's law of its series
///   serving   a served workload: the requests' latencies beside a run of the simulator with the same arrivals
///   steady    time per output token at fixed concurrency, row by row
/// Predictions come from the committed profile alone. Relative errors are (predicted - measured) / measured. A row is
/// one line of the case's table, with what it may be at most; a row without that is for information. Points are what
/// the rows pool. Where the data are absent a case is skipped and says so. Errors in the file: diagnostics; in the
/// data: std::runtime_error. Deterministic.
#include <string>
#include <vector>

#include "calib/profile.hpp"
#include "sim/resolve/resolve.hpp"

namespace tiersim::calib {

/// One measured value beside its prediction.
struct ComparedPoint {
  std::string row;     ///< what it counts for
  std::string regime;  ///< what bounds it, by the prediction: "compute", "bandwidth", "latency"; its model; or empty
  std::string what;    ///< its shape, or which request
  double measured = 0, predicted = 0;  ///< s
  bool extrapolated = false;           ///< beyond what the law was fitted to
};

struct CaseRow {
  std::string what;       ///< "GEMM bf16", "TTFT"
  std::string statistic;  ///< whose error it is: "MAPE", "median", "mean", "P99"
  double error = 0;       ///< of a mean or a percentile with its sign
  double most = 0;        ///< 0: for information
  std::int64_t points = 0;
  double measured = 0, predicted = 0;  ///< s; of means and percentiles
  ErrorRow pooled;                     ///< of the points, where the row pools any
  [[nodiscard]] bool holds() const { return most <= 0 || (error <= most && error >= -most); }
};

struct CaseReport {
  std::string name;                   ///< the file's, without ".yaml"
  std::vector<std::string> question;  ///< the comment that it opens with
  std::string against;                ///< the profile, and what of the data its fit has not seen
  std::string skipped;                ///< why, where nothing was compared
  std::vector<CaseRow> rows;
  std::vector<ComparedPoint> points;
  [[nodiscard]] bool holds() const;
};

/// On errors the report is unusable and diagnostics say why.
[[nodiscard]] CaseReport run_case(const std::string& path, const Environment& environment, Diagnostics& diagnostics);

/// The points of each row by what bounds them: lines of errors, in the order of first appearance.
[[nodiscard]] std::vector<ErrorRow> errors_by_regime(const CaseReport& report);

}  // namespace tiersim::calib
