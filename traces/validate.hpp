#pragma once
/// Whether a Trace keeps the promises of trace.hpp: asked of every binary file that is mapped, and by the tests.
///
/// Reads the columns' contents with bounds checked first, so that a Trace over untrusted bytes can be asked. O(requests
/// + extents + next-use runs), no allocation but for the flaws.
#include <cstdint>
#include <string>
#include <vector>

#include "traces/trace.hpp"

namespace tiersim::traces {

struct Flaw {
  std::int64_t request = -1;  ///< from 0; -1: the trace as a whole
  std::string what;
};

/// The first `most` flaws; empty for a good trace. An empty trace is good.
[[nodiscard]] std::vector<Flaw> validate(const Trace& trace, std::size_t most = 20);

}  // namespace tiersim::traces
