#include "sim/run.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace tiersim {
namespace {

PowerAndPrice power_and_price_of(const hw::MachineSpec& machine) {
  return {.gpu = machine.gpu.watts,
          .gpu_idle = machine.gpu.idle_watts,
          .machine = machine.watts,
          .gpus = machine.gpus,
          .price = DollarsPerHour(machine.price_per_hour.value())};
}

RunContext context_of(const ResolvedScenario& scenario, Reference reference) {
  const ServingSettings& s = scenario.settings;
  RunContext c;
  c.replicas = s.replicas;
  c.ranks = s.ranks.gpus();
  c.stages = s.ranks.pipeline;
  c.block = s.block;
  c.limits = scenario.limits;
  c.max_sequences = s.engine.max_sequences;
  c.closed_loop = s.load.kind == LoadKind::concurrency || s.load.kind == LoadKind::sessions;
  c.load = scenario.load;
  c.power_and_price = power_and_price_of(s.machine);
  const Bytes block = s.model.kv_per_token_per_rank(s.ranks.tensor) * (s.block.value() * s.ranks.tensor);
  c.tiers.push_back({"hbm", block * s.hbm.blocks * s.replicas, block, s.hbm.eviction.name, "", ""});
  if (reference != Reference::no_lower_tiers && scenario.trace.has_blocks()) {
    for (const LowerTierSettings& t : s.lower) {
      TierInfo info{t.name,           t.capacity,
                    t.block_bytes,    t.eviction.name,
                    t.admission.name, t.write == WriteMode::back ? "back" : t.selective ? "selective" : "through"};
      info.machine_capacity = s.machine.storage[t.storage].capacity;
      info.endurance = s.machine.storage[t.storage].endurance;
      c.tiers.push_back(std::move(info));
    }
  }
  const hw::Topology topology(s.machine);
  for (const hw::DirectedLink& link : topology.links()) {
    c.link_names.push_back(link.name);
    c.link_bandwidths.push_back(link.bandwidth);
  }
  return c;
}

const char* name_of(Reference reference) {
  switch (reference) {
    case Reference::none:
      return "run";
    case Reference::infinite:
      return "infinite cache";
    case Reference::free_transfers:
      return "free transfers";
    case Reference::no_lower_tiers:
      return "no lower tiers";
  }
  return "";
}

/// The references that can differ from the run: without lower tiers, transfers and their absence change nothing;
/// without block ids no cache changes anything but the blocks of preempted requests.
std::vector<Reference> references_of(const ResolvedScenario& scenario) {
  std::vector<Reference> out{Reference::infinite};
  if (!scenario.settings.lower.empty() && scenario.trace.has_blocks()) {
    out.push_back(Reference::free_transfers);
    out.push_back(Reference::no_lower_tiers);
  }
  return out;
}

/// Runs jobs on so many threads; the first exception wins.
void run_all(const std::vector<std::function<void()>>& jobs, int threads) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex lock;
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      try {
        jobs[i]();
      } catch (...) {
        const std::lock_guard guard(lock);
        if (!failure) failure = std::current_exception();
      }
    }
  };
  std::vector<std::thread> pool;
  for (int t = 1; t < std::min<int>(threads, static_cast<int>(jobs.size())); ++t) pool.emplace_back(work);
  work();
  for (std::thread& t : pool) t.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Result run(const ResolvedScenario& scenario, const RunOptions& options) {
  std::vector<Reference> kinds{Reference::none};
  if (options.references)
    for (Reference r : references_of(scenario)) kinds.push_back(r);
  std::vector<RunResult> results(kinds.size());
  std::vector<std::atomic<std::size_t>> done(kinds.size());
  std::mutex progress_lock;
  std::vector<std::function<void()>> jobs;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    jobs.push_back([&, i] {
      ServingSettings settings = scenario.settings;
      settings.reference = kinds[i];
      SimulationHooks hooks;
      hooks.observer = i == 0 ? options.observer : nullptr;
      hooks.stop = options.stop;
      if (options.progress) {
        hooks.progress = [&, i](std::size_t n, Time) {
          done[i] = n;
          std::size_t sum = 0;
          for (const auto& d : done) sum += d;
          const std::lock_guard guard(progress_lock);
          options.progress(sum, kinds.size() * scenario.trace.size());
        };
      }
      results[i].name = name_of(kinds[i]);
      results[i].context = context_of(scenario, kinds[i]);
      results[i].outcome = Simulation(settings, scenario.trace, std::move(hooks)).run();
      done[i] = scenario.trace.size();
    });
  }
  run_all(jobs, options.threads);

  Result out;
  out.scenario = scenario.name;
  out.question = scenario.question;
  out.seed = scenario.settings.seed;
  out.model = scenario.settings.model.name;
  out.machine = scenario.settings.machine.name;
  out.profile = scenario.settings.profile.name;
  out.provenance = scenario.settings.profile.provenance;
  out.profile_errors = calib::family_errors(scenario.settings.profile);
  out.trace_name = scenario.trace_name;
  out.trace_format = scenario.trace.origin().format;
  out.trace_hash = scenario.trace.origin().hash;
  out.semantics = scenario.semantics;
  out.memory = scenario.memory;
  out.run = std::move(results[0]);
  for (std::size_t i = 1; i < results.size(); ++i) out.references.push_back(std::move(results[i]));
  out.resolved_yaml = config::to_yaml(scenario.resolved);
  return out;
}

}  // namespace tiersim
