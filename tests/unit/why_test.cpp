#include "sim/serving/why.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace tiersim;
using namespace tiersim::literals;

namespace {

// A model of one layer and a machine of round figures: what a step costs does not matter, only that it is asked for.
models::ModelSpec small_model() {
  models::ModelSpec m;
  m.name = "small";
  m.layers = 1, m.hidden = 64, m.query_heads = 4, m.kv_heads = 4, m.head_dim = 16, m.intermediate = 128,
  m.vocabulary = 100;
  return m;
}
hw::MachineSpec small_machine() {
  hw::MachineSpec m;
  m.gpus = 1;
  m.gpu.dense_bf16 = 1_TFLOPs;
  m.gpu.memory_bandwidth = 100_GBps;
  return m;
}
calib::Profile profile() {
  calib::Profile p;
  p.gemm_efficiency = p.attention_efficiency = p.gemm_bandwidth = p.attention_bandwidth = p.elementwise_bandwidth = 1;
  p.launch = 1_us;
  p.step_overhead = 100_us;
  return p;
}

constexpr RequestId kMine(7), kOther(3);
constexpr ReplicaId kHere(1), kElsewhere(0);

/// Feeds an observer with what a replica would say.
struct Telling {
  CostModel cost{small_model(), small_machine(), profile(), {}};
  FirstTokenObserver observer{kMine, cost};

  void event(RequestEvent e, Duration at, Tokens tokens = 0_tok, RequestId request = kMine, ReplicaId replica = kHere) {
    observer.on_request(e, request, replica, tokens, Time(0) + at);
  }
  static Batch alone(const StepChunk& chunk) {
    Batch b;
    b.add_chunk(chunk.tokens, chunk.offset);
    b.sampled = chunk.last ? 1 : 0;
    return b;
  }
  /// A step with these chunks that computes for `compute` and ends at `end`.
  void step(Duration begin, Duration end, Duration compute, const std::vector<StepChunk>& chunks,
            ReplicaId replica = kHere) {
    Batch batch;
    for (const StepChunk& c : chunks) batch.add_chunk(c.tokens, c.offset);
    observer.on_step({replica, Time(0) + begin, Time(0) + end, compute, batch, chunks});
  }
  void flow(MoveKind kind, RequestId request, std::size_t source, Duration started, Duration ended, Bytes bytes,
            const std::vector<LinkId>& route) {
    observer.on_flow(
        {{kind, kHere, request, source, 0}, Time(0) + started, Time(0) + started, Time(0) + ended, bytes, route});
  }
};

}  // namespace

TEST_CASE("does a request that runs at once spend all its time on its own prefill?") {
  Telling t;
  const StepChunk chunk{kMine, 0_tok, 100_tok, true};
  const Duration own = t.cost.duration(Telling::alone(chunk));
  t.event(RequestEvent::arrived, 5_ms);
  t.event(RequestEvent::admitted, 5_ms);
  t.step(5_ms, 5_ms + own, own, {chunk});
  const FirstTokenStory story = t.observer.story();
  CHECK(story.finished);
  CHECK(story.split.own_prefill == own);
  CHECK(story.split.total() == own);
  CHECK(story.first_token == Time(0) + 5_ms + own);
}

TEST_CASE("is every nanosecond between arrival and first token in one part?") {
  Telling t;
  const StepChunk first{kMine, 64_tok, 50_tok, false}, second{kMine, 114_tok, 20_tok, true};
  const StepChunk other{kOther, 0_tok, 400_tok, true};
  t.event(RequestEvent::arrived, 1_ms);
  t.step(0_ms, 3_ms, 3_ms, {other});             // waits: queue
  t.event(RequestEvent::loading, 3_ms, 64_tok);  // 2 ms of queue
  t.step(3_ms, 6_ms, 3_ms, {other});
  t.event(RequestEvent::loaded, 7_ms, 64_tok);    // 4 ms of loads
  t.event(RequestEvent::admitted, 8_ms, 64_tok);  // 1 ms of queue
  t.step(8_ms, 20_ms, 10_ms, {other, first});     // 2 ms of waiting for loads, 10 ms of computing
  t.step(20_ms, 29_ms, 9_ms, {second});
  const FirstTokenStory story = t.observer.story();
  const Duration own = t.cost.duration(Telling::alone(first)) + t.cost.duration(Telling::alone(second));
  CHECK(story.split.queue == 3_ms);
  CHECK(story.split.loads == 6_ms);
  CHECK(story.split.own_prefill == own);
  CHECK(story.split.interference == 19_ms - own);
  CHECK(story.split.preemptions == 0_ms);
  CHECK(story.split.total() == 28_ms);
  CHECK(story.steps_while_queued == 1);
  REQUIRE(story.steps.size() == 2);
  CHECK(story.steps[0].other_prefill == 400_tok);
  CHECK(story.steps[0].waited == 2_ms);
}

