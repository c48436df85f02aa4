#include "calib/fit/errors.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "calib/measure/timing.hpp"

namespace tiersim::calib {
namespace {

std::vector<ErrorRow> grouped(const std::vector<Prediction>& predictions) {
  std::vector<std::vector<Prediction>> groups;
  std::map<std::vector<std::string>, std::size_t> place;
  for (const Prediction& p : predictions) {
    const auto [entry, is_new] = place.try_emplace({p.family, p.kernel, p.variant, p.set}, groups.size());
    if (is_new) groups.emplace_back();
    groups[entry->second].push_back(p);
  }
  std::vector<ErrorRow> rows;
  for (const auto& group : groups) rows.push_back(error_row(group));
  return rows;
}

}  // namespace

ErrorRow error_row(const std::vector<Prediction>& predictions) {
  ErrorRow row;
  if (predictions.empty()) return row;
  row.family = predictions[0].family, row.kernel = predictions[0].kernel;
  row.variant = predictions[0].variant, row.set = predictions[0].set;
  row.points = static_cast<std::int64_t>(predictions.size());
  std::vector<double> sizes;
  for (const Prediction& p : predictions) {
    const double error = p.predicted / p.measured - 1;
    sizes.push_back(std::abs(error));
    row.bias += error, row.mape += std::abs(error);
  }
  row.bias /= static_cast<double>(sizes.size()), row.mape /= static_cast<double>(sizes.size());
  std::sort(sizes.begin(), sizes.end());
  row.median = quantile_of(sizes, 0.5), row.p90 = quantile_of(sizes, 0.9), row.worst = sizes.back();
  return row;
}

std::vector<ErrorRow> errors_by_series(const std::vector<Prediction>& predictions) { return grouped(predictions); }

std::vector<ErrorRow> errors_by_family(const std::vector<Prediction>& predictions) {
  std::vector<Prediction> pooled = predictions;
  for (Prediction& p : pooled) p.kernel.clear(), p.variant.clear();
  return grouped(pooled);
}

}  // namespace tiersim::calib
