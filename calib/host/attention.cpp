// Attention over paged KV as the engines run it: decode (one new token a sequence, ragged contexts) and prefill (chunks
// of new tokens behind a context), grouped-query heads of published models. The KV is cold and its blocks lie anywhere
// in a pool, as is the place of the outputs; queries are warm. Work by the usual counts: 4 FLOPs a score and head
// element, queries and outputs once, keys and values once.
#include <algorithm>
#include <cmath>
#include <set>

#include "calib/host/cold_pool.hpp"
#include "calib/host/families.hpp"
#include "calib/host/host_models.hpp"
#include "calib/host/kernels.hpp"
#include "calib/host/paged_turns.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kBlock = 16;            // tokens
constexpr std::int64_t kMostKv = 256LL << 20;  // B: some hundredths of a second
constexpr double kMostFlops = 1e10;            // about a tenth of a second on two processors
constexpr std::size_t kDraws = 100;            // at most, for a fresh point
constexpr int kLooks = 6;                      // queries of one head that a check computes
constexpr std::uint64_t kSeed = 0x617474656e64;

struct Kernel {
  std::string_view name;
  void (*run)(Team& team, const AttentionShape& shape, std::span<const PagedSequence> batch);
  std::vector<std::int64_t> sequences, queries, before;  // queries of a sequence, and tokens before these
  std::size_t every;                                     // of all combinations one in so many is on the grid
};

const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> all = {
      {"decode_attention", decode_attention, {1, 2, 4, 8, 16, 32}, {1}, {63, 255, 1023, 4095, 16383}, 4},
      {"prefill_attention", prefill_attention, {1, 4}, {16, 64, 256, 1024}, {0, 256, 1024, 4096}, 5}};
  return all;
}

const Kernel& kernel_of(const Point& point) { return point.kernel == kernels()[0].name ? kernels()[0] : kernels()[1]; }

std::int64_t whole(const Point& point, std::string_view name) { return static_cast<std::int64_t>(point.at(name)); }

AttentionShape shape_of(const HostModel& model) {
  return {.query_heads = model.query_heads, .kv_heads = model.kv_heads, .head_dim = model.head_dim, .block = kBlock};
}

AttentionShape shape_of(const Point& point) {
  return {.query_heads = whole(point, "heads"),
          .kv_heads = whole(point, "kv_heads"),
          .head_dim = whole(point, "k"),
          .block = whole(point, "block")};
}

Point point_of(const Kernel& kernel, const AttentionShape& shape, std::int64_t sequences, std::int64_t queries,
               std::int64_t before) {
  const auto value = [](std::int64_t x) { return static_cast<double>(x); };
  return {"attention",
          std::string(kernel.name),
          "fp32",
          {{"m", value(sequences * queries)},
           {"n", value(sequences * (before + queries))},
           {"k", value(shape.head_dim)},
           {"sequences", value(sequences)},
           {"heads", value(shape.query_heads)},
           {"kv_heads", value(shape.kv_heads)},
           {"block", value(shape.block)}}};
}

/// Decode: contexts from a third to three times of each other that add up to n. Prefill: equal chunks.
SequenceLengths lengths_of(const Point& point) {
  const std::int64_t sequences = whole(point, "sequences"), m = whole(point, "m"), n = whole(point, "n");
  const bool ragged = point.kernel == "decode_attention";
  Rng rng(kSeed);
  std::vector<double> ends{0};
  for (std::int64_t i = 0; i < sequences; ++i) ends.push_back(ends.back() + (ragged ? 0.5 + rng.uniform() : 1));
  SequenceLengths lengths;
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    const auto cut = [&](std::size_t at) { return std::llround(static_cast<double>(n) * ends[at] / ends.back()); };
    lengths.push_back({cut(i + 1) - cut(i), m / sequences});
  }
  return lengths;
}

double flops_of(const Point& point) {
  double scores = 0;
  for (const SequenceLength& length : lengths_of(point)) {
    const auto queries = static_cast<double>(length.queries), before = static_cast<double>(length.context) - queries;
    scores += queries * before + queries * (queries + 1) / 2;
  }
  return 4 * scores * point.at("heads") * point.at("k");
}

double kv_bytes_of(const Point& point) { return 2 * 4 * point.at("n") * point.at("kv_heads") * point.at("k"); }

double bytes_of(const Point& point) {
  return kv_bytes_of(point) + 2 * 4 * point.at("m") * point.at("heads") * point.at("k");
}

/// One query of one head in double precision, against what the kernel wrote.
double error_of(const AttentionShape& shape, const PagedSequence& sequence, std::int64_t query, std::int64_t head) {
  const std::int64_t kv_head = head / (shape.query_heads / shape.kv_heads), dim = shape.head_dim;
  const std::int64_t seen = sequence.context - sequence.queries + query + 1;
  const std::int64_t at = (query * shape.query_heads + head) * dim;
  std::vector<double> sums(static_cast<std::size_t>(dim));
  double total = 0;
  for (std::int64_t token = 0; token < seen; ++token) {
    const float* block = sequence.blocks[static_cast<std::size_t>(token / shape.block)];
    const float* key = block + (kv_head * shape.block + token % shape.block) * dim;
    const float* value = key + shape.kv_heads * shape.block * dim;
    double score = 0;
    for (std::int64_t i = 0; i < dim; ++i) score += static_cast<double>(sequence.query[at + i]) * key[i];
    const double weight = std::exp(score / std::sqrt(static_cast<double>(dim)));
    total += weight;
    for (std::int64_t i = 0; i < dim; ++i) sums[static_cast<std::size_t>(i)] += weight * value[i];
  }
  double error = 0, largest = 0;
  for (std::int64_t i = 0; i < dim; ++i) {
    const double expected = sums[static_cast<std::size_t>(i)] / total;
    error = std::max(error, std::abs(expected - static_cast<double>(sequence.output[at + i])));
    largest = std::max(largest, std::abs(expected));
  }
  return error / largest;
}

