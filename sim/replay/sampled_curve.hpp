#pragma once
/// LRU's hit rates at every capacity from a sample of the blocks, with their error: for traces that are too long.
///
/// SHARDS (Waldspurger et al., FAST'15), with its correction: blocks are sampled by a hash of their id, so all uses of
/// a block are in or out together; distances among sampled blocks are the sampled share of the whole, and what the
/// sample has too few or too many of accesses counts as hits of the smallest cache. The sample is made of kGroups
/// disjoint ones: their mean is the estimate, their spread its standard error. Every mention is an access
/// (HitRule::block), head first; on traces of prefixes that is the prefix rule too.
///
/// O(mentions) hashes, O(log sampled blocks) per sampled use; 4 B a block and about 6 a sampled one. Deterministic.
#include <cstdint>
#include <vector>

#include "traces/trace.hpp"

namespace tiersim {

class SampledCurve {
 public:
  static constexpr std::size_t kGroups = 8;
  /// `rate`: of the blocks, above 0, at most 1.
  SampledCurve(const traces::Trace& trace, double rate);

  struct Estimate {
    double hit_rate = 0, standard_error = 0;
  };
  [[nodiscard]] Estimate at(std::size_t capacity) const;
  [[nodiscard]] std::uint64_t sampled_blocks() const { return sampled_blocks_; }
  [[nodiscard]] std::uint64_t accesses() const { return accesses_; }  ///< of the whole trace

 private:
  struct Group {
    std::uint64_t accesses = 0;
    std::vector<std::uint64_t> hits;  // by capacity among the group's blocks
  };
  [[nodiscard]] double rate_of(const Group& group, std::size_t capacity) const;

  double group_rate_;  // of all blocks, in one group
  std::uint64_t accesses_ = 0, sampled_blocks_ = 0;
  std::vector<Group> groups_;
};

}  // namespace tiersim
