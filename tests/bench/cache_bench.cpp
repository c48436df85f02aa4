// How fast caches are replayed: the stream of coding-agent sessions that TIERSIM_STREAM names (made by tools/dev
// bench), through a cache of 100,000 blocks, and the same accesses shuffled; and the one-pass curve of LRU.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

#include "sim/core/rng.hpp"
#include "sim/replay/miss_ratio_curve.hpp"
#include "tests/support/policies.hpp"
#include "traces/readers.hpp"
#include "traces/trace_builder.hpp"

namespace {

using namespace tiersim;

constexpr std::size_t kCapacity = 100'000;
// Named, since the registry is not yet filled when benchmarks are.
constexpr std::array kPolicies = {
    "lru",    "fifo", "clock",      "sieve",     "s3fifo",         "lfu",           "slru",
    "2q",     "arc",  "lirs",       "w_tinylfu", "gdsf",           "hyperbolic",    "random",
    "belady", "vllm", "sglang_lru", "trtllm",    "mooncake_store", "workload_aware"};

std::optional<traces::Trace> read_stream() {
  const char* path = std::getenv("TIERSIM_STREAM");
  if (path == nullptr) return std::nullopt;
  Diagnostics diagnostics;
  return traces::load_trace(path, "", {}, "", "", {}, diagnostics);
}

/// The same accesses in random order, cut into requests of the same lengths; ids again in order of first touch.
traces::Trace shuffled(const traces::Trace& trace) {
  std::vector<std::uint32_t> blocks;
  for (const traces::Extent& e : trace.columns().extents)
    for (std::uint32_t i = 0; i < e.count; ++i) blocks.push_back(e.first + i);
  Rng rng(1);
  for (std::size_t i = blocks.size(); i > 1; --i) std::swap(blocks[i - 1], blocks[rng.below(i)]);
  std::vector<std::uint32_t> renamed(trace.distinct_blocks(), UINT32_MAX);
  std::uint32_t seen = 0;
  traces::TraceBuilder builder;
  auto next = blocks.begin();
  for (std::size_t r = 0; r < trace.size(); ++r) {
    std::uint32_t count = 0;
    for (const traces::Extent& e : trace.extents(RequestId(r))) count += e.count;
    for (std::uint32_t i = 0; i < count; ++i, ++next) {
      std::uint32_t& id = renamed[*next];
      if (id == UINT32_MAX) id = seen++;
      builder.add_block(id);
    }
    const std::uint32_t tokens = std::max<std::uint32_t>(1, count * trace.block_tokens());
    builder.add_request({.arrival = trace.arrival(RequestId(r)).value(),
                         .prompt_tokens = tokens,
                         .output_tokens = 1,
                         .identified_tokens = count * trace.block_tokens()});
  }
  return std::move(builder).finish(trace.block_tokens(), seen, {"", "shuffled", "0"});
}

/// The trace and its future, made once.
struct Stream {
  traces::Trace trace;
  std::vector<std::uint32_t> next;
};
const Stream* stream(bool shuffle) {
  static const std::optional<traces::Trace> read = read_stream();
  static std::unique_ptr<Stream> streams[2];
  if (!read) return nullptr;
  auto& made = streams[shuffle ? 1 : 0];
  if (made == nullptr) {
    made = std::make_unique<Stream>(Stream{shuffle ? shuffled(*read) : *read, {}});
    made->next = next_accesses(made->trace, TouchOrder::head_first);
  }
  return made.get();
}

void replay_policy(benchmark::State& state, std::string_view policy, bool shuffle) {
  const Stream* s = stream(shuffle);
  if (s == nullptr) return state.SkipWithError("TIERSIM_STREAM names no trace");
  ReplayCounts counts;
  for (auto _ : state)
    counts = replay(s->trace,
                    {{std::string(policy), tests::default_parameters<BlockCache>(policy)},
                     kCapacity,
                     HitRule::block,
                     TouchOrder::head_first,
                     1},
                    s->next);
  state.SetItemsProcessed(static_cast<std::int64_t>(counts.accesses) * state.iterations());
  state.counters["miss"] = 1 - counts.hit_rate();
}

void replay_curve(benchmark::State& state, HitRule rule, bool shuffle) {
  const Stream* s = stream(shuffle);
  if (s == nullptr) return state.SkipWithError("TIERSIM_STREAM names no trace");
  std::uint64_t accesses = 0;
  for (auto _ : state) accesses = lru_curve(s->trace, rule, TouchOrder::head_first).accesses;
  state.SetItemsProcessed(static_cast<std::int64_t>(accesses) * state.iterations());
}

const int kRegistered = [] {
  for (const bool shuffle : {false, true}) {
    const char* order = shuffle ? "shuffled" : "stream";
    for (const char* policy : kPolicies)
      benchmark::RegisterBenchmark(("cache_" + std::string(order) + "/" + policy).c_str(),
                                   [=](benchmark::State& state) { replay_policy(state, policy, shuffle); })
          ->Unit(benchmark::kMillisecond);
    for (const auto& [name, rule] : {std::pair("blocks", HitRule::block), std::pair("prefixes", HitRule::prefix)})
      benchmark::RegisterBenchmark(("curve_" + std::string(order) + "/" + name).c_str(), [=](benchmark::State& state) {
        replay_curve(state, rule, shuffle);
      })->Unit(benchmark::kMillisecond);
  }
  return 0;
}();

}  // namespace