double error_of(const AttentionShape& shape, std::span<const PagedSequence> batch) {
  Rng rng(kSeed);
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(n)));
  };
  double error = 0;
  for (int look = 0; look < kLooks; ++look) {
    const PagedSequence& sequence = batch[rng.below(batch.size())];
    error = std::max(error, error_of(shape, sequence, below(sequence.queries), below(shape.query_heads)));
  }
  return error;
}

class Attention final : public Family {
 public:
  explicit Attention(const HostSetup& setup)
      : team_(setup.team), pool_(setup.team, setup.memory_bytes / 2), outputs_(setup.team, setup.memory_bytes / 4) {}

  std::string_view name() const override { return "attention"; }
  std::string_view what() const override {
    return "decode (ragged) and prefill attention over cold paged KV, heads of nine models, fp32";
  }

  std::vector<Point> grid() const override {
    std::vector<Point> points;
    for (const Kernel& kernel : kernels()) {
      std::vector<Point> series = series_of(kernel);
      std::stable_sort(series.begin(), series.end(),
                       [](const Point& a, const Point& b) { return flops_of(a) < flops_of(b); });
      points.insert(points.end(), series.begin(), series.end());
    }
    return points;
  }

  std::vector<Point> fresh(Rng& rng, std::size_t count) const override {
    std::set<std::string> taken;
    for (const Point& p : grid()) taken.insert(p.key());
    const auto drawn = [&](const std::vector<std::int64_t>& values) {
      const SizeRange range{std::max<std::int64_t>(1, values.front()), values.back(), 1};
      return fresh_size(rng, range, {}).value_or(values.front());
    };
    std::vector<Point> points;
    for (std::size_t i = 0; i < kDraws * count && points.size() < count; ++i) {
      const Kernel& kernel = kernels()[rng.below(kernels().size())];
      const AttentionShape shape = shape_of(kHostModels[rng.below(kHostModels.size())]);
      const std::int64_t sequences = drawn(kernel.sequences), queries = drawn(kernel.queries);
      const Point point = point_of(kernel, shape, sequences, queries, drawn(kernel.before));
      if (fits(point) && taken.insert(point.key()).second) points.push_back(point);
    }
    return points;
  }

  Estimate estimate(const Point& point) const override {
    constexpr double kFlops = 25e9, kBytes = 10e9, kStart = 5e-6;
    return {kStart + std::max(flops_of(point) / (kFlops * team_->size()), bytes_of(point) / kBytes), 1e-2};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    const Kernel& kernel = kernel_of(point);
    const AttentionShape shape = shape_of(point);
    const SequenceLengths lengths = lengths_of(point);
    const std::int64_t block_bytes = shape.block_elements() * static_cast<std::int64_t>(sizeof(float));
    PagedTurns turns(shape, lengths, pool_.at_least(blocks_of(lengths, shape.block) * block_bytes),
                     outputs_.at_least(outputs_of(shape, lengths)));
    kernel.run(*team_, shape, turns.current());
    const double check = error_of(shape, turns.current());
    const Timing timing = repeat(effort, [&](std::int64_t count) {
      return seconds_of([&] {
        for (std::int64_t i = 0; i < count; ++i) kernel.run(*team_, shape, turns.next());
      });
    });
    return sample_of(point, flops_of(point), bytes_of(point), timing, check);
  }

  void release() override { pool_.release(), outputs_.release(); }

 private:
  /// A last block of each sequence is partly empty.
  bool fits(const Point& point) const {
    const double most = static_cast<double>(std::min(kMostKv, pool_.most_bytes()));
    const double rounding = 1 + point.at("sequences") * point.at("block") / point.at("n");
    const double outputs = 4 * point.at("m") * point.at("heads") * point.at("k");
    return flops_of(point) <= kMostFlops && kv_bytes_of(point) * rounding <= most &&
           outputs <= static_cast<double>(outputs_.most_bytes());
  }

  /// One in `every` of all combinations, such that every size of each parameter comes up.
  std::vector<Point> series_of(const Kernel& kernel) const {
    std::vector<Point> points;
    for (std::size_t h = 0; h < kHostModels.size(); ++h) {
      for (std::size_t s = 0; s < kernel.sequences.size(); ++s) {
        for (std::size_t q = 0; q < kernel.queries.size(); ++q) {
          for (std::size_t b = 0; b < kernel.before.size(); ++b) {
            const Point point =
                point_of(kernel, shape_of(kHostModels[h]), kernel.sequences[s], kernel.queries[q], kernel.before[b]);
            if ((h + s + q + b) % kernel.every != 0 || !fits(point)) continue;
            if (std::find(points.begin(), points.end(), point) == points.end()) points.push_back(point);
          }
        }
      }
    }
    return points;
  }

  std::shared_ptr<Team> team_;
  ColdPool pool_, outputs_;
};

}  // namespace

std::unique_ptr<Family> attention_family(const HostSetup& setup) { return std::make_unique<Attention>(setup); }

}  // namespace tiersim::calib
