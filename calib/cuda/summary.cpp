#include "calib/cuda/summary.hpp"

#include <algorithm>
#include <cstdio>

namespace tiersim::calib {
namespace {

template <class... Arguments>
std::string printed(const char* format, Arguments... arguments) {
  char line[512];
  const int length = std::snprintf(line, sizeof line, format, arguments...);
  return {line, static_cast<std::size_t>(std::clamp(length, 0, static_cast<int>(sizeof line) - 1))};
}

std::string rate(double amount_per_second, const char* unit) {
  return amount_per_second > 0 ? printed("%8.1f %s", amount_per_second, unit) : std::string();
}

/// Samples that are in a row for one series.
struct Series {
  std::string name;
  std::vector<const Sample*> samples;
};

std::vector<Series> by_series(const std::vector<Sample>& samples) {
  std::vector<Series> all;
  for (const Sample& sample : samples) {
    const std::string name = sample.point.series();
    auto at = std::find_if(all.begin(), all.end(), [&](const Series& s) { return s.name == name; });
    if (at == all.end()) at = all.insert(all.end(), {name, {}});
    at->samples.push_back(&sample);
  }
  return all;
}

std::string row_of(const Series& series) {
  std::vector<double> shares;
  double gigabytes = 0, teraflops = 0, check = -1;
  int throttled = 0;
  for (const Sample* s : series.samples) {
    shares.push_back(s->ceiling_share);
    gigabytes = std::max(gigabytes, s->bytes / s->seconds * 1e-9);
    teraflops = std::max(teraflops, s->flops / s->seconds * 1e-12);
    check = std::max(check, s->check);
    throttled += s->throttled ? 1 : 0;
  }
  std::sort(shares.begin(), shares.end());
  std::string row =
      printed("%-40s %6zu %7.0f%% %7.0f%%  %-14s %-16s", series.name.c_str(), shares.size(), 100 * shares.back(),
              100 * quantile_of(shares, 0.5), rate(gigabytes, "GB/s").c_str(), rate(teraflops, "TFLOP/s").c_str());
  if (check >= 0) row += printed(" %.0e", check);
  if (throttled > 0) row += printed("  %d throttled", throttled);
  while (row.ends_with(' ')) row.pop_back();
  return row + "\n";
}

}  // namespace

std::string list_of(const Families& families) {
  std::string text;
  for (const auto& family : families) {
    text += printed("%-12s %5zu points  %s\n", std::string(family->name()).c_str(), family->grid().size(),
                    std::string(family->what()).c_str());
  }
  return text;
}

std::string plan_table(const Plan& plan) {
  std::string text = printed("%-12s %6s %9s  %s\n", "family", "points", "seconds", "first");
  for (std::size_t begin = 0, end = 0; begin < plan.points.size(); begin = end) {
    double seconds = 0;
    for (; end < plan.points.size() && plan.points[end].family == plan.points[begin].family; ++end) {
      seconds += plan.points[end].seconds;
    }
    text += printed("%-12s %6zu %9.1f  %s\n", plan.points[begin].point.family.c_str(), end - begin, seconds,
                    plan.points[begin].point.key().c_str());
  }
  text += printed("%zu points, at most %.0f s, %.2f s a point; %zu left out, %zu done before\n", plan.points.size(),
                  plan.seconds, plan.effort.most_seconds, plan.left_out, plan.done_before);
  return text;
}

std::string sample_table(const std::vector<Sample>& samples) {
  std::string text = printed("%-40s %6s %8s %8s  %-14s %-16s %s\n", "series", "points", "best", "median", "at most",
                             "at most", "error");
  for (const Series& series : by_series(samples)) text += row_of(series);
  return text;
}

}  // namespace tiersim::calib