TEST_CASE("does the time from a preemption to the next admission count as preemption, loads included?") {
  Telling t;
  const StepChunk part{kMine, 0_tok, 50_tok, false}, whole{kMine, 0_tok, 80_tok, true};
  t.event(RequestEvent::arrived, 0_ms);
  t.event(RequestEvent::admitted, 0_ms);
  t.step(0_ms, 4_ms, 4_ms, {part});
  t.event(RequestEvent::preempted, 4_ms, 50_tok);
  t.event(RequestEvent::loading, 5_ms, 16_tok);
  t.event(RequestEvent::loaded, 7_ms, 16_tok);
  t.event(RequestEvent::admitted, 9_ms, 16_tok);
  t.step(9_ms, 12_ms, 3_ms, {whole});
  const FirstTokenStory story = t.observer.story();
  CHECK(story.split.preemptions == 5_ms);
  CHECK(story.split.loads == 0_ms);
  CHECK(story.split.total() == 12_ms);
  CHECK(story.events.size() == 6);
}

TEST_CASE("is a faster crowded step no debt of the others?") {
  Telling t;
  const StepChunk chunk{kMine, 0_tok, 100_tok, true};
  t.event(RequestEvent::arrived, 0_ms);
  t.event(RequestEvent::admitted, 0_ms);
  t.step(0_ms, 1_us, 1_us, {chunk});  // less than the chunk alone would take by the model
  CHECK(t.observer.story().split.own_prefill == 1_us);
  CHECK(t.observer.story().split.interference == 0_us);
}

TEST_CASE("does the story leave out other replicas and what comes after the first token?") {
  Telling t;
  const StepChunk chunk{kMine, 0_tok, 100_tok, true};
  t.event(RequestEvent::arrived, 0_ms, 0_tok, kOther, kElsewhere);
  t.event(RequestEvent::arrived, 1_ms, 0_tok, kOther);
  t.event(RequestEvent::arrived, 2_ms);
  t.step(0_ms, 3_ms, 3_ms, {}, kElsewhere);
  t.event(RequestEvent::admitted, 3_ms);
  t.step(3_ms, 5_ms, 2_ms, {chunk});
  t.event(RequestEvent::preempted, 6_ms, 101_tok);
  t.flow(MoveKind::load, kMine, 1, 6_ms, 7_ms, 1_MB, {LinkId(0)});
  const FirstTokenStory story = t.observer.story();
  CHECK(t.observer.settled());
  CHECK(story.waiting_ahead == 1);
  CHECK(story.steps_while_queued == 0);
  CHECK(story.events.size() == 2);
  CHECK(story.flows.empty());
  CHECK(story.split.total() == 3_ms);
}

TEST_CASE("does a load know the flows that used its links meanwhile?") {
  Telling t;
  t.event(RequestEvent::arrived, 0_ms);
  t.event(RequestEvent::loading, 0_ms, 64_tok);
  t.flow(MoveKind::write, kOther, 0, 0_ms, 2_ms, 5_MB, {LinkId(4), LinkId(2)});  // shares link 2
  t.flow(MoveKind::load, kOther, 1, 1_ms, 3_ms, 7_MB, {LinkId(9)});              // shares none
  t.flow(MoveKind::load, kMine, 1, 1_ms, 4_ms, 9_MB, {LinkId(2)});
  t.flow(MoveKind::load, kOther, 1, 4_ms, 5_ms, 7_MB, {LinkId(2)});  // later
  const FirstTokenStory story = t.observer.story();
  REQUIRE(story.flows.size() == 1);
  CHECK(story.flows[0].bytes == 9_MB);
  CHECK(story.flows[0].sharing == 1);
  CHECK(story.flows[0].sharing_bytes == 5_MB);
}

TEST_CASE("does a rejected request have a story without a split?") {
  Telling t;
  t.event(RequestEvent::rejected, 3_ms);
  CHECK(t.observer.settled());
  CHECK(t.observer.story().rejected);
  CHECK_FALSE(t.observer.story().finished);
}
