#pragma once
/// One engine: a tensor-parallel group that batches continuously by the rules of vLLM's V1 scheduler.
///
/// A step: running requests first, in running order, each what it has left or what the token budget allows; if blocks
/// run out the last running request is preempted (blocks released, back to the head of the queue) until the allocation
/// succeeds or the requester itself is the one preempted. If nobody was preempted, waiting requests are admitted in
/// order while seats and budget last, each only if blocks for its whole prompt are free; the first that does not fit
/// ends admission. Blocks become findable when the step that computes them is scheduled; a block computed while another
/// copy is resident stays without identity. With lower tiers, a request at the head whose prefix lies there is loaded
/// first; while it loads it holds frames but no seat, others pass it, and when its blocks are there it is at the front.
/// One whose blocks are being prefetched (or those of the turn that it follows) waits for them in the same way, without
/// frames, and is then looked at anew.
/// A request alone in its needs never starves: if nothing runs or loads and the head does not fit, or if the only one
/// that runs is preempted, frames held by loaded requests further back are taken away (counted as preemptions).
///
/// Only one prefill can be unfinished after a step (it took the rest of the budget), and it is the last in running
/// order; everything else decodes and lives in the lazy DecodeSet. So a step costs what changes in it. Departures from
/// vLLM: no look-ahead of asynchronous scheduling (a step sees everything that ended before it starts); generated
/// blocks get their identity when the request completes or is preempted.
///
/// Called by Simulation: enqueue() on arrival, schedule() when no step is in flight and something changed, end_step()
/// at step_end(), released() when a transfer that it waits for ends.
#include <cstdint>
#include <deque>
#include <vector>

#include "sim/core/index_list.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/memory/hierarchy.hpp"
#include "sim/serving/decode_set.hpp"
#include "sim/serving/observer.hpp"
#include "sim/serving/outcome.hpp"
#include "sim/serving/router.hpp"
#include "sim/serving/workload.hpp"

namespace tiersim {

enum class LoadWhen { always, cheaper };

struct EngineSettings {
  Tokens max_batched_tokens{8192};
  std::int64_t max_sequences = 256;  ///< at most max_batched_tokens
  Tokens max_context{INT64_MAX};     ///< prompt and answer of a request; a longer one is rejected
  bool reserve_whole_prompt = true;
  LoadWhen load = LoadWhen::cheaper;
  bool layerwise = false;
  Tokens captured{INT64_MAX};  ///< of the largest step that is a CUDA graph
  std::int64_t layers = 1;     ///< of the model, for layer-wise overlap
  bool leaps = true;           ///< false: every step through the event queue (tests)
};

/// What the replicas of a run share; filled by Simulation.
struct ServingState {
  std::vector<RequestOutcome> requests;  ///< by RequestId
  std::vector<std::uint32_t> generated;  ///< tokens produced so far, by RequestId
  std::vector<WeightedSample> gaps;      ///< token gaps, run-length coded
  std::vector<RequestId> completed;      ///< since the simulation last looked
  Totals totals;
};

class Replica {
 public:
  Replica(ReplicaId id, const EngineSettings& settings, const Workload& workload, CostModel& cost, Hierarchy& hierarchy,
          ServingState& state, Observer* observer);

  /// False if the request can never fit; then its outcome says why.
  bool enqueue(RequestId request, Time now);
  [[nodiscard]] bool stepping() const { return step_.in_flight; }
  /// When the step in flight ends; never() while it waits for transfers (or with no step).
  [[nodiscard]] Time step_end() const { return step_.end; }
  void schedule(Time now);
  void end_step(Time now);
  /// Takes whole decode steps while they end before `horizon`, nobody finishes in them, every sequence gets its blocks
  /// without moving data, and the queue cannot move: equal to end_step() and schedule() at each, only faster.
  void leap(Time horizon);
  /// A transfer ended that the request (or, with none(), the step in flight) waited for.
  void released(const Waiter& waiter, Time now);
  /// Frames of this replica's HBM came back outside a step: the head of the queue may fit now.
  void frames_came_back() { admission_blocked_ = false; }
  /// A flow of a layer-wise load of the step in flight ended, with its progress.
  void on_load_progress(const EndedFlow& flow);

  [[nodiscard]] ReplicaLoad load() const;
  [[nodiscard]] std::int64_t running() const { return running_count_; }
  [[nodiscard]] std::int64_t waiting() const { return static_cast<std::int64_t>(waiting_.size()); }
  [[nodiscard]] std::int64_t loading() const { return loading_; }
  /// Of a request that is here and not over: it waits, and nothing of it is on its way.
  [[nodiscard]] bool is_queued(RequestId request) const;
  [[nodiscard]] bool idle() const { return !step_.in_flight && waiting_.empty() && loading_ == 0; }
  /// Brings the time accounts up to now (before totals are read).
  void settle(Time now);

 private:
  enum class Stage : std::uint8_t { waiting, fetching, loading, loaded, prefilling, decoding };
  /// A request that holds, or held, frames.
  struct Sequence {
    RequestId request;
    Stage stage = Stage::waiting;
    std::vector<BlockId> names;      ///< of the named blocks of prompt + output
    std::vector<FrameId> frames;     ///< held, by position; a decoding sequence's later ones are in the pool
    std::vector<FrameId> kept;       ///< by position: where its private blocks were left by a preemption
    std::int64_t computed = 0;       ///< tokens with KV, while prefilling
    std::int64_t named = 0;          ///< blocks, from the head on, that were found or whose content HBM was told
    std::int64_t target = 0;         ///< tokens to have KV before the next token appears
    std::int64_t lost = 0;           ///< tokens that had KV when it was last preempted
    std::int64_t most_computed = 0;  ///< tokens that have had KV at some time before it was preempted
    std::int64_t last_token = 0;     ///< ns, when preempted while decoding; for the gap
    std::uint64_t order = 0;
    DecodeSet::Member member;
    std::uint32_t waits = 0;       ///< transfers it waits for
    std::size_t slowest_tier = 0;  ///< of its load
    Time load_begin;
    Duration load_saved;

