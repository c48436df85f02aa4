#pragma once
/// All that a Result holds as text, one thing a line, so that two runs can be compared field by field.
///
/// Called by tests of sameness. Doubles are written as the bits they are (hexadecimal floats).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "sim/report/result.hpp"

namespace tiersim::tests {

inline std::string text_of(const PromptSources& s) {
  return fmt::format("{} {} {}", fmt::join(s.tier, " "), s.recomputed, s.fresh);
}

inline std::string text_of(const RequestOutcome& r) {
  return fmt::format("{} {} {} {} wait {} lengths {} {} preempted {} {} replica {} {} {} {} {} wanted {} | {} | {}\n",
                     r.arrival.value(), r.scheduled.value(), r.first_token.value(), r.last_token.value(),
                     r.load_wait.value(), r.prompt, r.output, r.preemptions, r.recomputed_after_preemption, r.replica,
                     static_cast<int>(r.status), static_cast<int>(r.reason), r.measured, r.admitted, r.wanted_blocks,
                     text_of(r.first), text_of(r.final));
}

inline std::string text_of(const Totals& t) {
  std::string out = fmt::format("at {} steps {} {} events {} tokens {} {}\n", t.at.value(), t.steps, t.leapt_steps,
                                t.events, t.tokens_out, t.tokens_prefilled);
  out += fmt::format("busy {:a} {:a} {:a} {:a} stepping {} {} {}\n", t.busy.compute.value(), t.busy.bandwidth.value(),
                     t.busy.communication.value(), t.busy.overhead.value(), t.stepping.value(), t.step_waits.value(),
                     t.waiting_for_loads.value());
  out += fmt::format("preemptions {} {} loads {} {} {} wait {} {} {}\n", t.preemptions, t.recomputed_tokens, t.loads,
                     t.lost_loads, t.declined_loads, t.load_wait.value(), t.load_saved.value(), t.lost_time.value());
  out += fmt::format("misses {} lost {} evicted {}\n", fmt::join(t.misses, " "), fmt::join(t.tier_lost_loads, " "),
                     fmt::join(t.evicted, " "));
  for (const TierUse& u : t.tiers)
    out += fmt::format("tier {} {} {} {} {} {} {}\n", u.loads, u.loaded_blocks, u.written_blocks, u.refused_blocks,
                       u.write_backs, u.prefetched_blocks, u.prefetched_used);
  for (const LinkUse& u : t.links)
    out += fmt::format("link {} {} {} {}\n", u.bytes.value(), u.device.value(), u.busy.value(), u.flows);
  return out;
}

inline std::string text_of(const SeriesPoint& p) {
  return fmt::format("{} {} {} {} resident {} {} {} {}\n", p.at.value(), p.running, p.waiting, p.loading,
                     fmt::join(p.resident, " "), p.hbm_referenced, p.tokens_out, p.tokens_prefilled);
}

inline std::string text_of(const ServingOutcome& o) {
  std::string out = fmt::format("finished {} capacity {} {}\n", o.finished, fmt::join(o.hbm_capacity, " "),
                                fmt::join(o.tier_capacity, " "));
  out += "begin " + text_of(o.begin) + "end " + text_of(o.end) + "whole " + text_of(o.whole);
  for (const RequestOutcome& r : o.requests) out += text_of(r);
  for (const WeightedSample& g : o.gaps) out += fmt::format("gap {} x {}\n", g.value, g.count);
  for (const SeriesPoint& p : o.series) out += text_of(p);
  return out;
}

inline std::string text_of(const RunResult& r) {
  const RunContext& c = r.context;
  std::string out = fmt::format("run {}: {} x {} ranks, block {}, limits {} {} {}, {} sequences\n", r.name, c.replicas,
                                c.ranks, c.block.value(), c.limits.ttft.value(), c.limits.tpot.value(),
                                c.limits.end_to_end.value(), c.max_sequences);
  for (const TierInfo& t : c.tiers)
    out += fmt::format("{} {} {} {} {} {}\n", t.name, t.capacity.value(), t.block_bytes.value(), t.eviction,
                       t.admission, t.write);
  for (std::size_t i = 0; i < c.link_names.size(); ++i)
    out += fmt::format("{} {:a}\n", c.link_names[i], c.link_bandwidths[i].value());
  return out + text_of(r.outcome);
}

/// `scenario`, the path as the user named it, is left out.
inline std::string text_of(const Result& r) {
  const MemoryMap& m = r.memory;
  std::string out =
      fmt::format("{} seed {} {} {} {} {} {} {} {}\n{}\n", fmt::join(r.question, "\n"), r.seed, r.model, r.machine,
                  r.profile, r.provenance, r.trace_name, r.trace_format, r.trace_hash, fmt::join(r.semantics, "\n"));
  out += fmt::format("memory {} {:a} {} {} {} {} {} {}\n", m.memory.value(), m.utilisation, m.weights.value(),
                     m.runtime.value(), m.activations.value(), m.block_bytes.value(), m.blocks, m.blocks_given);
  out += r.resolved_yaml + text_of(r.run);
  for (const RunResult& reference : r.references) out += text_of(reference);
  return out;
}

}  // namespace tiersim::tests
