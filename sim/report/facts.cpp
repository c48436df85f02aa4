#include "sim/report/facts.hpp"

#include <algorithm>

namespace tiersim {
namespace {

/// (last - first)/(n - 1) to the nearest nanosecond.
std::int64_t time_per_token(const RequestOutcome& r) {
  const std::int64_t gaps = std::int64_t{r.output} - 1;
  return ((r.last_token - r.first_token).value() + gaps / 2) / gaps;
}

bool meets(const GoodputLimits& limits, const RequestOutcome& r) {
  return r.first_token - r.arrival <= limits.ttft && r.last_token - r.arrival <= limits.end_to_end &&
         (r.output <= 1 || time_per_token(r) <= limits.tpot.value());
}

/// The latencies of the measured completed requests, each once.
struct Latencies {
  std::vector<WeightedSample> ttft, tpot, end_to_end, queueing, load_wait;

  explicit Latencies(std::size_t requests) {
    for (auto* list : {&ttft, &tpot, &end_to_end, &queueing, &load_wait}) list->reserve(requests);
  }
  void add(const RequestOutcome& r) {
    ttft.push_back({(r.first_token - r.arrival).value(), 1});
    if (r.output > 1) tpot.push_back({time_per_token(r), 1});
    end_to_end.push_back({(r.last_token - r.arrival).value(), 1});
    // A load after a preemption is no part of the time before the first admission.
    queueing.push_back({std::max<std::int64_t>(0, (r.scheduled - r.arrival - r.load_wait).value()), 1});
    load_wait.push_back({r.load_wait.value(), 1});
  }
};

std::string group_name(const std::string& link) {
  const std::size_t word = std::min(link.find(' '), link.size());
  std::size_t stem = word;
  while (stem > 0 && link[stem - 1] >= '0' && link[stem - 1] <= '9') --stem;
  return link.substr(0, stem) + link.substr(word);
}

bool in_window(const ServingOutcome& outcome, const SeriesPoint& p) {
  return p.at >= outcome.begin.at && p.at <= outcome.end.at;
}

}  // namespace

void SourceSums::add(const PromptSources& sources, std::int64_t block_tokens) {
  for (std::size_t t = 0; t < kMaxTiers; ++t) {
    tokens[t] += sources.tier[t];
    blocks[t] += sources.tier[t] / block_tokens;
  }
  recomputed += sources.recomputed;
  fresh += sources.fresh;
}

std::int64_t SourceSums::hit_tokens() const {
  std::int64_t sum = 0;
  for (const std::int64_t t : tokens) sum += t;
  return sum;
}

std::int64_t SourceSums::hit_blocks() const {
  std::int64_t sum = 0;
  for (const std::int64_t b : blocks) sum += b;
  return sum;
}

Facts::Facts(const RunResult& run) : context(run.context), outcome(run.outcome) {
  window = static_cast<double>((end().at - begin().at).value()) / 1e9;
  gpu_window = window * static_cast<double>(context.replicas);
  read_requests();
  read_series();
  itl = distribution_of(outcome.gaps);
}

void Facts::read_requests() {
  Latencies latencies(outcome.requests.size());
  for (const RequestOutcome& r : outcome.requests) {
    const bool done = r.status == RequestStatus::completed;
    if (done && r.last_token > begin().at && r.last_token <= end().at) {
      ++completed_in_window;
      prompt_completed_in_window += r.prompt;
    }
    if (!r.measured || r.arrival < Time(0)) continue;
    ++measured;
    rejected_never_fits += r.reason == RejectReason::never_fits;
    rejected_too_long += r.reason == RejectReason::context_too_long;
    if (r.admitted) {
      admitted_prompt += r.prompt;
      wanted_blocks += r.wanted_blocks;
      first.add(r.first, context.block.value());
      final.add(r.final, context.block.value());
    }
    if (!done) continue;
    ++completed;
    good += meets(context.limits, r);
    latencies.add(r);
  }
  ttft = distribution_of(latencies.ttft);
  tpot = distribution_of(latencies.tpot);
  end_to_end = distribution_of(latencies.end_to_end);
  queueing = distribution_of(latencies.queueing);
  load_wait = distribution_of(latencies.load_wait);
}

void Facts::read_series() {
  const auto note = [](SampledValue& value, std::int64_t sample) {
    value.mean += static_cast<double>(sample);
    value.peak = std::max(value.peak, static_cast<double>(sample));
  };
  for (const SeriesPoint& p : outcome.series) {
    if (!in_window(outcome, p)) continue;
    ++samples;
    note(running, p.running);
    note(waiting, p.waiting);
    note(loading, p.loading);
    note(referenced, p.hbm_referenced);
    for (std::size_t t = 0; t < kMaxTiers; ++t) note(resident[t], p.resident[t]);
  }
  if (samples == 0) return;
  const auto n = static_cast<double>(samples);
  for (SampledValue* v : {&running, &waiting, &loading, &referenced}) v->mean /= n;
  for (SampledValue& v : resident) v.mean /= n;
}

std::int64_t samples_in_window(const ServingOutcome& outcome) {
  return std::count_if(outcome.series.begin(), outcome.series.end(),
                       [&](const SeriesPoint& p) { return in_window(outcome, p); });
}

LinkUse link_use(const ServingOutcome& outcome, std::size_t link) {
  LinkUse use = link < outcome.end.links.size() ? outcome.end.links[link] : LinkUse{};
  if (link < outcome.begin.links.size()) {
    const LinkUse& before = outcome.begin.links[link];
    use.bytes -= before.bytes, use.device -= before.device, use.busy -= before.busy, use.flows -= before.flows;
  }
  return use;
}

std::vector<LinkGroup> link_groups(const RunResult& run) {
  const double window = in_seconds(run.outcome.end.at - run.outcome.begin.at).value();
  std::vector<LinkGroup> groups;
  std::vector<double> members;
  for (std::size_t i = 0; i < run.context.link_names.size(); ++i) {
    const std::string name = group_name(run.context.link_names[i]);
    auto found = std::find_if(groups.begin(), groups.end(), [&](const LinkGroup& g) { return g.name == name; });
    if (found == groups.end()) {
      found = groups.insert(found, {name, Bytes(), 0, 0});
      members.push_back(0);
    }
    const LinkUse use = link_use(run.outcome, i);
    const double busy = window > 0 ? in_seconds(use.busy).value() / window : 0;
    found->bytes += use.bytes;
    found->busy_mean += busy;
    found->busy_max = std::max(found->busy_max, busy);
    members[static_cast<std::size_t>(found - groups.begin())] += 1;
  }
  for (std::size_t g = 0; g < groups.size(); ++g) groups[g].busy_mean /= members[g];
  return groups;
}

}  // namespace tiersim
