#pragma once
/// What one layer's cache still holds, and what that takes: every change that a method makes goes through here, and all
/// bytes are counted here.
///
/// Query heads share index sets by the method's scope: one set for the layer, one for each KV head, or one for each
/// query head (then KV heads are repeated and bytes grow with query heads, as in the first releases of H2O and SnapKV).
/// A set holds positions, ascending; a position that was dropped never comes back. Each slot is a key and a value of
/// the head size, in 16 bits each unless encoded.
///
/// Called by methods (keep, metadata) and by the replay (append). O(size of the set) a change. Errors: InternalError
/// where a method keeps what the set does not hold.
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/units.hpp"
#include "traces/attention_dump.hpp"

namespace tiersim {

enum class Scope : std::uint8_t { layer, kv_head, query_head };

using Position = std::uint32_t;

class CacheEditor {
 public:
  CacheEditor(const traces::AttentionShape& shape, Scope scope);

  [[nodiscard]] const traces::AttentionShape& shape() const { return shape_; }
  [[nodiscard]] std::size_t sets() const { return slots_.size(); }
  [[nodiscard]] std::size_t set_of(std::int64_t head) const {
    return static_cast<std::size_t>(scope_ == Scope::layer     ? 0
                                    : scope_ == Scope::kv_head ? head / shape_.group()
                                                               : head);
  }
  /// The first query head of a set, and how many share it.
  [[nodiscard]] std::int64_t first_head(std::size_t set) const { return static_cast<std::int64_t>(set) * heads_a_set_; }
  [[nodiscard]] std::int64_t heads_a_set() const { return heads_a_set_; }
  [[nodiscard]] std::span<const Position> slots(std::size_t set) const { return slots_[set]; }

  /// A new token enters every set.
  void append(Position position);
  /// Drops all but these positions: a part of the set, ascending.
  void keep(std::size_t set, std::span<const Position> positions);
  /// Drops one.
  void drop(std::size_t set, Position position);
  /// Bytes beside the payload that the method keeps for the layer from now on.
  void metadata(Bytes bytes);

  /// Now: keys and values alone, and with metadata; the greatest since the start, the full prompt included.
  [[nodiscard]] Bytes nominal() const;
  [[nodiscard]] Bytes stored() const { return nominal() + metadata_; }
  [[nodiscard]] Bytes peak() const { return peak_; }

 private:
  void note_peak();

  traces::AttentionShape shape_;
  Scope scope_;
  std::int64_t heads_a_set_;
  std::vector<std::vector<Position>> slots_;  // by set
  std::int64_t held_ = 0;                     // slots over all sets
  Bytes metadata_{0}, peak_{0};
};

}  // namespace tiersim
