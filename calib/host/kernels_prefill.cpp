// Prefill attention over paged KV (flash attention): tiles of queries against tiles of keys, a softmax that is
// corrected as tiles pass, Eigen's products. The query heads of one KV head are rows of the same tile, so that keys and
// values are gathered from their blocks once for all of them. Threads take the next tile when they are done: causal
// tiles differ in length, and the longest of a sequence go first.
#include <Eigen/Core>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "calib/host/kernels.hpp"
#include "calib/host/parts.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kTileRows = 128;  // queries times query heads of a KV head
constexpr std::int64_t kTileKeys = 128;  // with the rows: half of a usual second-level cache

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<Matrix>;

/// One thread's tile: queries and running softmax of its rows, the keys or values at hand, their scores.
struct Tile {
  std::int64_t rows, dim;
  float *queries, *sums, *scores, *gathered, *tops, *totals;

  Tile(Scratch& scratch, std::int64_t most_rows, std::int64_t d) : rows(most_rows), dim(d) {
    queries = scratch.floats(rows * (2 * dim + kTileKeys + 2) + kTileKeys * dim);
    sums = queries + rows * dim;
    scores = sums + rows * dim;
    gathered = scores + rows * kTileKeys;
    tops = gathered + kTileKeys * dim;
    totals = tops + rows;
  }
  void clear() const {
    std::fill_n(sums, rows * dim, 0.0F);
    std::fill_n(tops, rows, -std::numeric_limits<float>::infinity());
    std::fill_n(totals, rows, 0.0F);
  }
};

class Prefill {
 public:
  Prefill(const AttentionShape& shape, const PagedSequence& sequence)
      : shape_(shape),
        sequence_(sequence),
        per_kv_(shape.query_heads / shape.kv_heads),
        tile_queries_(std::max(std::int64_t{1}, kTileRows / per_kv_)) {}

  /// Tiles of queries, times KV heads.
  [[nodiscard]] std::int64_t tasks() const {
    return (sequence_.queries + tile_queries_ - 1) / tile_queries_ * shape_.kv_heads;
  }

  /// Task 0 has the last queries, which see the most keys.
  void run(std::int64_t task) const {
    thread_local Scratch scratch;
    const std::int64_t head = task % shape_.kv_heads;
    const std::int64_t end = sequence_.queries - task / shape_.kv_heads * tile_queries_;
    const std::int64_t first = std::max(std::int64_t{0}, end - tile_queries_);
    const Tile tile(scratch, (end - first) * per_kv_, shape_.head_dim);
    tile.clear();
    load_queries(tile, head, first);
    const std::int64_t before = sequence_.context - sequence_.queries;
    const std::int64_t visible = before + end;  // to the last query of the tile
    for (std::int64_t key = 0; key < visible; key += kTileKeys) {
      const std::int64_t keys = std::min(kTileKeys, visible - key);
      gather(tile, head, key, keys);
      weigh(tile, keys, before + first - key + 1);
      gather(tile, head + shape_.kv_heads, key, keys);
      View(tile.sums, tile.rows, tile.dim).noalias() +=
          View(tile.scores, tile.rows, keys) * View(tile.gathered, keys, tile.dim);
    }
    store(tile, head, first);
  }

 private:
  [[nodiscard]] std::int64_t element(std::int64_t query, std::int64_t head) const {
    return (query * shape_.query_heads + head * per_kv_) * shape_.head_dim;
  }

  void load_queries(const Tile& tile, std::int64_t head, std::int64_t first) const {
    const float scale = 1.0F / std::sqrt(static_cast<float>(shape_.head_dim));
    const std::int64_t width = per_kv_ * tile.dim;
    for (std::int64_t i = 0; i < tile.rows / per_kv_; ++i) {
      const float* from = sequence_.query + element(first + i, head);
      for (std::int64_t j = 0; j < width; ++j) tile.queries[i * width + j] = scale * from[j];
    }
  }

  /// `part`: the KV head for keys, that plus the number of KV heads for values.
  void gather(const Tile& tile, std::int64_t part, std::int64_t first, std::int64_t count) const {
    for (std::int64_t i = 0; i < count;) {
      const std::int64_t at = first + i, inside = at % shape_.block;
      const std::int64_t run = std::min(shape_.block - inside, count - i);
      const float* block = sequence_.blocks[static_cast<std::size_t>(at / shape_.block)];
      std::copy_n(block + (part * shape_.block + inside) * tile.dim, run * tile.dim, tile.gathered + i * tile.dim);
      i += run;
    }
  }

  /// Scores become weights relative to the running maxima. The tile's first query sees `visible` of the keys (negative:
  /// none), the next one more.
  void weigh(const Tile& tile, std::int64_t keys, std::int64_t visible) const {
    View scores(tile.scores, tile.rows, keys);
    scores.noalias() = View(tile.queries, tile.rows, tile.dim) * View(tile.gathered, keys, tile.dim).transpose();
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      const std::int64_t seen = std::clamp(visible + row / per_kv_, std::int64_t{0}, keys);
      auto weights = scores.row(row).array();
      weights.tail(keys - seen) = 0.0F;
      if (seen == 0) continue;
      auto seen_weights = weights.head(seen);
      const float top = std::max(tile.tops[row], seen_weights.maxCoeff());
      const float factor = std::exp(tile.tops[row] - top);
      tile.tops[row] = top;
      seen_weights = (seen_weights - top).exp();
      tile.totals[row] = tile.totals[row] * factor + seen_weights.sum();
      if (factor != 1.0F) View(tile.sums, tile.rows, tile.dim).row(row) *= factor;
    }
  }

  void store(const Tile& tile, std::int64_t head, std::int64_t first) const {
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      float* to = sequence_.output + element(first, head) + row / per_kv_ * shape_.query_heads * tile.dim;
      Eigen::Map<Eigen::ArrayXf>(to + row % per_kv_ * tile.dim, tile.dim) =
          Eigen::Map<Eigen::ArrayXf>(tile.sums + row * tile.dim, tile.dim) / tile.totals[row];
    }
  }

  const AttentionShape& shape_;
  const PagedSequence& sequence_;
  std::int64_t per_kv_, tile_queries_;
};

}  // namespace

void prefill_attention(Team& team, const AttentionShape& shape, std::span<const PagedSequence> batch) {
  std::atomic<std::int64_t> next{0};
  const auto work = [&](int /*rank*/) {
    const auto take = [&] { return next.fetch_add(1, std::memory_order_relaxed); };
    std::int64_t task = take();
    std::int64_t first = 0;  // task of the sequence
    for (const PagedSequence& sequence : batch) {
      const Prefill prefill(shape, sequence);
      for (; task < first + prefill.tasks(); task = take()) prefill.run(task - first);
      first += prefill.tasks();
    }
  };
  team.run(std::cref(work));
}

}  // namespace tiersim::calib
