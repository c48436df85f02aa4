#include "calib/fit/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "calib/fit/errors.hpp"
#include "calib/fit/fallbacks.hpp"
#include "calib/fit/laws.hpp"
#include "calib/measure/session.hpp"
#include "calib/profile_text.hpp"
#include "sim/config/yaml.hpp"

namespace tiersim::calib {
namespace {

bool has_law(const Sample& sample) { return sample.point.family != "ceiling" && sample.point.family != "overlap"; }

FittedSeriesList fit_all(const std::vector<Sample>& sound, const FitRules& rules) {
  std::vector<Sample> kernels;
  std::copy_if(sound.begin(), sound.end(), std::back_inserter(kernels), has_law);
  FittedSeriesList all;
  for (const std::vector<Sample>& series : series_of(kernels)) {
    const Point& point = series[0].point;
    FittedSeries fitted{{}, rules.split(series)};
    Observations points;
    for (const Sample& sample : fitted.split.train) points.push_back(observation_of(sample));
    if (points.empty()) continue;  // all of it is held out
    fitted.law = fit_law(rules.recipe(point, points), points);
    fitted.law.family = point.family, fitted.law.kernel = point.kernel, fitted.law.variant = point.variant;
    all.push_back(std::move(fitted));
  }
  return all;
}

std::vector<Prediction> predict(const FittedSeries& series, const std::vector<Sample>& samples, const char* set) {
  std::vector<Prediction> out;
  out.reserve(samples.size());
  for (const Sample& sample : samples) {
    out.push_back({series.law.family, series.law.kernel, series.law.variant, set,
                   series.law.time(work_of(sample)).value(), sample.seconds});
  }
  return out;
}

struct ErrorTable {
  std::vector<ErrorRow> by_series, by_family;
};

/// A row for each set of each series, of no points where nothing is held out.
ErrorTable errors_of(const FittedSeriesList& all) {
  ErrorTable table;
  std::vector<Prediction> every;
  for (const FittedSeries& series : all) {
    for (const auto& [set, samples] : {std::pair{"train", &series.split.train}, {"held-out", &series.split.held_out}}) {
      const std::vector<Prediction> predictions = predict(series, *samples, set);
      ErrorRow row = error_row(predictions);
      row.family = series.law.family, row.kernel = series.law.kernel, row.variant = series.law.variant, row.set = set;
      table.by_series.push_back(row);
      every.insert(every.end(), predictions.begin(), predictions.end());
    }
  }
  table.by_family = errors_by_family(every);
  return table;
}

std::vector<Overlap> overlaps_of(const std::vector<Sample>& sound) {
  std::map<std::pair<std::string, std::string>, std::vector<double>> ratios;
  for (const Sample& sample : sound) {
    const double alone = sample.point.at("alone", 0);
    if (sample.point.family != "overlap" || alone <= 0) continue;
    ratios[{sample.point.kernel, sample.point.variant}].push_back(sample.seconds / alone);
  }
  std::vector<Overlap> out;
  for (auto& [pair, of_pair] : ratios) {
    std::sort(of_pair.begin(), of_pair.end());
    out.push_back({pair.first, pair.second, rounded_to_six(quantile_of(of_pair, 0.5))});
  }
  return out;
}

std::string heading_of(const Fingerprint& fingerprint, std::size_t points, std::size_t sound, const ErrorTable& errors,
                       const FitRules& rules) {
  std::string out = text_in(fingerprint, "device") + ", measured";
  if (const std::string date = text_in(fingerprint, "date"); !date.empty()) out += " on " + date;
  out += fmt::format(": {} points, {} of them sound. Written by tiersim calibrate ", points, sound);
  if (const std::string source = text_in(fingerprint, "source"); !source.empty()) {
    out += "from " + source + ".\n";
  } else {
    out += fmt::format("--device {}.\n", text_in(fingerprint, "kind") == "host" ? "host" : "cuda");
  }
  out += rules.held_out + "\n";
  out += "Median error on held-out points by family:";
  for (const ErrorRow& row : errors.by_family) {
    if (row.set == "held-out") out += fmt::format(" {} {:.1f}%", row.family, 100 * row.median);
  }
  return out;
}

/// What the file says is what the profile is; a file of ours that does not read is our mistake.
Profile read_back(const std::string& yaml) {
  Diagnostics diagnostics;
  const config::Value value = config::parse_yaml(yaml, "the fitted profile", diagnostics);
  config::Fields fields(value, "profile", diagnostics);
  Profile profile = read_profile(fields);
  if (diagnostics.has_errors()) throw InternalError("the fitted profile does not read back:\n" + diagnostics.render());
  return profile;
}

void check(const std::string& kind) {
  if (kind == "host" || kind == "cuda") return;
  throw std::runtime_error(fmt::format("the machine's fingerprint says kind '{}', expected 'host' or 'cuda'", kind));
}

}  // namespace

Calibration calibrate(const std::string& name, const std::vector<Sample>& samples, const Fingerprint& fingerprint) {
  const bool gpu = text_in(fingerprint, "kind") == "cuda";
  return calibrate(name, samples, fingerprint, measuring_rules(gpu ? number_in(fingerprint, "processors") : 0));
}

Calibration calibrate(const std::string& name, const std::vector<Sample>& samples, const Fingerprint& fingerprint,
                      const FitRules& rules) {
  std::vector<Sample> sound;
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(sound), is_sound);
  const std::string kind = text_in(fingerprint, "kind");
  check(kind);
  const FittedSeriesList series = fit_all(sound, rules);
  if (series.empty()) {
    throw std::runtime_error(
        fmt::format("nothing to fit: of {} samples none is of a kernel, sound and not throttled; measure again on a "
                    "quieter machine",
                    samples.size()));
  }
  const Ceilings ceilings = ceilings_of(sound);
  const ErrorTable errors = errors_of(series);
  Profile profile;
  profile.name = name;
  const auto comments = fill_fallbacks(profile, series, ceilings, kind == "host");
  for (const FittedSeries& fitted : series) profile.laws.push_back(fitted.law);
  for (const Point& point : rules.included) {
    profile.laws.push_back({.family = point.family, .kernel = point.kernel, .variant = point.variant});
  }
  profile.errors = errors.by_family;
  profile.errors.insert(profile.errors.end(), errors.by_series.begin(), errors.by_series.end());
  profile.overlaps = overlaps_of(sound);
  profile.ceilings = {FlopsPerSecond(rounded_to_six(ceilings.flops_per_second)),
                      BytesPerSecond(rounded_to_six(ceilings.bytes_per_second))};
  profile.fingerprint = fingerprint;
  Calibration out;
  out.profile_yaml = text_of(profile, heading_of(fingerprint, samples.size(), sound.size(), errors, rules), comments);
  out.profile = read_back(out.profile_yaml);
  if (ceilings.flops_per_second > 0 && ceilings.bytes_per_second > 0) {
    out.machine_yaml = machine_text(name, series, ceilings, fingerprint);
  }
  out.by_family = errors.by_family;
  return out;
}

}  // namespace tiersim::calib
