// How fast traces are read, summed up and made. The JSONL is like Mooncake's: long lists of small numbers.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "sim/core/rng.hpp"
#include "tests/support/trace_files.hpp"
#include "traces/generators.hpp"
#include "traces/mapped_file.hpp"
#include "traces/summary.hpp"

namespace {

using namespace tiersim;

/// 12,000 requests over shared prefixes, 24 blocks each in the mean, as ids in order of first touch.
std::string mooncake_like() {
  Rng rng(1);
  std::string text;
  int next = 0;
  for (int r = 0; r < 12'000; ++r) {
    const int blocks = 1 + static_cast<int>(rng.below(48)), shared = std::min(next, blocks / 3);
    const int from = shared > 0 ? static_cast<int>(rng.below(static_cast<std::uint64_t>(next - shared + 1))) : 0;
    text += fmt::format(R"({{"timestamp": {}, "input_length": {}, "output_length": 300, "hash_ids": [)", 300 * r,
                        512 * blocks);
    for (int b = 0; b < blocks; ++b) text += fmt::format("{}{}", b > 0 ? ", " : "", b < shared ? from + b : next++);
    text += "]}\n";
  }
  return text;
}

void read_mooncake(benchmark::State& state) {
  const tests::TemporaryFolder folder;
  const std::string text = mooncake_like(), path = folder.write("t.jsonl", text);
  for (auto _ : state) {
    Diagnostics diagnostics;
    benchmark::DoNotOptimize(tests::read_trace(path, "mooncake", diagnostics));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(read_mooncake);

/// A coding agent's session as kv-cache-tester has them: each turn repeats the prefix and adds some ten blocks.
std::string agent_session() {
  std::string text = R"({"block_size":64,"hash_id_scope":"local","requests":[)";
  for (int turn = 0; turn < 300; ++turn) {
    const int blocks = 200 + 10 * turn;
    text += fmt::format(R"({}{{"t":{}.5,"in":{},"out":300,"hash_ids":[)", turn > 0 ? "," : "", 30 * turn, 64 * blocks);
    for (int b = 0; b < blocks; ++b) text += fmt::format("{}{}", b > 0 ? "," : "", b);
    text += R"(],"api_time":5.25,"think_time":24.0})";
  }
  return text + "]}";
}

void read_agent_session(benchmark::State& state) {
  const tests::TemporaryFolder folder;
  const std::string text = agent_session(), path = folder.write("session.json", text);
  for (auto _ : state) {
    Diagnostics diagnostics;
    benchmark::DoNotOptimize(tests::read_trace(path, "kv-cache-tester", diagnostics));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(read_agent_session);

/// Token ids as in measured serving runs: hundreds of numbers a line, hashed by block.
std::string token_lines() {
  Rng rng(1);
  std::string text;
  for (int r = 0; r < 300; ++r) {
    text += fmt::format(R"({{"input_toks": 1500, "output_toks": 200, "arrival_time_ns": {}, "input_tok_ids": [)",
                        r * 1'000'000);
    for (int i = 0; i < 1500; ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", rng.below(128'000));
    text += "]}\n";
  }
  return text;
}

void read_tokens(benchmark::State& state) {
  const tests::TemporaryFolder folder;
  const std::string text = token_lines(), path = folder.write("t.jsonl", text);
  for (auto _ : state) {
    Diagnostics diagnostics;
    benchmark::DoNotOptimize(tests::read_trace(path, "tokens", diagnostics));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(read_tokens);

void map_binary(benchmark::State& state) {
  const tests::TemporaryFolder folder;
  traces::write_binary(traces::generate_chat({}, 1), folder.path("t.bin"));
  for (auto _ : state) {
    Diagnostics diagnostics;
    benchmark::DoNotOptimize(tests::read_trace(folder.path("t.bin"), "tiersim", diagnostics));
  }
}
BENCHMARK(map_binary);

void generate_chat(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(traces::generate_chat({}, 1));
}
BENCHMARK(generate_chat);

void next_uses(benchmark::State& state) {
  const traces::Trace trace = traces::generate_chat({}, 1);
  const auto references = static_cast<std::int64_t>(traces::summarise(trace).block_references);
  for (auto _ : state) benchmark::DoNotOptimize(traces::next_uses(trace));
  state.SetItemsProcessed(references * state.iterations());
}
BENCHMARK(next_uses);

}  // namespace
