#pragma once
/// Request replay: arrivals, replicas, tiers and links on one clock, from the first arrival to the last token.
///
/// The loop takes the earliest of: the next scheduled arrival, the event queue (later turns, the window), the end of a
/// replica's step, the next change of a flow, the next sample. Everything at one instant is handled (flow ends, then
/// step ends, then arrivals, each in the order of ids) before any replica schedules. Between two such instants a
/// replica that only decodes takes its steps in one leap.
///
/// Called by sim/run with everything resolved. One run per object; cost is proportional to what changes, see
/// replica.hpp. Errors: none from input; InternalError if an invariant breaks (conservation is checked at the end of
/// every run).
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "calib/profile.hpp"
#include "hw/topology.hpp"
#include "models/model_spec.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/memory/hierarchy.hpp"
#include "sim/memory/prefetch.hpp"
#include "sim/memory/prefix_tree.hpp"
#include "sim/serving/arrivals.hpp"
#include "sim/serving/outcome.hpp"
#include "sim/serving/replica.hpp"
#include "sim/serving/router.hpp"
#include "sim/serving/workload.hpp"

namespace tiersim {

/// Where the measurement window begins and ends. Times count from 0 and from the last scheduled arrival backwards.
struct WindowSettings {
  Duration warm_up_time, drain_time;
  std::int64_t warm_up_requests = 0, drain_requests = 0;
};

struct HbmSettings {
  std::int64_t blocks = 0;  ///< frames of one replica
  PolicyChoice eviction{"vllm", {}};
};

struct LowerTierSettings {
  std::string name;
  std::size_t storage = 0;  ///< index in MachineSpec::storage
  Bytes capacity;
  Bytes block_bytes;        ///< of one engine block as stored here
  std::uint32_t chunk = 1;  ///< engine blocks that the tier holds, moves and evicts together; divides the trace's block
  PolicyChoice eviction{"lru", {}}, admission{"always", {}};
  WriteMode write = WriteMode::through;
  bool selective = false;  ///< write-through by the admission policy's leave; a word for reports
  bool exclusive = false, inclusive = false;
  std::uint32_t pin_after = 0;  ///< requests that used a block, from which on it is pinned; 0: none is
  double pin_share = 0;         ///< of the tier, that may be pinned
  bool staged = false;
  std::int64_t fragments = 1;  ///< of a chunk as it lies here
  Bytes backlog;
  Tokens min_tokens;

  [[nodiscard]] Bytes chunk_bytes() const { return block_bytes * chunk; }
};

/// Which reference run this is, if any (SEMANTICS: infinite cache, free transfers, no lower tiers).
enum class Reference { none, infinite, free_transfers, no_lower_tiers };

struct ServingSettings {
  models::ModelSpec model;
  hw::MachineSpec machine;
  calib::Profile profile;
  std::int64_t replicas = 1;
  models::Ranks ranks;  ///< of each replica
  Tokens block{16};
  EngineSettings engine;
  PolicyChoice router{"least_loaded", {}};
  HbmSettings hbm;
  std::vector<LowerTierSettings> lower;
  std::vector<std::uint8_t> feeds;  ///< by tier: the one below that it feeds or kNowhere; empty: each the next
  PolicyChoice placement{"waterfall", {}}, prefetch{"none", {}};
  LoadSettings load;
  WindowSettings window;
  Duration sample_every{1'000'000'000};
  std::uint64_t seed = 1;
  Reference reference = Reference::none;
};

struct SimulationHooks {
  Observer* observer = nullptr;
  std::function<void(std::size_t done, Time now)> progress;  ///< called now and then, never on a schedule of its own
  const std::atomic<bool>* stop = nullptr;                   ///< set from outside: end early, keep what there is
};

class Simulation {
 public:
  Simulation(const ServingSettings& settings, const traces::Trace& trace, SimulationHooks hooks = {});
  [[nodiscard]] ServingOutcome run();

 private:
  [[nodiscard]] Time next_from_outside() const;
  [[nodiscard]] Time next_instant() const;
  void leap();
  void handle_instant(Time now);
  bool next_arrival(Time now);
  void flows_end(Time now);
  void arrive(RequestId request, Time now);
  void ended(RequestId request, Time now);
  void take_completed(Time now);
  void plan_prefetch(RequestId request, Time at);
  void prefetch(RequestId request, Time now);
  void schedule_replicas(Time now);
  void sample(Time now);
  void open_window(Time now);
  void close_window(Time now);
  [[nodiscard]] Totals totals_at(Time now);
  /// For a tier whose contents are `chunk` engine blocks.
  [[nodiscard]] std::unique_ptr<EvictionPolicy> make_eviction(const PolicyChoice& choice, std::size_t frames,
                                                              std::uint32_t chunk);
  [[nodiscard]] LowerTierSetup make_lower(const LowerTierSettings& tier);
  [[nodiscard]] Hierarchy::Setup make_hierarchy();
  void set_placement();
  /// Of chunks of so many engine blocks; made when somebody first asks.
  [[nodiscard]] const PrefixTree& tree(std::uint32_t chunk);
  void check_conservation() const;

  ServingSettings settings_;
  hw::Topology topology_;
  Workload workload_;
  Arrivals arrivals_;
  std::vector<std::uint32_t> turns_;           // by request
  std::map<std::uint32_t, PrefixTree> trees_;  // by chunk, where a policy goes by it
  TransferEngine transfers_;
  Hierarchy hierarchy_;
  CostModel cost_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<PrefetchPolicy> prefetch_;  // none: nothing is fetched ahead
  std::vector<double> step_seconds_;          // of a whole token budget, by how many came before: what placement asks
  SimulationHooks hooks_;
  ServingState state_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::vector<std::uint8_t> dirty_;  // by replica: something changed since it last scheduled
  EventQueue queue_;                 // later turns, the window
  Time next_sample_ = Time::never();
  std::size_t cursor_ = 0;  // next scheduled arrival
  std::size_t arrived_ = 0, done_ = 0;
  bool window_open_ = false, window_closed_ = false;
  std::size_t gaps_begin_ = 0, gaps_end_ = 0;
  ServingOutcome outcome_;
  std::vector<EndedFlow> ended_;        // scratch
  std::vector<Waiter> released_;        // scratch
  std::vector<ReplicaLoad> loads_;      // scratch
  std::vector<Arrival> next_arrivals_;  // scratch
};

}  // namespace tiersim
