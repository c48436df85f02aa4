#include "calib/offload/record_h5.hpp"

#include <fmt/format.h>

#include "sim/report/hdf5_memory.hpp"

namespace tiersim::calib {
namespace {

using Counts = std::vector<std::int64_t>;

struct TimeColumn {
  const char* name;
  double ServedRequest::*value;
};
constexpr TimeColumn kTimes[] = {{"queued", &ServedRequest::queued},
                                 {"first_token", &ServedRequest::first_token},
                                 {"end", &ServedRequest::end},
                                 {"lookup", &ServedRequest::lookup},
                                 {"load_wait", &ServedRequest::load_wait},
                                 {"prefill", &ServedRequest::prefill},
                                 {"decode", &ServedRequest::decode}};

struct CountColumn {
  const char* name;
  const char* unit;
  std::int64_t ServedRequest::*value;
};
constexpr CountColumn kCounts[] = {{"hits_memory", "blocks", &ServedRequest::hits_memory},
                                   {"hits_drive", "blocks", &ServedRequest::hits_drive},
                                   {"computed", "tokens", &ServedRequest::computed},
                                   {"written", "blocks", &ServedRequest::written}};

void add_about(Hdf5Memory& file, const Facts& about) {
  std::vector<std::string> keys, values;
  for (const auto& [key, value] : about) {
    keys.push_back(key);
    values.push_back(value);
  }
  file.group("about");
  file.add("about/key", keys);
  file.add("about/value", values);
}

void add_trace(Hdf5Memory& file, const Workload& workload) {
  Counts prompts, outputs, identified, offsets{0}, blocks;
  for (std::size_t r = 0; r < workload.size(); ++r) {
    const RequestId request(r);
    prompts.push_back(workload.prompt(request));
    outputs.push_back(workload.output(request));
    identified.push_back(workload.trace().identified_tokens(request));
    std::vector<BlockId> names;
    workload.append_blocks(request, workload.blocks_for(identified.back()), names);
    for (const BlockId block : names) blocks.push_back(block.value());
    offsets.push_back(static_cast<std::int64_t>(blocks.size()));
  }
  file.group("trace");
  file.add("trace/block_tokens", "tokens", Counts{workload.block_tokens()});
  file.add("trace/prompt_tokens", "tokens", prompts);
  file.add("trace/output_tokens", "tokens", outputs);
  file.add("trace/identified_tokens", "tokens", identified);
  file.add("trace/block_offsets", "", offsets);
  file.add("trace/blocks", "", blocks);
}

template <class Value>
std::vector<Value> column_of(const OffloadRun& run, Value ServedRequest::*value) {
  std::vector<Value> column;
  for (const ServedRequest& r : run.requests) column.push_back(r.*value);
  return column;
}

}  // namespace

Facts offload_facts(const DecoderShape& shape, const OffloadConfiguration& configuration, std::uint64_t seed,
                    const std::string& io, const Profile& profile) {
  Facts facts;
  const auto add = [&](const char* key, const auto& value) { facts.emplace_back(key, fmt::format("{}", value)); };
  add("configuration", configuration.name);
  add("memory_eviction", configuration.eviction);
  add("memory_frames", configuration.frames);
  add("drive_frames", configuration.drive_frames);
  add("drive_io", io);
  add("drive_depth", kOffloadDepth);
  add("frame_bytes", shape.frame_bytes());
  add("max_batched_tokens", kOffloadChunk);
  add("seed", seed);
  add("layers", shape.layers);
  add("hidden", shape.hidden);
  add("query_heads", shape.query_heads);
  add("kv_heads", shape.kv_heads);
  add("head_dim", shape.head_dim);
  add("intermediate", shape.intermediate);
  add("vocabulary", shape.vocabulary);
  add("profile", profile.name);
  for (const auto& [key, value] : profile.fingerprint) facts.emplace_back("machine_" + key, value);
  return facts;
}

std::string offload_file_name(const OffloadConfiguration& configuration, std::uint64_t seed, std::size_t requests) {
  return fmt::format("offload_chat-{}-{}_{}.h5", seed, requests, configuration.name);
}

std::string offload_h5(const Facts& about, const Workload& workload, std::span<const OffloadRun> rounds) {
  Hdf5Memory file("offload.h5");
  add_about(file, about);
  add_trace(file, workload);
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    const std::string group = fmt::format("round_{}", i);
    file.group(group);
    for (const TimeColumn& c : kTimes) file.add(group + "/" + c.name, "s", column_of(rounds[i], c.value));
    for (const CountColumn& c : kCounts) file.add(group + "/" + c.name, c.unit, column_of(rounds[i], c.value));
  }
  return file.bytes();
}

}  // namespace tiersim::calib
