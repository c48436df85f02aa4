// Kernel tables of others: points whose shapes the fit did not see, each predicted by the profile's law of its series.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "calib/fit/observation.hpp"
#include "calib/import/imported_tables.hpp"
#include "calib/import/table_rules.hpp"
#include "calib/profile_law_timer.hpp"
#include "calib/validate/case_kinds.hpp"
#include "models/model_files.hpp"
#include "sim/config/library.hpp"

namespace tiersim::calib::detail {
namespace {

struct WantedRow {
  std::string what;
  std::vector<std::string> series;  // "gemm/gemm/bf16"; a '*' at the end stands for any
  double most = 0;
};

std::vector<std::string> texts(config::Fields& fields, std::string_view key) {
  std::vector<std::string> out;
  const config::Value* list = fields.child(key);
  if (list == nullptr || list->kind != config::Kind::list) {
    fields.error(key, fmt::format("'{}' in {}: expected a list", key, fields.what()));
    return out;
  }
  for (const config::Value& item : list->items) out.push_back(item.scalar);
  fields.record(key, *list);
  return out;
}

bool matches(const std::string& series, const std::string& pattern) {
  if (pattern.ends_with('*')) return series.starts_with(pattern.substr(0, pattern.size() - 1));
  return series == pattern;
}

class Predictor {
 public:
  explicit Predictor(const Profile& profile) {
    for (const Law& law : profile.laws)
      timers_.emplace(law.family + "/" + law.kernel + "/" + law.variant, LawTimer(law));
  }

  /// Null where no law is of this series.
  [[nodiscard]] const LawTimer* find(const std::string& series) const {
    const auto at = timers_.find(series);
    return at == timers_.end() ? nullptr : &at->second;
  }

 private:
  std::map<std::string, LawTimer> timers_;
};

ComparedPoint compared(const std::string& row, const Sample& sample, const LawTimer& timer) {
  const LawTimer::Answer answer = timer.of(work_of(sample));
  const double predicted = answer.time.value();
  const char* regime = answer.by_compute ? "compute" : "bandwidth";
  if (timer.fixed().value() > predicted / 2) regime = "latency";
  return {row,
          regime,
          sample.point.series() + " " + sample.point.sizes_text(),
          sample.seconds,
          predicted,
          answer.extrapolated};
}

void add_row(const WantedRow& wanted, CaseReport& report) {
  CaseRow row;
  row.what = wanted.what, row.statistic = "MAPE", row.most = wanted.most;
  row.pooled = pooled(report, wanted.what);
  if (row.pooled.points == 0)
    throw std::runtime_error(fmt::format("no point of the tables is of row '{}'", wanted.what));
  row.error = row.pooled.mape, row.points = row.pooled.points;
  report.rows.push_back(row);
}

/// Products of all models of the library but one, without those that it shares with them.
std::set<ProductShape> products_of_others(const Environment& environment, const std::string& seen) {
  std::set<ProductShape> shapes;
  for (const std::string& name : config::names_in(environment.library + "/models"))
    shapes.merge(products_of(models::load_model(environment.library, name)));
  for (const ProductShape& shape : products_of(models::load_model(environment.library, seen))) shapes.erase(shape);
  return shapes;
}

}  // namespace

void run_kernels_case(config::Fields& fields, const Environment& environment, CaseReport& report) {
  const std::string format = fields.choice("format", {"aiconfigurator", "llmservingsim", "vidur"});
  const std::string folder = data_at(fields, "tables", environment, report);
  const Profile profile = profile_at(fields, "profile", environment);
  const auto seed = static_cast<std::uint64_t>(fields.count("seed", 1));
  const std::string set = fields.choice("compared", {"held-out", "other models", "all"}, "held-out");
  const std::string seen = set == "other models" ? fields.text("seen") : std::string();
  std::vector<WantedRow> wanted;
  each_map(fields, "rows", [&](config::Fields& row) {
    wanted.push_back({row.text("what"), texts(row, "series"), row.fraction("mape")});
  });
  if (!report.skipped.empty() || fields.diagnostics().has_errors()) return;

  const ModelNamed model_named = [&](const std::string& name) { return models::load_model(environment.library, name); };
  const ImportedTables tables = read_tables(format, folder, model_named);
  const std::set<ProductShape> others = seen.empty() ? std::set<ProductShape>{} : products_of_others(environment, seen);
  const Predictor predictor(profile);
  const auto counts = [&](const Sample& sample) {
    if (set == "held-out") return is_held_out(sample.point, tables.shapes, seed);
    return set == "all" || others.contains({sample.point.at("n", 0), sample.point.at("k", 0)});
  };
  report.against = fmt::format("profile {}, {}", profile.name,
                               seen.empty() ? set + " points" : "products of the library's other models than " + seen);
  for (const Sample& sample : tables.samples) {
    const std::string series = sample.point.series();
    for (const WantedRow& row : wanted) {
      if (std::none_of(row.series.begin(), row.series.end(), [&](const auto& p) { return matches(series, p); }))
        continue;
      if (!counts(sample)) continue;
      const LawTimer* timer = predictor.find(series);
      if (timer == nullptr)
        throw std::runtime_error(fmt::format("profile '{}' has no law of {}", profile.name, series));
      report.points.push_back(compared(row.what, sample, *timer));
    }
  }
  for (const WantedRow& row : wanted) add_row(row, report);
}

}  // namespace tiersim::calib::detail
