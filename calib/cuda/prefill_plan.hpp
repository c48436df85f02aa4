#pragma once
/// In which order prefill attention's thread blocks take the rows of a batch: those with the longest way first.
///
/// A row is a new token and a query head of the group that shares a kv head: row = token x group + head within the
/// group. Rows near a sequence's end see the most tokens; started last, they would end long after all others.
#include <algorithm>
#include <vector>

#include "calib/cuda/paging.hpp"

namespace tiersim::calib {

inline constexpr int prefill_rows = 128;  ///< of one thread block

/// Rows first_row .. first_row + prefill_rows - 1 of a sequence.
struct PrefillPiece {
  int sequence = 0, first_row = 0;
};

/// The last token that any row of the piece sees.
inline int reach_of(const PrefillPiece& piece, const BatchSequence& sequence, int group) {
  const int last_row = std::min(piece.first_row + prefill_rows, sequence.queries * group) - 1;
  return sequence.context - sequence.queries + last_row / group;
}

inline std::vector<PrefillPiece> prefill_order(const std::vector<BatchSequence>& sequences, int group) {
  std::vector<PrefillPiece> pieces;
  for (int i = 0; i < static_cast<int>(sequences.size()); ++i) {
    const int rows = sequences[static_cast<std::size_t>(i)].queries * group;
    for (int first = 0; first < rows; first += prefill_rows) pieces.push_back({i, first});
  }
  const auto reach = [&](const PrefillPiece& piece) {
    return reach_of(piece, sequences[static_cast<std::size_t>(piece.sequence)], group);
  };
  std::stable_sort(pieces.begin(), pieces.end(),
                   [&](const PrefillPiece& a, const PrefillPiece& b) { return reach(a) > reach(b); });
  return pieces;
}

}  // namespace tiersim::calib
