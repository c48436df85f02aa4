// The offload engine with a decoder that computes: what is loaded is what would be computed again.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "calib/host/offload/decoder.hpp"
#include "calib/host/test_file.hpp"
#include "calib/offload/engine.hpp"
#include "calib/offload/text.hpp"
#include "tests/support/direct_io.hpp"
#include "tests/support/memory_drive.hpp"
#include "tests/support/random_serving.hpp"

using namespace tiersim;
using namespace tiersim::calib;
using namespace tiersim::test;

namespace {

constexpr DecoderShape kTiny{.layers = 2,
                             .hidden = 16,
                             .query_heads = 4,
                             .kv_heads = 2,
                             .head_dim = 8,
                             .intermediate = 24,
                             .vocabulary = 32,
                             .block = 4};
constexpr std::uint64_t kWeights = 3;

using Logits = std::map<std::pair<std::uint32_t, std::int64_t>, std::vector<float>>;  // by request and token

Logits logits_of(const OffloadEngineSetup& setup, const Workload& workload, OffloadRun& run) {
  Team team(std::min(2, Team::available()));
  const auto decoder = make_decoder(team, setup.shape, kWeights);
  Logits out;
  OffloadHooks hooks;
  hooks.on_token = [&](RequestId r, std::int64_t index, std::span<const float> logits) {
    out[{r.value(), index}].assign(logits.begin(), logits.end());
  };
  run = serve(setup, workload, *decoder, hooks);
  return out;
}

/// Every request alone, from its first token on, the prompt at once, in frames of its own.
Logits computed_anew(const DecoderShape& shape, const Workload& workload) {
  Team team(1);
  const auto decoder = make_decoder(team, shape, kWeights);
  Logits out;
  for (std::size_t i = 0; i < workload.size(); ++i) {
    const RequestId r(i);
    const std::vector<std::uint32_t> text = text_of(workload, r, shape.vocabulary);
    std::vector<std::vector<float>> memory(static_cast<std::size_t>(workload.most_blocks(r)));
    std::vector<float*> frames;
    for (auto& m : memory) {
      m.assign(static_cast<std::size_t>(shape.frame_bytes() / 4), MemoryDrive::kNothing);
      frames.push_back(m.data());
    }
    std::int64_t done = 0;
    for (std::int64_t index = 0; index < workload.output(r); ++index) {
      const std::int64_t end = workload.prompt(r) + index;
      const auto tokens = std::span(text).subspan(static_cast<std::size_t>(done), static_cast<std::size_t>(end - done));
      const auto logits = decoder->step({tokens, done, frames, index > 0, true});
      out[{r.value(), index}].assign(logits.begin(), logits.end());
      done = end;
    }
  }
  return out;
}

/// The largest difference, over the largest value; infinite if something is missing or not a number.
double difference(const Logits& a, const Logits& b) {
  if (a.size() != b.size()) return INFINITY;
  double most = 0, scale = 0;
  for (const auto& [key, expected] : a) {
    const auto found = b.find(key);
    if (found == b.end()) return INFINITY;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double d = std::abs(static_cast<double>(expected[i]) - static_cast<double>(found->second[i]));
      if (!(d < 1e30)) return INFINITY;
      most = std::max(most, d);
      scale = std::max(scale, std::abs(static_cast<double>(expected[i])));
    }
  }
  return most / scale;
}

traces::Trace reusing_trace(std::uint64_t seed, std::int64_t requests) {
  Rng rng(seed);
  return random_trace(rng, {.requests = requests, .block = kTiny.block});
}

std::int64_t drive_hits(const OffloadRun& run) {
  std::int64_t hits = 0;
  for (const ServedRequest& r : run.requests) hits += r.hits_drive;
  return hits;
}

}  // namespace

