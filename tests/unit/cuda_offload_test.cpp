// The GPU's offload loop without a GPU: its tiers, its trace, its file, and whether every hit finds what it should.
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "calib/cuda/drive_file.hpp"
#include "calib/cuda/offload_engine.hpp"
#include "sim/core/rng.hpp"

using namespace tiersim;
using namespace tiersim::calib;

namespace {

std::size_t index_of(OffloadTier tier) { return static_cast<std::size_t>(tier); }

/// Keeps which content each frame holds; a write ends only when it is asked for it, in any order.
class Books final : public OffloadMachine {
 public:
  explicit Books(std::uint64_t seed) : rng_(seed) {}
  double now() override { return clock_ += 1; }
  void load(std::span<const FrameLoad> loads) override {
    for (const FrameLoad& load : loads) hbm()[load.hbm] = holds[index_of(load.from)].at(load.frame);
  }
  void compute_prompt(const OffloadSequence& sequence) override {
    for (int i = 0; i < sequence.found; ++i) {
      sound = sound &&
              hbm().at(sequence.frames[static_cast<std::size_t>(i)]) == sequence.contents[static_cast<std::size_t>(i)];
    }
    fill(sequence, sequence.found);
  }
  void compute_answer(const OffloadSequence& sequence) override {
    fill(sequence, (sequence.prompt + kOffloadBlock - 1) / kOffloadBlock);
  }
  void start_write(const FrameWrite& write) override { under_way_.push_back(write); }
  std::vector<std::uint64_t> ended_writes(bool wait) override {
    std::vector<std::uint64_t> ended;
    while (!under_way_.empty() && (rng_.uniform() < 0.3 || (wait && ended.empty()))) {
      const auto at = static_cast<std::ptrdiff_t>(rng_.below(under_way_.size()));
      const FrameWrite write = under_way_[static_cast<std::size_t>(at)];
      under_way_.erase(under_way_.begin() + at);
      holds[index_of(write.to)][write.target] = holds[index_of(write.to) - 1].at(write.from);
      ended.push_back(write.number);
    }
    return ended;
  }

  std::array<std::map<int, std::int64_t>, 3> holds;
  bool sound = true;

 private:
  std::map<int, std::int64_t>& hbm() { return holds[0]; }
  void fill(const OffloadSequence& sequence, int first) {
    std::set<int> distinct(sequence.frames.begin(), sequence.frames.end());
    sound = sound && distinct.size() == sequence.frames.size();
    for (std::size_t i = static_cast<std::size_t>(first); i < sequence.frames.size(); ++i) {
      hbm()[sequence.frames[i]] = sequence.contents[i];
    }
  }
  Rng rng_;
  std::vector<FrameWrite> under_way_;
  double clock_ = 0;
};

struct Outcome {
  std::array<std::int64_t, 3> hits{};
  std::int64_t computed = 0;
};

Outcome run(const std::vector<OffloadRequest>& requests, const OffloadSetup& setup) {
  Books books(9);
  OffloadEngine engine(setup, books);
  const auto rows = engine.serve(requests, [] { return false; });
  engine.drain();
  CHECK(rows.size() == requests.size());
  CHECK(books.sound);
  for (const OffloadTier tier : {OffloadTier::hbm, OffloadTier::dram, OffloadTier::drive}) {
    bool as_named = true;
    for (const int frame : engine.tier(tier).named()) {
      as_named = as_named && books.holds[index_of(tier)].at(frame) == engine.tier(tier).block_of(frame);
    }
    CHECK(as_named);
  }
  Outcome outcome;
  for (const OffloadedRequest& row : rows) {
    for (std::size_t tier = 0; tier < 3; ++tier) outcome.hits[tier] += row.hits[tier];
    outcome.computed += row.computed;
    CHECK(row.computed >= 1);
    CHECK(row.end > row.first_token);
  }
  return outcome;
}

std::int64_t most_hits(const std::vector<OffloadRequest>& requests) {
  std::set<std::int64_t> seen;
  std::int64_t hits = 0;
  for (const OffloadRequest& request : requests) {
    for (int i = 0; i < request.reusable_blocks() && seen.contains(request.blocks[static_cast<std::size_t>(i)]); ++i)
      ++hits;
    seen.insert(request.blocks.begin(), request.blocks.end());
  }
  return hits;
}

}  // namespace

TEST_CASE("does a block that is found anywhere have its own content, whatever gives way and whenever writes end?") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const auto requests = generated_chat(seed, 80);
    for (const Eviction eviction : {Eviction::lru, Eviction::fifo}) {
      static_cast<void>(run(requests, {{2600, 3000, 9000}, eviction}));
      static_cast<void>(run(requests, {{2600, 3000, 0}, eviction}));
      static_cast<void>(run(requests, {{2600, 0, 0}, eviction}));
    }
  }
}

