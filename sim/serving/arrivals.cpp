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
  if (settings.kind == LoadKind::sessions) link_turns();
  Rng rng = Rng(settings.seed).fork("arrivals");
  Time last;
  scheduled_.reserve(n);
  for (std::uint32_t r = 0; r < n; ++r) {
    const RequestId id(r);
    if (settings.kind == LoadKind::sessions && trace.previous(id) != traces::kNoRequest) {
      continue;
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

void Arrivals::link_turns() {
  next_turn_.assign(trace_.size(), traces::kNoRequest);
  next_sibling_.assign(trace_.size(), traces::kNoRequest);
  for (auto r = static_cast<std::uint32_t>(trace_.size()); r-- > 0;) {
    const std::uint32_t previous = trace_.previous(RequestId(r));
    if (previous == traces::kNoRequest) continue;
    next_sibling_[r] = next_turn_[previous];
    next_turn_[previous] = r;
  }
}

void Arrivals::after(RequestId ended, Time now, std::vector<Arrival>& out) {
  if (settings_.kind == LoadKind::concurrency && next_ < trace_.size()) out.push_back({now, RequestId(next_++)});
  if (settings_.kind != LoadKind::sessions) return;
  for (std::uint32_t r = next_turn_[ended.index()]; r != traces::kNoRequest; r = next_sibling_[r])
    out.push_back({now + trace_.think_time(RequestId(r)), RequestId(r)});
}

Time Arrivals::last() const {
  const bool known = settings_.kind == LoadKind::open || settings_.kind == LoadKind::poisson;
  return known && !scheduled_.empty() ? scheduled_.back().time : Time::never();
}

}  // namespace tiersim
