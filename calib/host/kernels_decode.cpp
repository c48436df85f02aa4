// Decode attention over paged KV (flash decoding): one new token a sequence, a softmax that is corrected as blocks
// pass, and every thread the same number of blocks, wherever that cuts a sequence; cut parts are merged by their maxima
// and sums. A block's keys and values of one head are read once for all query heads that share them, and those of a
// later block are fetched meanwhile: blocks lie anywhere, so that the processor's own prefetching starts anew with
// each.
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "calib/host/kernels.hpp"
#include "calib/host/parts.hpp"
#include "calib/host/thin_product.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kLineElements = 16;
constexpr std::int64_t kAhead = 2;  // blocks from the one at hand to the one that is fetched
constexpr std::int64_t kStep = 4;   // tokens: a tile of the products, and a few lines to fetch

using Row = Eigen::Map<Eigen::ArrayXf>;

/// The running softmax of the query heads of one KV head: maxima, sums of exponentials, weighted sums of values.
struct Partial {
  std::int64_t heads, dim;
  float* memory;

  [[nodiscard]] static std::int64_t elements(std::int64_t heads, std::int64_t dim) { return heads * (dim + 2); }
  [[nodiscard]] float& top(std::int64_t head) const { return memory[head]; }
  [[nodiscard]] float& sum(std::int64_t head) const { return memory[heads + head]; }
  [[nodiscard]] float* values(std::int64_t head) const { return memory + 2 * heads + head * dim; }

  void clear() const {
    std::fill_n(memory, heads, -std::numeric_limits<float>::infinity());
    std::fill_n(memory + heads, heads * (dim + 1), 0.0F);
  }
  /// Raises a head's maximum to `score` at least.
  void raise(std::int64_t head, float score) const {
    if (score <= top(head)) return;
    const float factor = std::exp(top(head) - score);
    top(head) = score;
    sum(head) *= factor;
    Row(values(head), dim) *= factor;
  }
  void merge(const Partial& other) const {
    for (std::int64_t head = 0; head < heads; ++head) {
      raise(head, other.top(head));
      const float factor = std::exp(other.top(head) - top(head));
      sum(head) += factor * other.sum(head);
      Row(values(head), dim) += factor * Row(other.values(head), dim);
    }
  }
  void write(float* output) const {
    for (std::int64_t head = 0; head < heads; ++head) {
      Row(output + head * dim, dim) = Row(values(head), dim) * (1.0F / sum(head));
    }
  }
};

/// A sequence's KV head: what is computed together.
struct Group {
  std::int64_t sequence = -1, head = 0;
  friend bool operator==(const Group&, const Group&) = default;
};

class Decode {
 public:
  Decode(Team& team, const AttentionShape& shape, std::span<const PagedSequence> batch)
      : team_(team), shape_(shape), batch_(batch), per_kv_(shape.query_heads / shape.kv_heads) {}

  void run() {
    // What a thread's range cuts is at most the first and the last group of it.
    thread_local Scratch scratch;
    thread_local std::vector<Group> cuts;
    partials_ = scratch.floats(2 * team_.size() * Partial::elements(per_kv_, shape_.head_dim));
    cuts.assign(static_cast<std::size_t>(2 * team_.size()), Group{});
    cuts_ = cuts.data();
    std::int64_t blocks = 0;
    for (const PagedSequence& sequence : batch_) blocks += blocks_of(sequence) * shape_.kv_heads;
    const auto work = [&](int rank) { attend(rank, share_of(blocks, 1, rank, team_.size())); };
    team_.run(std::cref(work));
    merge_cuts();
  }

 private:
  [[nodiscard]] std::int64_t blocks_of(const PagedSequence& sequence) const {
    return (sequence.context + shape_.block - 1) / shape_.block;
  }
  [[nodiscard]] std::int64_t head_elements() const { return shape_.block * shape_.head_dim; }
  [[nodiscard]] Partial partial(int slot) const {
    return {per_kv_, shape_.head_dim, partials_ + slot * Partial::elements(per_kv_, shape_.head_dim)};
  }
  [[nodiscard]] std::int64_t first_query(const Group& group) const { return group.head * per_kv_ * shape_.head_dim; }

