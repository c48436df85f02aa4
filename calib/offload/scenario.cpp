#include "calib/offload/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "calib/offload/engine.hpp"
#include "traces/generators.hpp"

namespace tiersim::calib {
namespace {

models::ModelSpec model_of(const DecoderShape& shape) {
  models::ModelSpec m;
  m.name = fmt::format("decoder of {} layers of {}", shape.layers, shape.hidden);
  m.layers = shape.layers;
  m.hidden = shape.hidden;
  m.query_heads = shape.query_heads;
  m.kv_heads = shape.kv_heads;
  m.head_dim = shape.head_dim;
  m.intermediate = shape.intermediate;
  m.vocabulary = shape.vocabulary;
  m.weight_bytes = m.activation_bytes = m.kv_bytes = sizeof(float);
  m.max_context = Tokens(INT32_MAX);
  return m;
}

LowerTierSettings drive_of(const hw::MachineSpec& machine, std::int64_t frames, Bytes block) {
  const auto at = std::find_if(machine.storage.begin(), machine.storage.end(),
                               [](const hw::StorageSpec& s) { return s.name == "ssd"; });
  if (at == machine.storage.end())
    throw std::runtime_error(
        fmt::format("machine {} has no storage 'ssd': calibrate the family ssd first", machine.name));
  LowerTierSettings tier;
  tier.name = "ssd";
  tier.storage = static_cast<std::size_t>(at - machine.storage.begin());
  tier.block_bytes = block;
  tier.capacity = block * frames;
  tier.backlog = Bytes(INT64_MAX / 2);
  return tier;
}

}  // namespace

std::vector<OffloadConfiguration> offload_configurations(const Workload& workload) {
  const auto share = [&](double of) {
    const auto frames = static_cast<std::int64_t>(of * static_cast<double>(workload.distinct_blocks()));
    return std::max(2 * least_frames(workload), frames);
  };
  const std::int64_t memory = share(0.35), less = share(0.2), drive = share(0.8);
  return {{"lru_drive", "lru", memory, drive},   {"vllm_drive", "vllm", memory, drive},
          {"fifo_drive", "fifo", memory, drive}, {"lru", "lru", memory, 0},
          {"fifo", "fifo", memory, 0},           {"lru_less", "lru", less, 0}};
}

traces::Trace offload_trace(std::uint64_t seed, std::int64_t requests, std::int64_t block) {
  traces::ChatWorkload chat;
  chat.requests = requests;
  chat.rate = 1.0;
  chat.tenants = 6;
  chat.system_prompt = Tokens(256);
  chat.user_message = Tokens(72);
  chat.user_message_spread = 0.7;
  chat.answer = Tokens(10);
  chat.answer_spread = 0.6;
  chat.turns = 5;
  chat.think_time = Duration(12'000'000'000);
  chat.max_prompt = Tokens(1000);
  chat.block = Tokens(block);
  return traces::generate_chat(chat, seed);
}

ServingSettings offload_settings(const OffloadConfiguration& configuration, const DecoderShape& shape,
                                 const Profile& profile, const hw::MachineSpec& machine) {
  ServingSettings s;
  s.model = model_of(shape);
  s.machine = machine;
  const BytesPerSecond at_once(1e15);
  s.machine.gpu_link = {.bandwidth = at_once, .bandwidth_down = at_once};
  s.profile = profile;
  s.block = Tokens(shape.block);
  s.engine.max_batched_tokens = Tokens(kOffloadChunk);
  s.engine.max_sequences = 1;
  s.engine.load = LoadWhen::always;
  s.engine.layers = shape.layers;
  s.hbm = {configuration.frames, {configuration.eviction, {}}};
  if (configuration.drive_frames > 0) {
    s.lower.push_back(drive_of(machine, configuration.drive_frames, Bytes(shape.frame_bytes())));
    s.machine.storage[s.lower[0].storage].link.queue_depth = static_cast<std::int64_t>(kOffloadDepth);
  }
  s.load.kind = LoadKind::concurrency;
  s.load.concurrency = 1;
  s.sample_every = Duration(0);
  return s;
}

}  // namespace tiersim::calib
