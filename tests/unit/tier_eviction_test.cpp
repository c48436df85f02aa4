// Policies of real systems as policies of tiers, worked by hand: in a whole run, and frame by frame.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/core/registry.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::tests;

namespace {

constexpr Time at(Duration since_start) { return Time(0) + since_start; }

/// Two requests of two blocks and a token, one of one block, then the first again: hits by tier.
PromptSources last_of_four(ServingSettings s) {
  s.block = Tokens(16);
  s.load.kind = LoadKind::concurrency;
  s.load.concurrency = 1;
  const traces::Trace trace =
      make_trace({{0, 33, 1, {0, 1}}, {1, 33, 1, {2, 3}}, {2, 16, 1, {4}}, {3, 33, 1, {0, 1}}}, 16);
  return Simulation(s, trace).run().requests.back().first;
}

/// A policy with some parameters set, over frames that hold the content of their number.
class Frames {
 public:
  Frames(std::string_view name, std::size_t frames, const std::vector<std::pair<std::string, double>>& set = {})
      : references_(frames) {
    policy_ = Registry<EvictionPolicy>::instance().make(
        name, {frames, parameters_with<EvictionPolicy>(name, set), 1, 100, 16_tok, kTurns});
  }
  /// Content enters a frame and is released at once.
  void put(std::uint32_t frame, std::uint32_t content, Time now, std::uint32_t position = 0, std::size_t turn = 0) {
    tell(&EvictionPolicy::on_insert, frame, content, now, position, turn);
    tell(&EvictionPolicy::on_release, frame, content, now, position, turn);
  }
  void hit(std::uint32_t frame, std::uint32_t content, Time now, std::uint32_t position = 0, std::size_t turn = 0) {
    tell(&EvictionPolicy::on_access, frame, content, now, position, turn);
    tell(&EvictionPolicy::on_release, frame, content, now, position, turn);
  }
  std::uint32_t evict(Time now) {
    FrameId out;
    REQUIRE(policy_->evict({&out, 1}, PinView(references_), now) == 1);
    return out.value();
  }

 private:
  static constexpr std::uint32_t kTurns[] = {0, 1};  // by request
  using Call = void (EvictionPolicy::*)(const BlockRun&, Time);
  void tell(Call call, std::uint32_t frame, std::uint32_t content, Time now, std::uint32_t position, std::size_t turn) {
    const FrameId f(frame);
    const BlockId b(content);
    ((*policy_).*call)({{&f, 1}, {&b, 1}, position, RequestId(turn)}, now);
  }

  std::vector<std::uint32_t> references_;
  std::unique_ptr<EvictionPolicy> policy_;
};

}  // namespace

TEST_CASE("does a tree keep the head of a prefix in HBM where lru gives it up first?") {
  ServingSettings s = metronome_settings(1_ms, 6);  // the first two fill it, the third needs a frame
  s.hbm.eviction.name = "sglang_lru";
  CHECK(last_of_four(s).tier[0] == 16);
  s.hbm.eviction.name = "lru";
  CHECK(last_of_four(s).tier[0] == 0);
}

TEST_CASE("does a tree keep the head of a prefix in a lower tier?") {
  ServingSettings s = metronome_settings(1_ms, 3);  // the first is gone when it comes again
  s.lower.push_back(small_tier("dram", 0, 4));
  s.lower[0].eviction.name = "sglang_lru";
  CHECK(last_of_four(s).tier[1] == 16);
  s.lower[0].eviction.name = "lru";
  CHECK(last_of_four(s).tier[1] == 0);
}

TEST_CASE("does Mooncake Store's order in a tier spare what is used before its turn?") {
  Frames frames("mooncake_store", 4, {{"batch", 0.75}});
  for (std::uint32_t f = 0; f < 4; ++f) frames.put(f, f, at(1_s * f));
  CHECK(frames.evict(at(60_s)) == 0);  // the round: 0, 1, 2
  frames.hit(1, 1, at(61_s));
  CHECK(frames.evict(at(62_s)) == 2);
  CHECK(frames.evict(at(63_s)) == 3);  // a new round, in which 1 is under lease
}

TEST_CASE("does Mooncake Store's order in a tier break leases where there is nothing else, soft pins last?") {
  Frames frames("mooncake_store", 3, {{"pinned", 16}});
  frames.put(0, 0, at(0_s), 0);  // soft-pinned
  frames.put(1, 1, at(1_s), 1);
  frames.put(2, 2, at(2_s), 1);
  CHECK(frames.evict(at(3_s)) == 1);
  CHECK(frames.evict(at(3_s)) == 2);
  CHECK(frames.evict(at(3_s)) == 0);
}

TEST_CASE("does the workload-aware policy learn in a tier which turns are followed by others, across evictions?") {
  Frames frames("workload_aware", 2, {{"kinds", 2}});
  for (std::uint32_t i = 0; i < 20; ++i) {  // first turns come back after half a second, second turns never
    frames.put(0, i, at(1_s * i), 0, 0);
    CHECK(frames.evict(at(1_s * i)) == 0);
    frames.put(0, i, at(1_s * i) + 500_ms, 0, 1);
    CHECK(frames.evict(at(1_s * i) + 500_ms) == 0);
  }
  frames.put(0, 50, at(300_s), 0, 0);
  frames.put(1, 51, at(301_s), 0, 1);  // younger, but a second turn
  CHECK(frames.evict(at(302_s)) == 1);
}

TEST_CASE("does SGLang's priority keep the heads of requests?") {
  Frames frames("sglang_priority", 3, {{"head", 16}});
  frames.put(0, 0, at(0_s), 0);
  frames.put(1, 1, at(1_s), 1);
  frames.put(2, 2, at(2_s), 1);
  CHECK(frames.evict(at(3_s)) == 1);
  CHECK(frames.evict(at(3_s)) == 2);
  CHECK(frames.evict(at(3_s)) == 0);
}

TEST_CASE("does TensorRT-LLM's retention end with the content that had it?") {
  Frames frames("trtllm", 2, {{"head", 16}, {"duration", 10e9}});
  frames.put(0, 0, at(0_s), 0);  // a head, retained until 10 s
  CHECK(frames.evict(at(1_s)) == 0);
  frames.put(0, 7, at(2_s), 1);  // another content in its frame, at the usual priority
  frames.put(1, 1, at(3_s), 1);
  CHECK(frames.evict(at(20_s)) == 0);  // first in the queue, whatever was there before
}
