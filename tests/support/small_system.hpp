#pragma once
/// Systems so small that their times can be worked out on paper: a model, a machine, a trace in a few lines.
///
/// Called by analytic, unit and property tests. The metronome is a machine and a model on which every step takes
/// step_overhead alone, to the nanosecond, whatever is in it: the GPU's rates are beyond any work, kernels launch in no
/// time. Its links are plain: PCIe in order at 1 byte a nanosecond each way, DRAM and an SSD shared fairly.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/serving/simulation.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::tests {

struct SmallRequest {
  std::int64_t arrival = 0;  ///< ns
  std::uint32_t prompt = 1, output = 1;
  std::vector<std::uint32_t> blocks{};  ///< trace blocks of the prompt and the answer, head first
  std::uint32_t previous = traces::kNoRequest;
  std::int64_t think_time = 0;  ///< ns
};

/// `block_tokens` 0: no identities.
inline traces::Trace make_trace(const std::vector<SmallRequest>& requests, std::uint32_t block_tokens = 0) {
  traces::TraceBuilder builder;
  std::uint32_t distinct = 0;
  for (const SmallRequest& r : requests) {
    for (std::uint32_t b : r.blocks) {
      builder.add_block(b);
      distinct = std::max(distinct, b + 1);
    }
    const auto known = static_cast<std::uint32_t>(r.blocks.size()) * block_tokens;
    builder.add_request(
        {r.arrival, r.prompt, r.output, std::min(known, r.prompt + r.output), r.previous, r.think_time});
  }
  return std::move(builder).finish(block_tokens, distinct, {"", "test", ""});
}

/// The trace blocks first, first + 1, .., `count` of them.
inline std::vector<std::uint32_t> block_range(std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(first + i);
  return out;
}

/// Two bytes of keys and two of values a token; nothing in it takes a GPU of the metronome any time.
inline models::ModelSpec tiny_model() {
  models::ModelSpec m;
  m.name = "tiny";
  m.layers = m.hidden = m.query_heads = m.kv_heads = m.head_dim = m.intermediate = m.vocabulary = 1;
  m.max_context = Tokens(1'000'000);
  return m;
}

inline hw::LinkSpec plain_link(double bytes_per_nanosecond, hw::Sharing sharing) {
  const BytesPerSecond rate(bytes_per_nanosecond * 1e9);
  return {.bandwidth = rate, .bandwidth_down = rate, .sharing = sharing};
}

inline hw::MachineSpec metronome(std::int64_t gpus) {
  hw::MachineSpec m;
  m.name = "metronome";
  m.gpu.name = "metronome";
  m.gpu.dense_bf16 = FlopsPerSecond(1e30);
  m.gpu.memory_bandwidth = BytesPerSecond(1e30);
  m.gpu.memory = Bytes(1'000'000'000);
  m.gpus = gpus;
  m.gpu_link = plain_link(1, hw::Sharing::fifo);
  m.storage.push_back({"dram", Bytes(1'000'000'000'000), plain_link(1, hw::Sharing::fair)});
  m.storage.push_back({"ssd", Bytes(1'000'000'000'000), plain_link(0.5, hw::Sharing::fair)});
  return m;
}

inline calib::Profile flat_profile(Duration step) {
  calib::Profile p;
  p.name = "flat";
  p.provenance = "datasheet";
  p.gemm_efficiency = p.attention_efficiency = p.gemm_bandwidth = p.attention_bandwidth = p.elementwise_bandwidth = 1;
  p.step_overhead = step;
  return p;
}

/// One replica of the metronome, `blocks` frames of 16 tokens, steps of `step`.
inline ServingSettings metronome_settings(Duration step, std::int64_t blocks = 100'000) {
  ServingSettings s;
  s.model = tiny_model();
  s.machine = metronome(1);
  s.profile = flat_profile(step);
  s.hbm.blocks = blocks;
  s.engine.load = LoadWhen::always;
  return s;
}

/// A tier over storage 0 (DRAM) or 1 (SSD) with blocks of 1000 bytes.
inline LowerTierSettings small_tier(std::string name, std::size_t storage, std::int64_t blocks) {
  LowerTierSettings t;
  t.name = std::move(name);
  t.storage = storage;
  t.block_bytes = Bytes(1000);
  t.capacity = Bytes(1000 * blocks);
  t.backlog = Bytes(1'000'000'000);
  return t;
}

}  // namespace tiersim::tests