TEST_CASE("is every reuse a hit in HBM where all fits, and does less HBM move hits downwards?") {
  const auto requests = generated_chat(1, 80);
  const Outcome roomy = run(requests, {{60'000, 0, 0}, Eviction::lru});
  CHECK(roomy.hits[0] == most_hits(requests));
  const Outcome tiers = run(requests, {{2600, 60'000, 0}, Eviction::lru});
  CHECK(tiers.hits[0] < roomy.hits[0]);
  CHECK(tiers.hits[1] > 0);
  const Outcome alone = run(requests, {{2600, 0, 0}, Eviction::lru});
  CHECK(alone.computed > tiers.computed);
  const Outcome three = run(requests, {{2600, 2600, 60'000}, Eviction::lru});
  CHECK(three.hits[2] > 0);
}

TEST_CASE("does the block that gives way follow from use with LRU and from arrival with FIFO?") {
  for (const Eviction eviction : {Eviction::lru, Eviction::fifo}) {
    FrameCache cache(2, eviction);
    for (const std::int64_t block : {1, 2}) {
      const int frame = cache.take();
      cache.name(frame, block);
      cache.unpin(frame);
    }
    cache.use(cache.find(1));
    const int frame = cache.take();
    CHECK(frame >= 0);
    CHECK(cache.find(eviction == Eviction::lru ? 2 : 1) == -1);
    CHECK(cache.find(eviction == Eviction::lru ? 1 : 2) >= 0);
    cache.pin(cache.find(eviction == Eviction::lru ? 1 : 2));
    CHECK(cache.take() == -1);
    cache.unpin(frame);  // nothing arrived in it: free again
    CHECK(cache.take() == frame);
  }
}

TEST_CASE("is a request that HBM cannot hold refused with what to do?") {
  Books books(1);
  OffloadEngine engine({{4, 0, 0}, Eviction::lru}, books);
  const std::vector<OffloadRequest> requests{{100, 10, {}}};
  CHECK_THROWS_WITH_AS(static_cast<void>(engine.serve(requests, [] { return false; })),
                       doctest::Contains("--hbm-frames"), std::invalid_argument);
}

TEST_CASE("does a trace survive its CSV, and does a bad line say where it is?") {
  const auto requests = generated_chat(3, 30);
  std::stringstream text;
  write_offload_trace(text, requests);
  const auto again = read_offload_trace(text, "chat.csv");
  REQUIRE(again.size() == requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    CHECK(again[i].prompt == requests[i].prompt);
    CHECK(again[i].blocks == requests[i].blocks);
  }
  const auto fails = [](const std::string& lines, const char* what) {
    std::istringstream in(lines);
    CHECK_THROWS_WITH_AS(static_cast<void>(read_offload_trace(in, "t.csv")), doctest::Contains(what),
                         std::runtime_error);
  };
  fails("a,b\n", "t.csv:1: the header should be");
  fails("prompt_tokens,output_tokens,blocks\n16,0,\n", "t.csv:2: prompt_tokens and output_tokens should be at least 1");
  fails("prompt_tokens,output_tokens,blocks\n16,16,1 x\n", "not 'x'");
  fails("prompt_tokens,output_tokens,blocks\n16,16,1 2 3\n", "more block ids");
  fails("prompt_tokens,output_tokens,blocks\n", "no requests");
}

TEST_CASE("does the drive's file give back what was written to it, and leave nothing behind?") {
  const auto folder = std::filesystem::temp_directory_path() / "tiersim_drive_file_test";
  std::filesystem::create_directories(folder);
  constexpr std::int64_t kBytes = 8192;
  {
    DriveFile file(folder.string(), 16 * kBytes, 3, false);
    std::vector<std::vector<char>> blocks;
    for (char i = 0; i < 16; ++i) blocks.emplace_back(kBytes, i);
    for (std::size_t i = 0; i < 16; ++i) {
      static_cast<void>(file.start_write(blocks[i].data(), static_cast<std::int64_t>(i) * kBytes, kBytes));
    }
    std::size_t ended = 0;
    while (ended < 16) ended += file.ended(true).size();
    std::vector<char> back(kBytes, -1);
    const auto number = file.start_read(back.data(), 5 * kBytes, kBytes);
    CHECK(file.ended(true) == std::vector<DriveFile::Io>{number});
    CHECK(back == blocks[5]);
    CHECK(file.ended(true).empty());
  }
  CHECK(std::filesystem::is_empty(folder));
  std::filesystem::remove(folder);
  CHECK_THROWS_AS(DriveFile("/nonexistent", 4096, 1, false), std::runtime_error);
}
