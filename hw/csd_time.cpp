#include "hw/csd_time.hpp"

#include <algorithm>

namespace tiersim::hw {
namespace {

double seconds(double work, double rate) { return rate > 0 ? work / rate : 0.0; }
double seconds(Bytes bytes, BytesPerSecond rate) { return seconds(static_cast<double>(bytes.value()), rate.value()); }

}  // namespace

Seconds in_storage_time(const EngineSpec& engine, const InStorageWork& work) {
  const double inside =
      std::max({seconds(work.flash, engine.internal_bandwidth()), seconds(work.filtered, engine.filter_bandwidth),
                seconds(work.compute.value(), engine.compute.value()),
                seconds(work.softmax_elements, engine.softmax_rate), seconds(work.memory, engine.memory_bandwidth)});
  const double command = static_cast<double>(engine.command_latency.value()) / 1e9;
  const double spread = inside + seconds(work.result, engine.p2p_bandwidth);
  return Seconds(command + spread / static_cast<double>(engine.count));
}

double in_storage_gain(const EngineSpec& engine, BytesPerSecond external) {
  return engine.internal_bandwidth().value() * static_cast<double>(engine.count) / external.value();
}

double drives_speed_up(double share, std::int64_t drives) {
  return 1 / ((1 - share) + share / static_cast<double>(drives));
}

}  // namespace tiersim::hw