    [[nodiscard]] std::span<const BlockId> names_of(const PrefixRun& run) const {
      return std::span(names).subspan(run.begin, run.count);
    }
  };
  struct Chunk {
    SlotId slot;
    std::int64_t tokens;
  };
  struct Step {
    bool in_flight = false;
    Time begin, end = Time::never();
    Duration compute;
    StepTime time;
    std::int64_t decodes = 0;
    std::uint32_t gates = 0;  ///< transfers it waits for
    Time ready;               ///< when the last write-back that it waited for ended
    Time layer_bound;         ///< earliest end that layer-wise loads allow
    Batch batch;
    std::vector<Chunk> chunks;
    std::vector<SlotId> loaders;  ///< sequences that load layer by layer in it
  };
  /// Where a prefix was found and what taking it would need.
  struct Plan {
    std::vector<PrefixRun> runs;
    std::vector<FrameId> hits;  ///< HBM frames in order of position
    std::int64_t prefix = 0;    ///< blocks, hits and loads
    std::int64_t to_load = 0;   ///< blocks
    std::int64_t unreferenced_hits = 0;
    bool declined = false;  ///< lower tiers had more, but computing it is faster
    std::size_t slowest_tier = 0;
    Duration saved;  ///< prefill time that the loads replace
  };
  enum class Admission { admitted, loading, blocked };

  // replica.cpp: the step
  [[nodiscard]] bool grow_decodes(Time now);
  [[nodiscard]] bool grow_one_by_one(Time now);
  [[nodiscard]] bool continue_prefill(std::int64_t& budget, Time now);
  void schedule_chunk(SlotId slot, std::int64_t tokens, Time now);
  void start_step(Time now);
  void find_end();
  void finish_prefill(SlotId slot, Time now);
  void finish(SlotId slot, std::int64_t context, Time now);
  void preempt_last(Time now);
  void take_grown_frames(Sequence& s, std::int64_t context);
  void name_blocks(Sequence& s, std::int64_t to, Time now);
  void keep_private_blocks(Sequence& s);
  void release_frames(Sequence& s, Time now);
  void allocate(std::int64_t count, std::vector<FrameId>& out, Time now);
  void gate_on(TransferId transfer, bool by_layer = false);

  // replica_admission.cpp: the queue
  void admit(std::int64_t budget, Time now);
  [[nodiscard]] Admission try_admit(SlotId slot, std::int64_t& budget, Time now);
  [[nodiscard]] bool fits(const Sequence& s, const Plan& plan, std::int64_t budget) const;
  void find_prefix(const Sequence& s, Plan& plan, Time now);
  void keep_what_pays(Plan& plan, Time now);
  void add_private_hits(const Sequence& s, Plan& plan) const;
  void record_sources(Sequence& s, const Plan& plan);
  [[nodiscard]] std::int64_t computed_before(const Sequence& s, const Plan& plan, bool first);
  void acquire_hits(const Sequence& s, const Plan& plan, Time now);
  void take_prefix(SlotId slot, const Plan& plan, Time now);
  [[nodiscard]] bool join(SlotId slot, std::int64_t& budget, Time now);
  [[nodiscard]] bool waits_for_prefetch(SlotId slot, Time now);
  void begin_loading(SlotId slot, Tokens prefix, Time now, Stage stage = Stage::loading);
  void account_load(Sequence& s, Duration wait);
  void reclaim_loaded(Time now);
  [[nodiscard]] SlotId slot_for(RequestId request);
  [[nodiscard]] bool is_loaded(RequestId request) const;
  [[nodiscard]] std::int64_t total_tokens(const Sequence& s) const;

  ReplicaId id_;
  EngineSettings settings_;
  const Workload& workload_;
  CostModel& cost_;
  Hierarchy& hierarchy_;
  Tier& hbm_;
  ServingState& state_;
  Observer* observer_;
  std::int64_t block_;

  std::deque<RequestId> waiting_;
  std::vector<Sequence> slots_;
  std::vector<SlotId> free_slots_;
  std::vector<SlotId> slot_of_;  ///< by request
  IndexList running_;            ///< slots in running order
  std::int64_t running_count_ = 0, loading_ = 0, unfinished_ = 0, queued_tokens_ = 0;
  SlotId partial_ = SlotId::none();  ///< the unfinished prefill
  DecodeSet decode_;
  std::vector<FrameId> grown_;      ///< frames that decoding sequences took, not yet dealt out
  bool admission_blocked_ = false;  ///< the head cannot move until frames or seats come back
  std::uint64_t next_order_ = 0;
  Step step_;
  Time last_end_;                               ///< of the last step
  Time accounted_;                              ///< idle time is booked up to here
  Plan plan_;                                   // scratch
  std::vector<BlockId> evicted_;                // scratch
  std::vector<TransferId> pending_;             // scratch: what the request at hand waits for
  TransferId write_back_ = TransferId::none();  // of the last allocate()
};

}  // namespace tiersim
