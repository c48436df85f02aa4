#include "sim/serving/arrivals.hpp"

#include <algorithm>

#include "sim/core/rng.hpp"

namespace tiersim {
namespace {

Time scaled(Time t, double rate) {
  if (rate == 1.0) return t;
  return Time(static_cast<std::int64_t>(static_cast<double>(t.value()) / rate + 0.5));
}

}  // namespace

Arrivals::Arrivals(const traces::Trace& trace, const LoadSettings& settings) : trace_(trace), settings_(settings) {
  const auto n = static_cast<std::uint32_t>(trace.size());
  if (settings.kind == LoadKind::concurrency) {
    next_ = static_cast<std::uint32_t>(std::min<std::int64_t>(n, settings.concurrency));
    for (std::uint32_t r = 0; r < next_; ++r) scheduled_.push_back({Time(0), RequestId(r)});
    return;
  }
  if (settings.kind == LoadKind::sessions) next_turn_.assign(n, traces::kNoRequest);
  Rng rng = Rng(settings.seed).fork("arrivals");
  Time last;
  scheduled_.reserve(n);
  for (std::uint32_t r = 0; r < n; ++r) {
    const RequestId id(r);
    if (settings.kind == LoadKind::sessions && trace.previous(id) != traces::kNoRequest) {
      next_turn_[trace.previous(id)] = r;
    } else if (settings.kind == LoadKind::poisson) {
      last += rounded(Seconds(rng.exponential(1.0 / settings.per_second)));
      scheduled_.push_back({last, id});
    } else {
      const double jitter =
          settings.jitter > Duration(0) ? rng.uniform() * static_cast<double>(settings.jitter.value()) : 0;
      scheduled_.push_back(
          {scaled(trace.arrival(id), settings.rate) + Duration(static_cast<std::int64_t>(jitter)), id});
    }
  }
  if (settings.jitter > Duration(0)) {
    std::sort(scheduled_.begin(), scheduled_.end(), [](const Arrival& a, const Arrival& b) {
      return a.time != b.time ? a.time < b.time : a.request < b.request;
    });
  }
}

std::optional<Arrival> Arrivals::after(RequestId ended, Time now) {
  if (settings_.kind == LoadKind::concurrency && next_ < trace_.size()) return Arrival{now, RequestId(next_++)};
  if (settings_.kind == LoadKind::sessions) {
    const std::uint32_t next = next_turn_[ended.index()];
    if (next != traces::kNoRequest) return Arrival{now + trace_.think_time(RequestId(next)), RequestId(next)};
  }
  return std::nullopt;
}

Time Arrivals::last() const {
  const bool known = settings_.kind == LoadKind::open || settings_.kind == LoadKind::poisson;
  return known && !scheduled_.empty() ? scheduled_.back().time : Time::never();
}

}  // namespace tiersim
