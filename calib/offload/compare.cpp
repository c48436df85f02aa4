#include "calib/offload/compare.hpp"

#include <algorithm>
#include <cmath>

#include "calib/measure/timing.hpp"

namespace tiersim::calib {
namespace {

constexpr double kLeastSpread = 0.01;  // two rounds can agree by chance

double mean_of(std::span<const OffloadRun> rounds, double (*value)(const OffloadRun&)) {
  double sum = 0;
  for (const OffloadRun& run : rounds) sum += value(run);
  return sum / static_cast<double>(rounds.size());
}

template <class Value>
double sum_of(const OffloadRun& run, const Value& value) {
  double sum = 0;
  for (const ServedRequest& r : run.requests) sum += value(r);
  return sum;
}

double predicted_sum(const ServingOutcome& outcome, Duration (*value)(const RequestOutcome&)) {
  double sum = 0;
  for (const RequestOutcome& r : outcome.requests) sum += in_seconds(value(r)).value();
  return sum;
}

void compare_times(OffloadRow& row, std::span<const OffloadRun> rounds, const ServingOutcome& predicted) {
  row.total.measured = mean_of(rounds, [](const OffloadRun& run) { return run.seconds; });
  row.total.predicted = in_seconds(predicted.requests.back().last_token - Time(0)).value();
  row.first_tokens = {mean_of(rounds,
                              [](const OffloadRun& run) {
                                return sum_of(run, [](const ServedRequest& r) { return r.first_token - r.queued; });
                              }),
                      predicted_sum(predicted, [](const RequestOutcome& r) { return r.first_token - r.arrival; })};
  row.decode = {
      mean_of(rounds,
              [](const OffloadRun& run) { return sum_of(run, [](const ServedRequest& r) { return r.decode; }); }),
      predicted_sum(predicted, [](const RequestOutcome& r) { return r.last_token - r.first_token; })};
  row.load_wait = {
      mean_of(rounds,
              [](const OffloadRun& run) { return sum_of(run, [](const ServedRequest& r) { return r.load_wait; }); }),
      predicted_sum(predicted, [](const RequestOutcome& r) { return r.load_wait; })};
  row.bookkeeping = mean_of(rounds, [](const OffloadRun& run) {
    return run.seconds - sum_of(run, [](const ServedRequest& r) { return r.load_wait + r.prefill + r.decode; });
  });
  const auto [least, most] = std::minmax_element(
      rounds.begin(), rounds.end(), [](const OffloadRun& a, const OffloadRun& b) { return a.seconds < b.seconds; });
  row.spread = (most->seconds - least->seconds) / row.total.measured;
}

void compare_requests(OffloadRow& row, std::span<const OffloadRun> rounds, const ServingOutcome& predicted) {
  std::vector<double> errors;
  for (std::size_t r = 0; r < predicted.requests.size(); ++r) {
    double measured = 0;
    for (const OffloadRun& run : rounds) measured += run.requests[r].end - run.requests[r].queued;
    measured /= static_cast<double>(rounds.size());
    const RequestOutcome& p = predicted.requests[r];
    errors.push_back(std::abs(in_seconds(p.last_token - p.arrival).value() / measured - 1));
  }
  std::sort(errors.begin(), errors.end());
  row.request_p50 = quantile_of(errors, 0.5);
  row.request_p90 = quantile_of(errors, 0.9);
}

/// Hits of the first round; every round counts for whether they are the same.
void compare_hits(OffloadRow& row, std::int64_t block, std::span<const OffloadRun> rounds,
                  const ServingOutcome& predicted) {
  for (std::size_t r = 0; r < predicted.requests.size(); ++r) {
    const PromptSources& sources = predicted.requests[r].first;
    const std::int64_t memory = sources.tier[0] / block, drive = sources.tier[1] / block;
    row.predicted.memory += memory;
    row.predicted.drive += drive;
    row.differing += std::any_of(rounds.begin(), rounds.end(), [&](const OffloadRun& run) {
      return run.requests[r].hits_memory != memory || run.requests[r].hits_drive != drive;
    });
    row.measured.memory += rounds[0].requests[r].hits_memory;
    row.measured.drive += rounds[0].requests[r].hits_drive;
    row.measured.written += rounds[0].requests[r].written;
  }
  row.predicted.written = predicted.whole.tiers[1].written_blocks;
}

}  // namespace

OffloadRow compare_offload(const OffloadConfiguration& configuration, const DecoderShape& shape,
                           std::span<const OffloadRun> rounds, const ServingOutcome& predicted) {
  OffloadRow row;
  row.name = configuration.name;
  row.frames = configuration.frames;
  row.drive_frames = configuration.drive_frames;
  compare_times(row, rounds, predicted);
  compare_requests(row, rounds, predicted);
  compare_hits(row, shape.block, rounds, predicted);
  return row;
}

void judge_order(OffloadResult& result) {
  double spread = kLeastSpread;
  for (const OffloadRow& row : result.rows) spread = std::max(spread, row.spread);
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    for (std::size_t j = i + 1; j < result.rows.size(); ++j) {
      const OffloadTime &a = result.rows[i].total, &b = result.rows[j].total;
      ++result.pairs;
      if (std::abs(a.measured - b.measured) <= spread * std::max(a.measured, b.measured)) {
        ++result.pairs_alike;
      } else if ((a.measured < b.measured) == (a.predicted < b.predicted)) {
        ++result.pairs_right;
      }
    }
  }
}

bool OffloadRow::good() const { return std::abs(total.error()) <= std::max(kOffloadMostError, 2 * spread); }

bool OffloadResult::good() const {
  return !stopped && pairs_right + pairs_alike == pairs &&
         std::all_of(rows.begin(), rows.end(), [](const OffloadRow& row) { return row.good(); });
}

}  // namespace tiersim::calib
