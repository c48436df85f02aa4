#include "tests/support/random_serving.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "tests/support/policies.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::test {

using namespace tiersim::literals;

std::int64_t between(Rng& rng, std::int64_t least, std::int64_t most) {
  return least + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(most - least + 1)));
}

bool chance(Rng& rng, double probability) { return rng.uniform() < probability; }

models::ModelSpec tiny_model() {
  models::ModelSpec m;
  m.name = "tiny";
  m.layers = 4;
  m.hidden = 256;
  m.query_heads = 8;
  m.kv_heads = 4;
  m.head_dim = 32;
  m.intermediate = 512;
  m.vocabulary = 1000;
  m.max_context = Tokens(100'000);
  return m;
}

models::ModelSpec tiny_windowed_model() {
  models::ModelSpec m = tiny_model();
  m.groups = m.layer_groups();
  m.groups[0].layers = 1;
  m.groups.push_back(m.groups[0]);
  m.groups[1].layers = 3;
  m.groups[1].attention.window = Tokens(40);
  return m;
}

hw::MachineSpec tiny_machine(std::int64_t gpus) {
  hw::MachineSpec m;
  m.name = "tiny";
  m.gpu.name = "tiny";
  m.gpu.dense_bf16 = FlopsPerSecond(2e11);
  m.gpu.memory = 1_GB;
  m.gpu.memory_bandwidth = BytesPerSecond(1.1e11);
  m.gpu.l2 = 1_MB;
  m.gpu.sms = 10;
  m.gpus = gpus;
  m.gpu_link = {1_GBps, BytesPerSecond(0.9e9), BytesPerSecond(1.7e9), 3_us, 500_ns, 10_KB, hw::Sharing::fifo};
  m.collective_bandwidth = 10_GBps;
  m.collective_latency = 2_us;
  m.storage.push_back({"dram", 1_GB, {2_GBps, 2_GBps, BytesPerSecond(0), 1_us, Duration(0), Bytes(0)}});
  m.storage.push_back(
      {"ssd", 1_GB, {BytesPerSecond(0.7e9), BytesPerSecond(0.4e9), BytesPerSecond(0), 20_us, 2_us, 50_KB}});
  return m;
}

calib::Profile tiny_profile() {
  calib::Profile p;
  p.name = "tiny";
  p.provenance = "datasheet";
  p.gemm_efficiency = 0.7;
  p.attention_efficiency = 0.5;
  p.gemm_bandwidth = 0.8;
  p.attention_bandwidth = 0.6;
  p.elementwise_bandwidth = 0.75;
  p.launch = 300_ns;
  p.step_overhead = 7_us;
  return p;
}

namespace {

/// The trace blocks of a sequence as far as they are known.
struct Known {
  std::vector<std::uint32_t> blocks;
  std::int64_t tokens = 0;      // that they identify
  std::int64_t identified = 0;  // that the request said
  std::int64_t total = 0;       // prompt and output
};

class TraceMaker {
 public:
  TraceMaker(Rng& rng, const TraceShape& shape) : rng_(rng), shape_(shape) {}

  traces::Trace make() {
    std::int64_t arrival = 0;
    for (std::int64_t r = 0; r < shape_.requests; ++r) {
      if (r > 0 && !chance(rng_, 0.25)) arrival += between(rng_, 0, 2 * shape_.mean_gap);
      add(arrival);
    }
    const auto block = static_cast<std::uint32_t>(shape_.block);
    return std::move(builder_).finish(next_id_ > 0 ? block : 0, next_id_, {"", "random", ""});
  }

 private:
  void add(std::int64_t arrival) {
    traces::TraceBuilder::Request request;
    request.arrival = arrival;
    Known known = head(request);
    const std::int64_t room = std::max<std::int64_t>(1, shape_.most_prompt - known.tokens);
    std::int64_t prompt = known.tokens + between(rng_, 1, chance(rng_, 0.5) ? std::min<std::int64_t>(room, 6) : room);
    if (chance(rng_, 0.3))
      prompt = std::max((prompt + shape_.block - 1) / shape_.block, std::int64_t{1}) * shape_.block;
    const std::int64_t output = chance(rng_, 0.2) ? 1 : between(rng_, 1, shape_.most_output);
    known.total = prompt + output;
    known.identified = prompt + (chance(rng_, 0.5) ? output : 0);
    if (chance(rng_, 0.15)) known.identified = between(rng_, 0, known.total);
    if (!shape_.identified) known.identified = 0;
    extend(known, known.identified);
    request.prompt_tokens = static_cast<std::uint32_t>(prompt);
    request.output_tokens = static_cast<std::uint32_t>(output);
    request.identified_tokens = static_cast<std::uint32_t>(known.identified);
    const std::int64_t blocks = (known.identified + shape_.block - 1) / shape_.block;
    for (std::int64_t i = 0; i < blocks; ++i) builder_.add_block(known.blocks[static_cast<std::size_t>(i)]);
    builder_.add_request(request);
    all_.push_back(std::move(known));
  }

  /// What the prompt begins with: nothing, another's head, or an earlier turn and its answer.
  Known head(traces::TraceBuilder::Request& request) {
    if (all_.empty() || chance(rng_, 0.3)) return {};
    const std::size_t other = rng_.below(all_.size());
    Known known = all_[other];
    if (known.identified == 0) return {};
    if (chance(rng_, 0.5) && known.total < shape_.most_prompt) {
      request.previous = static_cast<std::uint32_t>(other);
      request.think_time = chance(rng_, 0.3) ? 0 : between(rng_, 0, shape_.most_think);
      extend(known, known.total);
      return known;
    }
    const std::int64_t most = std::min(known.identified, shape_.most_prompt - 1) / shape_.block;
    known.blocks.resize(static_cast<std::size_t>(chance(rng_, 0.3) ? most : between(rng_, 0, most)));
    known.tokens = static_cast<std::int64_t>(known.blocks.size()) * shape_.block;
    return known;
  }

  /// Makes `tokens` of a sequence known. What was not said of it before gets new blocks; a block that was begun stays.
  void extend(Known& known, std::int64_t tokens) {
    known.tokens = std::max(known.tokens, tokens);
    const std::int64_t blocks = (known.tokens + shape_.block - 1) / shape_.block;
    while (static_cast<std::int64_t>(known.blocks.size()) < blocks) known.blocks.push_back(next_id_++);
    if (known.tokens > tokens) {
      known.tokens = tokens;
      known.blocks.resize(static_cast<std::size_t>((tokens + shape_.block - 1) / shape_.block));
    }
  }

  Rng& rng_;
  TraceShape shape_;
  traces::TraceBuilder builder_;
  std::vector<Known> all_;
  std::uint32_t next_id_ = 0;
};

/// Any that is registered, as a scenario without parameters has it.
PolicyChoice random_eviction(Rng& rng) {
  const std::vector<std::string_view> names = Registry<EvictionPolicy>::instance().names();
  const std::string_view name = names[rng.below(names.size())];
  return {std::string(name), tests::default_parameters<EvictionPolicy>(name)};
}

LowerTierSettings random_tier(Rng& rng, const TraceShape& shape, std::size_t storage) {
  LowerTierSettings tier;
  tier.name = storage == 0 ? "dram" : "ssd";
  tier.storage = storage;
  tier.block_bytes = Bytes(between(rng, 1, 6) * 17'001);
  tier.capacity = tier.block_bytes * (chance(rng, 0.5) ? between(rng, 1, 8) : between(rng, 5, 60));
  tier.eviction = random_eviction(rng);
  tier.admission.name = chance(rng, 0.75) ? "always" : "second_touch";
  tier.write = chance(rng, 0.5) ? WriteMode::through : WriteMode::back;
  tier.exclusive = chance(rng, 0.3);
  tier.inclusive = !tier.exclusive && chance(rng, 0.2);
  if (chance(rng, 0.2)) tier.pin_after = 2, tier.pin_share = 0.3;
  tier.staged = chance(rng, 0.3);
  tier.backlog = chance(rng, 0.7) ? Bytes(1'000'000'000) : tier.block_bytes * between(rng, 1, 6);
  if (chance(rng, 0.2)) tier.min_tokens = Tokens(between(rng, 1, 3 * shape.block));
  return tier;
}

LoadSettings random_load(Rng& rng, const TraceShape& shape) {
  LoadSettings load;
  const auto kind = rng.below(4);
  load.kind = static_cast<LoadKind>(kind);
  load.seed = rng.next();
  load.rate = chance(rng, 0.5) ? 1.0 : 0.3 + 3 * rng.uniform();
  if (load.kind == LoadKind::open && chance(rng, 0.5)) load.jitter = Duration(between(rng, 1, 4 * shape.mean_gap));
  load.per_second = 1e9 / static_cast<double>(shape.mean_gap) * (0.3 + 2 * rng.uniform());
  load.concurrency = between(rng, 1, 8);
  return load;
}

WindowSettings random_window(Rng& rng, const TraceShape& shape, const LoadSettings& load) {
  WindowSettings window;
  const std::int64_t third = shape.requests / 3;
  if (chance(rng, 0.3)) window.warm_up_requests = between(rng, 0, third);
  if (chance(rng, 0.3)) window.drain_requests = between(rng, 0, third);
  const bool known = load.kind == LoadKind::open || load.kind == LoadKind::poisson;
  if (window.warm_up_requests == 0 && chance(rng, 0.3)) window.warm_up_time = Duration(between(rng, 1, shape.mean_gap));
  if (window.drain_requests == 0 && known && chance(rng, 0.2))
    window.drain_time = Duration(between(rng, 1, shape.mean_gap));
  return window;
}

/// Each tier's block at random among those that go up in the trace's and hold whole ones of the tier above; on smaller
/// engine blocks, so that there is something to choose. Written back is only what stays of one size.
void draw_chunks(Rng& rng, const TraceShape& shape, ServingSettings& s) {
  if (chance(rng, 0.7)) s.hbm.blocks *= s.block.value(), s.block = Tokens(1);
  std::int64_t chunk = 1;
  for (std::size_t t = 0; t < s.lower.size(); ++t) {
    LowerTierSettings& tier = s.lower[t];
    const std::int64_t above = chunk;
    std::vector<std::int64_t> sizes;
    for (std::int64_t size = above; size * s.block.value() <= shape.block; size += above)
      if (shape.block % (size * s.block.value()) == 0) sizes.push_back(size);
    chunk = sizes[rng.below(sizes.size())];
    tier.chunk = static_cast<std::uint32_t>(chunk);
    if (chunk != above || (t > 0 && !s.feeds.empty() && chunk > 1)) tier.write = WriteMode::through;
    tier.capacity = std::max(tier.capacity, tier.chunk_bytes() * 2);
  }
}

}  // namespace

traces::Trace random_trace(Rng& rng, const TraceShape& shape) { return TraceMaker(rng, shape).make(); }

traces::Trace with_arrivals(const traces::Trace& trace, const std::vector<std::int64_t>& arrivals) {
  traces::TraceBuilder builder;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    const RequestId id(r);
    for (const traces::Extent& e : trace.extents(id)) builder.add_extent(e);
    builder.add_request({arrivals[r], trace.prompt_tokens(id), trace.output_tokens(id), trace.identified_tokens(id),
                         trace.previous(id), trace.think_time(id).value()});
  }
  return std::move(builder).finish(trace.block_tokens(), trace.distinct_blocks(), {"", "random", ""});
}

ServingSettings tiny_settings(std::int64_t block, std::int64_t frames) {
  ServingSettings s;
  s.model = tiny_model();
  s.machine = tiny_machine(1);
  s.profile = tiny_profile();
  s.block = Tokens(block);
  s.hbm.blocks = frames;
  s.engine.layers = s.model.layers;
  s.sample_every = Duration(0);
  return s;
}

ServingSettings random_settings(Rng& rng, const TraceShape& shape) {
  const std::int64_t split = shape.block % 2 == 0 && chance(rng, 0.5) ? 2 : 1;
  const std::int64_t block = shape.block / split;
  const std::int64_t longest = (shape.most_prompt + shape.most_output) / block + 1;
  ServingSettings s = tiny_settings(
      block, chance(rng, 0.6) ? between(rng, longest / 2, 2 * longest) : between(rng, 2 * longest, 10 * longest));
  s.replicas = between(rng, 1, 3);
  s.ranks.tensor = chance(rng, 0.3) ? 2 : 1;
  s.machine = tiny_machine(s.replicas * s.ranks.gpus());
  s.router.name = chance(rng, 0.5) ? "least_loaded" : "round_robin";
  s.engine.max_batched_tokens = Tokens(chance(rng, 0.5) ? between(rng, 2, 24) : between(rng, 24, 200));
  s.engine.max_sequences = std::min(between(rng, 1, 12), s.engine.max_batched_tokens.value());
  if (s.engine.max_sequences % 3 == 0) s.model = tiny_windowed_model();
  s.engine.reserve_whole_prompt = chance(rng, 0.6);
  s.engine.load = chance(rng, 0.5) ? LoadWhen::always : LoadWhen::cheaper;
  s.engine.layerwise = chance(rng, 0.4);
  s.load = random_load(rng, shape);
  s.window = random_window(rng, shape, s.load);
  s.sample_every = chance(rng, 0.5) ? Duration(between(rng, 50'000, 3'000'000)) : Duration(0);
  s.seed = rng.next();
  if (chance(rng, 0.7)) s.hbm.eviction = random_eviction(rng);
  if (chance(rng, 0.7)) s.lower.push_back(random_tier(rng, shape, 0));
  if (chance(rng, 0.5)) s.lower.push_back(random_tier(rng, shape, 1));
  if (chance(rng, 0.3)) s.reference = static_cast<Reference>(between(rng, 1, 3));
  // Drawn last, so that what came before is drawn as ever.
  if (s.lower.size() == 2 && chance(rng, 0.2)) s.feeds = {2, kNowhere, kNowhere};
  if (chance(rng, 0.2)) s.placement = {"cost_aware", tests::default_parameters<PlacementPolicy>("cost_aware")};
  const char* prefetch = chance(rng, 0.6) ? "none" : chance(rng, 0.5) ? "on_arrival" : "think_time";
  s.prefetch = {prefetch, tests::default_parameters<PrefetchPolicy>(prefetch)};
  if (chance(rng, 0.4)) draw_chunks(rng, shape, s);
  return s;
}

std::string describe(const ServingSettings& s) {
  std::string text = fmt::format(
      "block {} frames {} {} replicas {} ranks {} router {} budget {} seats {} reserve {} load {} layerwise {} kind {} "
      "concurrency {} reference {} sample {} feeds {} placement {} prefetch {}",
      s.block.value(), s.hbm.blocks, s.hbm.eviction.name, s.replicas, s.ranks.gpus(), s.router.name,
      s.engine.max_batched_tokens.value(), s.engine.max_sequences, s.engine.reserve_whole_prompt,
      static_cast<int>(s.engine.load), s.engine.layerwise, static_cast<int>(s.load.kind), s.load.concurrency,
      static_cast<int>(s.reference), s.sample_every.value(), fmt::join(s.feeds, " "), s.placement.name,
      s.prefetch.name);
  for (const LowerTierSettings& t : s.lower)
    text += fmt::format(
        "; {}: {} blocks by {}, {}, {}, write {}, exclusive {}, inclusive {}, pins {}, staged {}, backlog {}, least {}",
        t.name, t.capacity / t.block_bytes, t.chunk, t.eviction.name, t.admission.name,
        t.write == WriteMode::through ? "through" : "back", t.exclusive, t.inclusive, t.pin_after, t.staged,
        t.backlog / t.block_bytes, t.min_tokens.value());
  return text;
}

namespace {

/// Remembers the first thing that differed.
class Differences {
 public:
  template <class T>
  void compare(const T& a, const T& b, std::string_view what, std::size_t index = 0) {
    if (first_.empty() && a != b) first_ = fmt::format("{} [{}]: {} and {}", what, index, a, b);
  }
  void compare(Time a, Time b, std::string_view what, std::size_t i = 0) { compare(a.value(), b.value(), what, i); }
  void compare(Duration a, Duration b, std::string_view what, std::size_t i = 0) {
    compare(a.value(), b.value(), what, i);
  }
  void compare(Seconds a, Seconds b, std::string_view what, std::size_t i = 0) {
    compare(a.value(), b.value(), what, i);
  }
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  std::string first_;
};

void compare_sources(Differences& d, const PromptSources& a, const PromptSources& b, std::size_t r) {
  for (std::size_t t = 0; t < kMaxTiers; ++t) d.compare(a.tier[t], b.tier[t], "prompt tokens from a tier", r);
  d.compare(a.recomputed, b.recomputed, "recomputed prompt tokens", r);
  d.compare(a.fresh, b.fresh, "fresh prompt tokens", r);
}

void compare_requests(Differences& d, const RequestOutcome& a, const RequestOutcome& b, std::size_t r) {
  d.compare(a.arrival, b.arrival, "arrival", r);
  d.compare(a.scheduled, b.scheduled, "scheduled", r);
  d.compare(a.first_token, b.first_token, "first token", r);
  d.compare(a.last_token, b.last_token, "last token", r);
  d.compare(a.load_wait, b.load_wait, "load wait", r);
  d.compare(a.preemptions, b.preemptions, "preemptions", r);
  d.compare(a.recomputed_after_preemption, b.recomputed_after_preemption, "recomputed after preemption", r);
  d.compare(a.replica, b.replica, "replica", r);
  d.compare(static_cast<int>(a.status), static_cast<int>(b.status), "status", r);
  d.compare(static_cast<int>(a.reason), static_cast<int>(b.reason), "reason", r);
  d.compare(a.measured, b.measured, "measured", r);
  d.compare(a.wanted_blocks, b.wanted_blocks, "wanted blocks", r);
  compare_sources(d, a.first, b.first, r);
  compare_sources(d, a.final, b.final, r);
}

void compare_tiers(Differences& d, const Totals& a, const Totals& b) {
  for (std::size_t t = 0; t < kMaxTiers; ++t) {
    d.compare(a.tier_lost_loads[t], b.tier_lost_loads[t], "lost loads of a tier", t);
    d.compare(a.evicted[t], b.evicted[t], "evicted blocks", t);
    d.compare(a.tiers[t].loads, b.tiers[t].loads, "loads of a tier", t);
    d.compare(a.tiers[t].loaded_blocks, b.tiers[t].loaded_blocks, "loaded blocks", t);
    d.compare(a.tiers[t].written_blocks, b.tiers[t].written_blocks, "written blocks", t);
    d.compare(a.tiers[t].refused_blocks, b.tiers[t].refused_blocks, "refused blocks", t);
    d.compare(a.tiers[t].write_backs, b.tiers[t].write_backs, "write-backs", t);
    d.compare(a.tiers[t].prefetched_blocks, b.tiers[t].prefetched_blocks, "prefetched blocks", t);
    d.compare(a.tiers[t].prefetched_used, b.tiers[t].prefetched_used, "prefetched blocks that were used", t);
  }
  d.compare(a.links.size(), b.links.size(), "links");
  for (std::size_t l = 0; l < std::min(a.links.size(), b.links.size()); ++l) {
    d.compare(a.links[l].bytes.value(), b.links[l].bytes.value(), "bytes of a link", l);
    d.compare(a.links[l].busy, b.links[l].busy, "busy time of a link", l);
    d.compare(a.links[l].flows, b.links[l].flows, "flows of a link", l);
  }
}

void compare_totals(Differences& d, const Totals& a, const Totals& b) {
  d.compare(a.at, b.at, "at");
  d.compare(a.steps, b.steps, "steps");
  d.compare(a.tokens_out, b.tokens_out, "tokens out");
  d.compare(a.tokens_prefilled, b.tokens_prefilled, "tokens prefilled");
  d.compare(a.busy.compute, b.busy.compute, "compute-bound time");
  d.compare(a.busy.bandwidth, b.busy.bandwidth, "bandwidth-bound time");
  d.compare(a.busy.communication, b.busy.communication, "communication time");
  d.compare(a.busy.overhead, b.busy.overhead, "overhead");
  d.compare(a.stepping, b.stepping, "stepping");
  d.compare(a.step_waits, b.step_waits, "step waits");
  d.compare(a.waiting_for_loads, b.waiting_for_loads, "waiting for loads");
  d.compare(a.preemptions, b.preemptions, "preemptions");
  d.compare(a.recomputed_tokens, b.recomputed_tokens, "recomputed tokens");
  d.compare(a.loads, b.loads, "loads");
  d.compare(a.lost_loads, b.lost_loads, "lost loads");
  d.compare(a.declined_loads, b.declined_loads, "declined loads");
  d.compare(a.load_wait, b.load_wait, "load wait");
  d.compare(a.load_saved, b.load_saved, "load saved");
  d.compare(a.lost_time, b.lost_time, "lost time");
  for (std::size_t i = 0; i < kMissCauses; ++i) d.compare(a.misses[i], b.misses[i], "misses", i);
  compare_tiers(d, a, b);
}

void compare_points(Differences& d, const SeriesPoint& a, const SeriesPoint& b, std::size_t i) {
  d.compare(a.at, b.at, "series at", i);
  d.compare(a.running, b.running, "series running", i);
  d.compare(a.waiting, b.waiting, "series waiting", i);
  d.compare(a.loading, b.loading, "series loading", i);
  for (std::size_t t = 0; t < kMaxTiers; ++t) d.compare(a.resident[t], b.resident[t], "series resident", i);
  d.compare(a.hbm_referenced, b.hbm_referenced, "series referenced", i);
  d.compare(a.tokens_out, b.tokens_out, "series tokens out", i);
  d.compare(a.tokens_prefilled, b.tokens_prefilled, "series tokens prefilled", i);
}

/// One entry a gap, ascending: replicas that step at the same instant may note theirs in any order.
std::vector<std::int64_t> expanded(const std::vector<WeightedSample>& gaps) {
  std::vector<std::int64_t> all;
  for (const WeightedSample& g : gaps) all.insert(all.end(), g.count, g.value);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

std::string difference(const ServingOutcome& a, const ServingOutcome& b) {
  Differences d;
  d.compare(a.requests.size(), b.requests.size(), "requests");
  for (std::size_t r = 0; r < std::min(a.requests.size(), b.requests.size()); ++r)
    compare_requests(d, a.requests[r], b.requests[r], r);
  const std::vector<std::int64_t> gaps_a = expanded(a.gaps), gaps_b = expanded(b.gaps);
  d.compare(gaps_a.size(), gaps_b.size(), "gaps");
  for (std::size_t i = 0; i < std::min(gaps_a.size(), gaps_b.size()); ++i) d.compare(gaps_a[i], gaps_b[i], "gap", i);
  d.compare(a.series.size(), b.series.size(), "points of the series");
  for (std::size_t i = 0; i < std::min(a.series.size(), b.series.size()); ++i)
    compare_points(d, a.series[i], b.series[i], i);
  compare_totals(d, a.begin, b.begin);
  compare_totals(d, a.end, b.end);
  compare_totals(d, a.whole, b.whole);
  d.compare(a.finished, b.finished, "finished");
  return d.first();
}

}  // namespace tiersim::test
