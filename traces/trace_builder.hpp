#pragma once
/// Collects requests one by one and makes the Trace: the way in for every reader of text and every generator.
///
/// Per request, in order of arrival: add_block or add_extent for its blocks, head first, then add_request (or
/// drop_blocks, if the record turned out to be bad). Neighbouring ids grow into one extent. Amortised O(1) each; memory
/// is that of the columns. The caller has checked the values; nothing is checked here.
#include <vector>

#include "traces/trace.hpp"

namespace tiersim::traces {

class TraceBuilder {
 public:
  struct Request {
    std::int64_t arrival = 0;  ///< ns
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;
    std::uint32_t identified_tokens = 0;
    std::uint32_t previous = kNoRequest;
    std::int64_t think_time = 0;  ///< ns
  };

  void reserve(std::size_t requests);
  void add_block(std::uint32_t block) { add_extent({block, 1}); }
  void add_extent(Extent extent) {
    const bool first_of_request = extents_.size() == extent_offsets_.back();
    if (!first_of_request && extents_.back().first + extents_.back().count == extent.first)
      extents_.back().count += extent.count;
    else
      extents_.push_back(extent);
  }
  /// The blocks of an earlier request, as the head of this one's.
  void repeat_blocks(std::uint32_t request);
  void add_request(const Request& request);
  void drop_blocks() { extents_.resize(extent_offsets_.back()); }

  [[nodiscard]] std::size_t size() const { return arrival_.size(); }

  /// Without blocks `block_tokens` is ignored. An empty origin.hash becomes the hash of the columns.
  [[nodiscard]] Trace finish(std::uint32_t block_tokens, std::uint32_t distinct_blocks, Trace::Origin origin) &&;

 private:
  std::vector<std::int64_t> arrival_;
  std::vector<std::uint32_t> prompt_tokens_;
  std::vector<std::uint32_t> output_tokens_;
  std::vector<std::uint32_t> identified_tokens_;
  std::vector<std::uint32_t> previous_;
  std::vector<std::int64_t> think_time_;
  std::vector<std::uint64_t> extent_offsets_{0};
  std::vector<Extent> extents_;
};

}  // namespace tiersim::traces
