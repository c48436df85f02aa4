#pragma once
/// When requests come: the load that the system is put under.
///
///   open         the trace's times divided by `rate`, plus a uniform seeded jitter in [0, jitter)
///   poisson      exponential gaps of mean 1/per_second, in the trace's order
///   concurrency  `concurrency` requests at 0, then a new one whenever one ends
///   sessions     first turns as in an open loop; a later turn when the turn before it has been answered and thought
///                over (several turns may follow the same one)
/// A rejected request counts as ended at its arrival. Open and poisson arrivals are known in advance (a sorted list,
/// read by a cursor); the others are pushed as events. Deterministic: ties by request id. O(1) per arrival after
/// construction.
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"
#include "traces/trace.hpp"

namespace tiersim {

enum class LoadKind { open, poisson, concurrency, sessions };

struct LoadSettings {
  LoadKind kind = LoadKind::open;
  double rate = 1.0;        ///< open, sessions: the trace's time runs this much faster
  Duration jitter{};        ///< open
  double per_second = 1.0;  ///< poisson
  std::int64_t concurrency = 1;
  std::uint64_t seed = 1;
};

struct Arrival {
  Time time;
  RequestId request;
};

class Arrivals {
 public:
  Arrivals(const traces::Trace& trace, const LoadSettings& settings);

  /// What is known in advance, sorted by time and id.
  [[nodiscard]] const std::vector<Arrival>& scheduled() const { return scheduled_; }
  /// Appends the arrivals that the end of a request brings.
  void after(RequestId ended, Time now, std::vector<Arrival>& out);
  /// When the last request comes, where that is known in advance; else never().
  [[nodiscard]] Time last() const;

 private:
  void link_turns();

  const traces::Trace& trace_;
  LoadSettings settings_;
  std::vector<Arrival> scheduled_;
  std::uint32_t next_ = 0;  // concurrency: the next request to start
  // Sessions, by request: the first turn that follows it, and the next one that follows the same turn as it does.
  std::vector<std::uint32_t> next_turn_, next_sibling_;
};

}  // namespace tiersim
