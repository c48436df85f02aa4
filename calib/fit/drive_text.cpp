#include "calib/fit/drive_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "calib/fit/figures.hpp"

namespace tiersim::calib {
namespace {

std::vector<Sample> all_of(const Split& split) {
  std::vector<Sample> all = split.train;
  all.insert(all.end(), split.held_out.begin(), split.held_out.end());
  return all;
}

double best_rate(const Split& split) {
  double best = 0;
  for (const Sample& sample : all_of(split)) best = std::max(best, sample.bytes / sample.seconds);
  return best;
}

/// The time of the smallest I/O alone.
double shortest(const Split& split) {
  const Sample* least = nullptr;
  const std::vector<Sample> all = all_of(split);
  for (const Sample& s : all) {
    const auto key = [](const Sample& x) { return std::pair(x.point.at("depth", 1), x.bytes); };
    if (least == nullptr || key(s) < key(*least)) least = &s;
  }
  return least == nullptr ? 0 : least->seconds * least->point.at("depth", 1);
}

double bandwidth_of(const FittedSeries& series) {
  const double seconds = coefficient_of(series.law, Feature::bytes);
  return seconds > 0 ? 1 / seconds : best_rate(series.split);
}

std::string bandwidth_line(const char* key, const FittedSeries& series) {
  const bool seen = coefficient_of(series.law, Feature::bytes) > 0;
  return figure(key, rate_text(bandwidth_of(series)),
                "measured: " + name_of(series.law) + (seen ? ", bandwidth" : ", its best point"));
}

std::string rate_line(const char* key, const FittedSeries& series) {
  const double seconds = coefficient_of(series.law, Feature::operations);
  return seconds <= 0 ? "" : figure(key, fmt::format("{:.0f}/s", 1 / seconds), "measured: " + name_of(series.law));
}

std::string queue_lines(const FittedSeries& reads) {
  const Law& law = reads.law;
  const double latency = coefficient_of(law, Feature::operations_share);
  const double stream = coefficient_of(law, Feature::bytes_share);
  std::string out = figure("    latency", time_text(latency > 0 ? latency : shortest(reads.split)),
                           "measured: " + name_of(law) + ", one I/O at a time");
  if (stream > 0) out += figure("    single_stream", rate_text(1 / stream), "measured: the same law");
  out += figure("    queue_depth", fmt::format("{}", queue_depth_of(reads.split)),
                "measured: reaches 95% of the best reads of 256 KiB");
  if (law.sides.size() > 1) out += figure("    ridge", fmt::format("{}", law.ridge), "measured: the knee between caps");
  return out;
}

}  // namespace

std::int64_t queue_depth_of(const Split& reads) {
  constexpr double kBlock = 256 << 10;
  double nearest = 0;
  for (const Sample& s : all_of(reads)) {
    if (nearest <= 0 || std::abs(std::log(s.bytes / kBlock)) < std::abs(std::log(nearest / kBlock))) nearest = s.bytes;
  }
  std::map<double, double> rates;  // by depth
  double best = 0;
  for (const Sample& s : all_of(reads)) {
    if (s.bytes != nearest) continue;
    double& rate = rates[s.point.at("depth", 1)];
    rate = std::max(rate, s.bytes / s.seconds);
    best = std::max(best, rate);
  }
  for (const auto& [depth, rate] : rates) {
    if (rate >= 0.95 * best) return std::max<std::int64_t>(1, std::llround(depth));
  }
  return 0;
}

std::string drive_text(const FittedSeriesList& series, double capacity) {
  const FittedSeries* reads = find_series(series, "ssd", "read");
  if (reads == nullptr) return {};
  const FittedSeries* writes = find_series(series, "ssd", "write");
  std::string out = "  - name: ssd\n";
  out += figure("    capacity", size_text(capacity), "free when measured");
  out += bandwidth_line("    read", *reads);
  out += writes != nullptr
             ? bandwidth_line("    write", *writes)
             : figure("    write", rate_text(bandwidth_of(*reads)), "assumed: as reads, writes were not measured");
  out += rate_line("    read_iops", *reads);
  if (writes != nullptr) out += rate_line("    write_iops", *writes);
  return out + queue_lines(*reads) + "    sharing: fair\n";
}

}  // namespace tiersim::calib
