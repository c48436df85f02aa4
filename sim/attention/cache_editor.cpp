#include "sim/attention/cache_editor.hpp"

#include <algorithm>
#include <numeric>

#include "sim/core/diagnostics.hpp"

namespace tiersim {
namespace {

constexpr std::int64_t kBytesOfElement = 2;

std::int64_t heads_in_a_set(const traces::AttentionShape& s, Scope scope) {
  return scope == Scope::layer ? s.heads : scope == Scope::kv_head ? s.group() : 1;
}

}  // namespace

CacheEditor::CacheEditor(const traces::AttentionShape& shape, Scope scope)
    : shape_(shape), scope_(scope), heads_a_set_(heads_in_a_set(shape, scope)) {
  std::vector<Position> prompt(static_cast<std::size_t>(shape.prompt));
  std::iota(prompt.begin(), prompt.end(), Position{0});
  slots_.assign(static_cast<std::size_t>(shape.heads / heads_a_set_), prompt);
  held_ = static_cast<std::int64_t>(slots_.size()) * shape.prompt;
  note_peak();
}

void CacheEditor::note_peak() { peak_ = std::max(peak_, stored()); }

void CacheEditor::append(Position position) {
  for (std::vector<Position>& set : slots_) set.push_back(position);
  held_ += static_cast<std::int64_t>(slots_.size());
  note_peak();
}

void CacheEditor::keep(std::size_t set, std::span<const Position> positions) {
  std::vector<Position>& slots = slots_[set];
  ensure(std::includes(slots.begin(), slots.end(), positions.begin(), positions.end()),
         "an attention method keeps positions that the cache no longer holds, or not in their order");
  held_ -= static_cast<std::int64_t>(slots.size() - positions.size());
  slots.assign(positions.begin(), positions.end());
}

void CacheEditor::drop(std::size_t set, Position position) {
  std::vector<Position>& slots = slots_[set];
  const auto at = std::lower_bound(slots.begin(), slots.end(), position);
  ensure(at != slots.end() && *at == position, "an attention method drops a position that the cache does not hold");
  slots.erase(at);
  --held_;
}

void CacheEditor::metadata(Bytes bytes) {
  metadata_ += bytes;
  note_peak();
}

Bytes CacheEditor::nominal() const {
  // A set for the whole layer stands for every KV head.
  const std::int64_t heads_stored = scope_ == Scope::layer ? shape_.kv_heads : 1;
  return Bytes(held_ * heads_stored * 2 * shape_.head_size * kBytesOfElement);
}

}  // namespace tiersim
