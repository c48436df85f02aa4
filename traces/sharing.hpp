#pragma once
/// How the requests of a trace share its blocks: what `tiersim trace info` says beside the best reuse.
///
/// Called by the summary and, for what serving must know, by resolve.
#include <cstdint>

#include "traces/trace.hpp"

namespace tiersim::traces {

struct Sharing {
  std::uint64_t used_once = 0;           ///< blocks that are mentioned only once
  std::uint64_t popular_blocks = 0;      ///< the most mentioned tenth of the blocks, rounded up
  std::uint64_t popular_references = 0;  ///< to them
};

/// O(references); 4 bytes per distinct block while it runs.
[[nodiscard]] Sharing sharing_of(const Trace& trace);

/// Whether a block always stands behind the same block, or always first: equal ids then mean equal content from the
/// start of the sequence on, as prefix caches take them to. O(extents log extents).
[[nodiscard]] bool ids_are_prefixes(const Trace& trace);

}  // namespace tiersim::traces
