#pragma once
/// Which blocks may enter a lower tier when they could be written to it.
///
/// Called by the hierarchy with a run of blocks that the tier does not hold, before frames are allocated; the policy
/// answers for each block. One instance serves one tier. Blocks refused are counted as such (a later miss on one has
/// the cause "admission"). O(1) per block; state in arrays by block id, allocated once.
#include <cstdint>
#include <functional>
#include <span>

#include "sim/core/ids.hpp"
#include "sim/core/parameters.hpp"
#include "sim/core/units.hpp"
#include "sim/memory/prefix_tree.hpp"

namespace tiersim {

struct AdmissionSetup {
  std::size_t blocks = 0;  ///< ids are below this
  Parameters parameters{};
  Tokens block_tokens{1};
  std::function<const PrefixTree&()> tree{};  ///< of the blocks; made when a policy first asks
};

class AdmissionPolicy {
 public:
  using Setup = AdmissionSetup;
  virtual ~AdmissionPolicy() = default;
  /// Sets admit[i] to 1 for blocks that may enter, 0 for others; both spans have the same length.
  virtual void decide(std::span<const BlockId> blocks, std::span<std::uint8_t> admit, Time now) = 0;
};

}  // namespace tiersim
