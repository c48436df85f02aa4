#pragma once
/// How many distinct blocks were used since a block's last use, for LRU at every capacity at once (Mattson et al.,
/// 1970).
///
/// Called by miss-ratio curves. Uses get positions 0, 1, 2, ...; the last use of each block is a mark. Consecutive uses
/// whose blocks were last used at consecutive positions too (a stretch: a prefix used again) share one question: so
/// positions are asked, cleared and given in ranges. Marks are bits; a Fenwick tree over their words counts them. When
/// positions run out they are closed up, so cost and memory depend on the number of blocks alone.
///
/// O(log blocks + length / 64) a range; 4 B a block and 1.5 bits a position, of which there are three to six times as
/// many as blocks. Source of the use of stretches: measured here; of the tree: Olken, 1981.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tiersim {

class StackDistances {
 public:
  /// Ids of blocks are below `blocks`; no range is longer than `longest`.
  StackDistances(std::size_t blocks, std::size_t longest);

  static constexpr std::uint32_t kNever = UINT32_MAX;
  [[nodiscard]] std::uint32_t last_use(std::uint32_t block) const { return last_[block] - 1; }
  /// Blocks whose last use is after `position`.
  [[nodiscard]] std::uint64_t used_after(std::uint32_t position) const;
  /// [begin, begin + length) are last uses no more. Those that were none already stay so.
  void clear(std::uint32_t begin, std::uint32_t length);
  /// The first of `length` new positions, marked: the caller says which blocks they are with place(). May renumber
  /// positions: those read before are then void, so ask for room() first.
  std::uint32_t mark(std::uint32_t length);
  void place(std::uint32_t block, std::uint32_t position) { last_[block] = position + 1; }
  /// Makes sure that `length` positions can be marked without renumbering.
  void room(std::uint32_t length) {
    if (next_ + length > positions_) close_up();
  }
  [[nodiscard]] std::uint32_t next_position() const { return next_; }

 private:
  static constexpr std::uint32_t kWord = 64;

  void add(std::size_t word, std::int64_t change);
  /// Marks in the words before this one.
  [[nodiscard]] std::uint64_t before(std::size_t word) const;
  void close_up();

  std::uint32_t positions_, next_ = 0;
  std::uint64_t marks_ = 0;          // of all positions
  std::vector<std::uint32_t> last_;  // by block: position plus one, 0 for none
  std::vector<std::uint64_t> bits_;  // by position
  std::vector<std::uint32_t> tree_;  // Fenwick, over words, 1-based
};

}  // namespace tiersim