  /// The blocks of `share`, counted over sequences, KV heads and blocks in that order.
  void attend(int rank, Share share) const {
    std::int64_t first = 0;  // of the group
    int slot = 2 * rank;
    for (std::int64_t s = 0; s < static_cast<std::int64_t>(batch_.size()); ++s) {
      const std::int64_t blocks = blocks_of(batch_[static_cast<std::size_t>(s)]);
      for (std::int64_t head = 0; head < shape_.kv_heads; ++head, first += blocks) {
        const Share run{std::max(share.begin - first, std::int64_t{0}), std::min(share.end - first, blocks)};
        if (run.begin >= run.end) continue;
        const Group group{s, head};
        attend(group, run, partial(slot));
        if (run.end - run.begin < blocks) {
          cuts_[slot++] = group;
        } else {
          partial(slot).write(batch_[static_cast<std::size_t>(s)].output + first_query(group));
        }
      }
    }
  }

  void attend(const Group& group, Share run, const Partial& partial) const {
    const PagedSequence& sequence = batch_[static_cast<std::size_t>(group.sequence)];
    const auto keys_of = [&](std::int64_t i) {
      return sequence.blocks[static_cast<std::size_t>(i)] + group.head * head_elements();
    };
    const std::int64_t to_values = shape_.kv_heads * head_elements();
    partial.clear();
    for (std::int64_t i = run.begin; i < run.end; ++i) {
      const std::int64_t tokens = std::min(shape_.block, sequence.context - i * shape_.block);
      const float* next = keys_of(std::min(i + kAhead, run.end - 1));
      score(sequence.query + first_query(group), keys_of(i), next, tokens);
      weigh(tokens, partial);
      sum(keys_of(i) + to_values, next + to_values, tokens, partial);
    }
  }

  /// Query heads x tokens of one block, while a later block's keys are fetched.
  void score(const float* query, const float* keys, const float* next, std::int64_t tokens) const {
    const std::int64_t dim = shape_.head_dim;
    for (std::int64_t t = 0; t < tokens; t += kStep) {
      const std::int64_t count = std::min(kStep, tokens - t);
      fetch(next + t * dim, count * dim);
      thin_product(per_kv_, count, dim, query, dim, keys + t * dim, dim, scores() + t, tokens);
    }
  }

  /// Of one block: scores become weights relative to the running maxima.
  void weigh(std::int64_t tokens, const Partial& partial) const {
    const float scale = 1.0F / std::sqrt(static_cast<float>(shape_.head_dim));
    for (std::int64_t head = 0; head < per_kv_; ++head) {
      Row row(scores() + head * tokens, tokens);
      partial.raise(head, row.maxCoeff() * scale);
      row = row * scale - partial.top(head);
    }
    Row all(scores(), per_kv_ * tokens);
    all = all.exp();
    for (std::int64_t head = 0; head < per_kv_; ++head)
      partial.sum(head) += Row(all.data() + head * tokens, tokens).sum();
  }

  /// Adds the weighted values of one block, while a later block's are fetched.
  void sum(const float* values, const float* next, std::int64_t tokens, const Partial& partial) const {
    const std::int64_t dim = shape_.head_dim;
    for (std::int64_t t = 0; t < tokens; t += kStep) {
      const std::int64_t count = std::min(kStep, tokens - t);
      fetch(next + t * dim, count * dim);
      thin_sum(per_kv_, dim, count, scores() + t, tokens, values + t * dim, dim, partial.values(0), dim);
    }
  }

  /// Into the second-level cache: the first has too few misses in flight to keep memory busy.
  static void fetch(const float* from, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += kLineElements) __builtin_prefetch(from + i, 0, 2);
  }

  /// This thread's scores of one block: query heads x tokens.
  [[nodiscard]] float* scores() const {
    thread_local Scratch scratch;
    return scratch.floats(per_kv_ * shape_.block);
  }

  void merge_cuts() const {
    const int slots = 2 * team_.size();
    for (int slot = 0; slot < slots;) {
      const Group group = cuts_[slot];
      const Partial sum = partial(slot++);
      if (group.sequence < 0) continue;
      for (; slot < slots && (cuts_[slot] == group || cuts_[slot].sequence < 0); ++slot) {
        if (cuts_[slot] == group) sum.merge(partial(slot));
      }
      sum.write(batch_[static_cast<std::size_t>(group.sequence)].output + first_query(group));
    }
  }

  Team& team_;
  const AttentionShape& shape_;
  std::span<const PagedSequence> batch_;
  std::int64_t per_kv_;  // query heads
  float* partials_ = nullptr;
  Group* cuts_ = nullptr;  // two a thread; those without a sequence are unused
};

}  // namespace

void decode_attention(Team& team, const AttentionShape& shape, std::span<const PagedSequence> batch) {
  Decode(team, shape, batch).run();
}

}  // namespace tiersim::calib