TEST_CASE("does an answer stay the same whichever tier its prompt's KV came from?") {
  std::int64_t loaded = 0;
  for (const std::uint64_t seed : {1, 2, 3}) {
    const traces::Trace trace = reusing_trace(seed, 24);
    const Workload workload(trace, Tokens(kTiny.block));
    const Logits expected = computed_anew(kTiny, workload);
    for (const char* policy : {"vllm", "lru", "fifo"}) {
      const std::int64_t frames = least_frames(workload) + 2, drive_frames = 4 * frames;
      std::vector<float> memory(static_cast<std::size_t>(frames * kTiny.frame_bytes() / 4), MemoryDrive::kNothing);
      MemoryDrive drive(drive_frames * kTiny.frame_bytes(), 5);
      const OffloadEngineSetup setup{.shape = kTiny,
                                     .frames = frames,
                                     .eviction = policy,
                                     .max_batched_tokens = 7,
                                     .memory = std::as_writable_bytes(std::span(memory)),
                                     .drive = {&drive, -1, drive_frames}};
      OffloadRun run;
      CHECK(difference(expected, logits_of(setup, workload, run)) < 1e-4);
      loaded += drive_hits(run);
    }
  }
  CHECK(loaded > 50);
}

TEST_CASE("is it so over a real file, whatever the kernel does with its I/Os?") {
  DecoderShape shape = kTiny;
  shape.hidden = 32, shape.head_dim = 32, shape.block = 16;  // frames of 16 KiB
  Rng rng(5);
  const traces::Trace trace = random_trace(rng, {.requests = 16, .block = 16, .most_prompt = 120});
  const Workload workload(trace, Tokens(shape.block));
  const std::int64_t frames = least_frames(workload), drive_frames = 3 * frames;
  REQUIRE(shape.frame_bytes() % kIoAlignment == 0);
  const tests::DirectFolder folder;
  if (!folder.usable()) return;
  const TestFile file({.folder = folder.path(), .bytes = drive_frames * shape.frame_bytes()});
  const auto io = make_io_engine(4);
  auto* memory =
      static_cast<std::byte*>(std::aligned_alloc(kIoAlignment, static_cast<std::size_t>(frames * shape.frame_bytes())));
  const std::unique_ptr<std::byte, decltype(&std::free)> owner(memory, &std::free);
  const OffloadEngineSetup setup{.shape = shape,
                                 .frames = frames,
                                 .memory = {memory, static_cast<std::size_t>(frames * shape.frame_bytes())},
                                 .drive = {io.get(), file.direct(), drive_frames}};
  OffloadRun run;
  CHECK(difference(computed_anew(shape, workload), logits_of(setup, workload, run)) < 1e-4);
  CHECK(drive_hits(run) > 0);
}

TEST_CASE("does equal content get equal tokens, and other content others?") {
  const traces::Trace trace = reusing_trace(4, 12);
  const Workload workload(trace, Tokens(kTiny.block));
  std::map<std::uint32_t, std::vector<std::uint32_t>> said;  // by block
  for (std::size_t i = 0; i < workload.size(); ++i) {
    const RequestId r(i);
    const auto text = text_of(workload, r, 1000);
    CHECK(static_cast<std::int64_t>(text.size()) == workload.prompt(r) + workload.output(r));
    std::vector<BlockId> names;
    workload.append_blocks(r, workload.named_blocks(r, INT64_MAX), names);
    for (std::size_t b = 0; b < names.size(); ++b) {
      const auto at = text.begin() + static_cast<std::ptrdiff_t>(b) * kTiny.block;
      const std::vector<std::uint32_t> words(at, at + kTiny.block);
      CHECK(said.try_emplace(names[b].value(), words).first->second == words);
    }
  }
  std::set<std::vector<std::uint32_t>> distinct;
  for (const auto& [block, words] : said) distinct.insert(words);
  CHECK(distinct.size() == said.size());
}

TEST_CASE("does the engine refuse what it cannot serve, and say why?") {
  const traces::Trace trace = reusing_trace(1, 6);
  const Workload workload(trace, Tokens(kTiny.block));
  std::vector<std::byte> memory(static_cast<std::size_t>(100 * kTiny.frame_bytes()));
  OffloadEngineSetup setup{.shape = kTiny, .frames = least_frames(workload) - 1, .memory = memory, .drive = {}};
  CHECK_THROWS_WITH_AS(check_offload(setup, workload), doctest::Contains("the trace needs"), std::invalid_argument);
  setup.frames = 101;
  CHECK_THROWS_AS(check_offload(setup, workload), std::invalid_argument);
  setup.frames = 100;
  CHECK_NOTHROW(check_offload(setup, workload));
}
