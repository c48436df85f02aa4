#pragma once
/// Naive double-precision references of the host's kernels, and random operands for them.
///
/// Used by the tests of calib/host. relative_error() is the largest difference over the largest reference value, as the
/// families state it. PagedBatch holds a ragged batch of sequences over a pool of blocks in random order; every element
/// of the pool that no token owns is NaN, so that reading past a context shows.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "calib/host/kernels.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::test {

using Floats = std::vector<float>;

inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

inline Floats random_floats(Rng& rng, std::int64_t count, double scale = 1.0) {
  Floats out(at(count));
  for (float& x : out) x = static_cast<float>(scale * rng.normal());
  return out;
}

inline double relative_error(const Floats& values, const std::vector<double>& reference) {
  if (values.size() != reference.size()) return std::numeric_limits<double>::infinity();
  double largest = 0, scale = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = std::abs(values[i] - reference[i]);
    if (std::isnan(difference)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, difference);
    scale = std::max(scale, std::abs(reference[i]));
  }
  return scale > 0 ? largest / scale : largest;
}

/// Teams of one thread and of as many as this machine gives (at most two).
std::vector<calib::Team*> teams();

struct SequenceSize {
  std::int64_t context = 0, queries = 1;
};

class PagedBatch {
 public:
  PagedBatch(calib::Team& team, const calib::AttentionShape& shape, std::vector<SequenceSize> sizes, Rng& rng);

  [[nodiscard]] std::vector<calib::PagedSequence> sequences();
  [[nodiscard]] const Floats& output() const { return output_; }
  void clear_output();
  /// Softmax of scaled dot products times values, query by query.
  [[nodiscard]] std::vector<double> reference() const;
  /// The same tokens as one new token a sequence: what decoding the last query of each sees.
  [[nodiscard]] std::vector<calib::PagedSequence> decode_of(std::int64_t query, Floats& output);

 private:
  void reference_of(std::size_t sequence, std::int64_t query, std::int64_t head, std::vector<double>& out) const;

  calib::AttentionShape shape_;
  std::vector<SequenceSize> sizes_;
  std::vector<Floats> keys_, values_, queries_;
  Floats pool_, output_;
  std::vector<std::vector<float*>> blocks_;
  std::vector<std::vector<const float*>> const_blocks_;
};

}  // namespace tiersim::test
