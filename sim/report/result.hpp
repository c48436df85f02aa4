#pragma once
/// Everything that a run of a scenario has to say, before it is written in any format.
///
/// Made by sim/run, read by the writers of this room. Metrics are computed from ServingOutcomes by metrics.hpp alone,
/// so that each has one definition. Nothing here depends on the wall clock: that is RunInfo's, which goes to the
/// terminal and to run_info.json.
#include <optional>
#include <string>
#include <vector>

#include "calib/profile.hpp"
#include "sim/core/units.hpp"
#include "sim/serving/outcome.hpp"

namespace tiersim {

/// Limits that a request must meet to count as good; never() (the largest Duration) where none is given.
struct GoodputLimits {
  Duration ttft{INT64_MAX}, tpot{INT64_MAX}, end_to_end{INT64_MAX};
  [[nodiscard]] bool any() const {
    return ttft.value() != INT64_MAX || tpot.value() != INT64_MAX || end_to_end.value() != INT64_MAX;
  }
};

/// Where a GPU's memory goes, in bytes; one map serves all ranks: the fullest stage's. utilisation x memory = weights +
/// workspace + KV + rest.
struct MemoryMap {
  Bytes memory;  ///< as the driver reports
  double utilisation = 0;
  Bytes weights;              ///< of one GPU
  Bytes runtime;              ///< context, graphs, libraries
  Bytes activations;          ///< peak of a step
  Bytes block_bytes;          ///< of one block on one GPU
  std::int64_t blocks = 0;    ///< of one replica
  bool blocks_given = false;  ///< by the scenario, not computed
};

/// A tier as people see it.
struct TierInfo {
  std::string name;
  Bytes capacity;                          ///< over all replicas
  Bytes block_bytes;                       ///< over all ranks
  std::string eviction, admission, write;  ///< names; empty where they do not apply
  Bytes machine_capacity{0};               ///< what the machine has for it, over all replicas; 0: unknown
  Bytes endurance{0};                      ///< that may be written to it in its life; 0: unknown
};

/// What the machine draws and costs (hw's files); zeros where those do not say.
struct PowerAndPrice {
  Watts gpu{0}, gpu_idle{0};  ///< of one GPU, computing and not
  Watts machine{0};           ///< everything but the GPUs
  std::int64_t gpus = 0;      ///< of the machine, used or not
  DollarsPerHour price{0};    ///< of all of it
};

/// What the metrics need to know besides the outcome.
struct RunContext {
  std::int64_t replicas = 1;
  std::int64_t ranks = 1;   ///< GPUs of a replica
  std::int64_t stages = 1;  ///< of these, sets that compute one after another
  Tokens block{16};
  std::vector<TierInfo> tiers;                  ///< HBM first
  std::vector<std::string> link_names;          ///< by LinkId
  std::vector<BytesPerSecond> link_bandwidths;  ///< by LinkId
  GoodputLimits limits;
  std::int64_t max_sequences = 0;
  bool closed_loop = false;  ///< requests wait for earlier ones to end: the load adapts to the system
  std::string load;          ///< how requests arrive, as people say it: "open loop at 1x"; may be empty
  PowerAndPrice power_and_price;
};

/// One simulated run: the scenario itself or one of its references.
struct RunResult {
  std::string name;    ///< "run", "infinite cache", "free transfers", "no lower tiers"
  RunContext context;  ///< tiers differ between references
  ServingOutcome outcome;
};

struct Result {
  std::string scenario;               ///< as the user named it
  std::vector<std::string> question;  ///< the comment lines that the scenario opens with
  std::uint64_t seed = 0;
  std::string model, machine, profile, provenance;
  std::vector<calib::ErrorRow> profile_errors;  ///< by family; empty if the profile was not measured
  std::string trace_name, trace_format, trace_hash;
  std::vector<std::string> semantics;  ///< the choices of meaning that apply, one short line each
  MemoryMap memory;
  RunResult run;
  std::vector<RunResult> references;  ///< infinite cache, free transfers, no lower tiers; empty with --bounds none
  std::string resolved_yaml;          ///< reruns to the same bytes
};

/// Wall-clock figures, apart from everything that is compared.
struct RunInfo {
  std::string version;
  double seconds = 0;          ///< of the simulations, references included
  double seconds_reading = 0;  ///< scenario and trace
  std::int64_t requests = 0;   ///< simulated, over all runs
  std::int64_t events = 0;     ///< simulated steps, flow ends and arrivals, over all runs
  int threads = 1;
};

}  // namespace tiersim
