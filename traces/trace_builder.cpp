#include "traces/trace_builder.hpp"

#include <utility>

#include "traces/hash.hpp"

namespace tiersim::traces {
namespace {

template <class T>
std::uint64_t chained(std::uint64_t seed, std::span<const T> column) {
  return hash_bytes(std::as_bytes(column), seed);
}

std::uint64_t hash_of(const Trace::Columns& columns) {
  std::uint64_t hash = chained(0, columns.arrival);
  for (auto column : {columns.prompt_tokens, columns.output_tokens, columns.identified_tokens, columns.previous})
    hash = chained(hash, column);
  return chained(chained(chained(hash, columns.think_time), columns.extent_offsets), columns.extents);
}

}  // namespace

void TraceBuilder::reserve(std::size_t requests) {
  arrival_.reserve(requests);
  prompt_tokens_.reserve(requests);
  output_tokens_.reserve(requests);
  identified_tokens_.reserve(requests);
  previous_.reserve(requests);
  think_time_.reserve(requests);
  extent_offsets_.reserve(requests + 1);
}

void TraceBuilder::repeat_blocks(std::uint32_t request) {
  // By index: add_extent may move the storage.
  for (std::uint64_t i = extent_offsets_[request]; i < extent_offsets_[request + 1]; ++i) {
    const Extent extent = extents_[i];
    add_extent(extent);
  }
}

void TraceBuilder::add_request(const Request& request) {
  arrival_.push_back(request.arrival);
  prompt_tokens_.push_back(request.prompt_tokens);
  output_tokens_.push_back(request.output_tokens);
  identified_tokens_.push_back(request.identified_tokens);
  previous_.push_back(request.previous);
  think_time_.push_back(request.think_time);
  extent_offsets_.push_back(extents_.size());
}

Trace TraceBuilder::finish(std::uint32_t block_tokens, std::uint32_t distinct_blocks, Trace::Origin origin) && {
  const auto owned = std::make_shared<const TraceBuilder>(std::move(*this));
  Trace::Columns columns;
  columns.arrival = owned->arrival_;
  columns.prompt_tokens = owned->prompt_tokens_;
  columns.output_tokens = owned->output_tokens_;
  columns.identified_tokens = owned->identified_tokens_;
  columns.previous = owned->previous_;
  columns.think_time = owned->think_time_;
  columns.extent_offsets = owned->extent_offsets_;
  columns.extents = owned->extents_;
  if (origin.hash.empty()) origin.hash = hash_text(hash_of(columns));
  return Trace(columns, distinct_blocks > 0 ? block_tokens : 0, distinct_blocks, std::move(origin), owned);
}

}  // namespace tiersim::traces
