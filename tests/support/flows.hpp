#pragma once
/// Flows over a topology, all started at once, run to their ends.
///
/// Used by tests that hold links and drives against closed forms and published rates. Every call is a run of its own.
#include <doctest/doctest.h>

#include <vector>

#include "sim/transfer/transfer_engine.hpp"

namespace tiersim::test {

/// When each of the flows has ended, in seconds.
inline std::vector<double> ends_of(const hw::Topology& topology, std::vector<FlowRequest> flows) {
  TransferEngine engine(topology);
  for (std::size_t i = 0; i < flows.size(); ++i) {
    flows[i].tag = i;
    engine.start(flows[i], Time(0));
  }
  std::vector<double> out(flows.size());
  std::vector<EndedFlow> ended;
  while (engine.live() > 0) {
    const Time now = engine.next_event();
    ended.clear();
    engine.advance(now, ended);
    for (const EndedFlow& flow : ended) out[flow.tag] = static_cast<double>(now.value()) * 1e-9;
  }
  CHECK(engine.bytes_started() == engine.bytes_ended());
  return out;
}

/// A flow of so many equal fragments.
inline FlowRequest fragments(std::span<const LinkId> route, std::int64_t bytes, std::int64_t count) {
  FlowRequest request{.route = route, .bytes = Bytes(bytes * count)};
  request.operations = Operations(count);
  return request;
}

/// Bytes per second of one flow alone.
inline double rate_of(const hw::Topology& topology, const FlowRequest& flow) {
  return static_cast<double>(flow.bytes.value()) / ends_of(topology, {flow})[0];
}

}  // namespace tiersim::test
