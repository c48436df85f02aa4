#include "sim/report/series_h5.hpp"

#include <vector>

#include "sim/report/hdf5_memory.hpp"
#include "sim/report/words.hpp"

namespace tiersim {

std::string series_h5(const RunResult& run) {
  Hdf5Memory file("series.h5");
  std::vector<std::int64_t> column(run.outcome.series.size());
  const auto add = [&](const std::string& name, const char* unit, const auto& value_of) {
    std::size_t row = 0;
    for (const SeriesPoint& p : run.outcome.series) column[row++] = value_of(p);
    file.add(name, unit, column);
  };
  add("time", "ns", [](const SeriesPoint& p) { return p.at.value(); });
  add("running", "requests", [](const SeriesPoint& p) { return p.running; });
  add("waiting", "requests", [](const SeriesPoint& p) { return p.waiting; });
  add("loading", "requests", [](const SeriesPoint& p) { return p.loading; });
  add("hbm_in_use", "blocks", [](const SeriesPoint& p) { return p.hbm_referenced; });
  for (std::size_t t = 0; t < run.context.tiers.size(); ++t)
    add("resident_" + as_key(run.context.tiers[t].name), "blocks", [t](const SeriesPoint& p) { return p.resident[t]; });
  add("tokens_out", "tokens", [](const SeriesPoint& p) { return p.tokens_out; });
  add("tokens_prefilled", "tokens", [](const SeriesPoint& p) { return p.tokens_prefilled; });
  return file.bytes();
}

}  // namespace tiersim
