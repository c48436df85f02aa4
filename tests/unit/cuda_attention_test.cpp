// What the attention microkernels compute before they reach a GPU: layout, splits, order, sizes.
#include <doctest/doctest.h>

#include <numeric>
#include <set>

#include "calib/cuda/attention_points.hpp"
#include "calib/cuda/prefill_plan.hpp"
#include "calib/cuda/split_plan.hpp"

using namespace tiersim;
using namespace tiersim::calib;

namespace {

std::int64_t sum_of(const std::vector<int>& values) { return std::accumulate(values.begin(), values.end(), 0LL); }

/// What a perfectly even schedule would take, in tokens.
double ideal(const std::vector<int>& contexts, int kv_heads, int places) {
  return static_cast<double>(sum_of(contexts) * kv_heads) / places + split_overhead;
}

}  // namespace

TEST_CASE("does every element of a paged pool have its own place, and a head's keys of a block lie together?") {
  const PagedShape shape{8, 2, 4, 16};
  std::set<std::int64_t> places;
  for (int block = 0; block < 3; ++block) {
    for (int part = 0; part < 2; ++part) {
      for (int head = 0; head < shape.kv_heads; ++head) {
        for (int token = 0; token < shape.block; ++token) {
          const std::int64_t at = shape.at(block, part, head, token);
          CHECK(at == shape.at(block, part, head, 0) + token * shape.head_dim);
          for (int element = 0; element < shape.head_dim; ++element) places.insert(at + element);
        }
      }
    }
  }
  CHECK(places.size() == static_cast<std::size_t>(3 * shape.block_elements()));
  CHECK(*places.begin() == 0);
  CHECK(*places.rbegin() == 3 * shape.block_elements() - 1);
}

TEST_CASE("are the operations of causal attention those of counting every pair?") {
  const PagedShape shape{4, 2, 8, 16};
  BatchSequence sequence;
  sequence.context = 37;
  sequence.queries = 5;
  double pairs = 0;
  for (int query = 32; query < 37; ++query) pairs += query + 1;
  CHECK(attention_flops(shape, sequence) == pairs * 4 * shape.query_heads * shape.head_dim);
}

TEST_CASE("do splits cover every token of every sequence once, on boundaries of tiles?") {
  Rng rng(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<int> contexts;
    for (std::uint64_t i = rng.below(20) + 1; i > 0; --i) contexts.push_back(static_cast<int>(rng.below(5000)) + 1);
    const SplitPlan plan = plan_splits(contexts, 8, 264);
    std::vector<int> reached(contexts.size(), 0), pieces(contexts.size(), 0);
    for (const ContextSplit& split : plan.splits) {
      const auto sequence = static_cast<std::size_t>(split.sequence);
      CHECK(split.first == reached[sequence]);
      CHECK(split.first % split_grain == 0);
      CHECK(split.last > split.first);
      if (split.partial >= 0) CHECK(split.partial == plan.first_partial[sequence] + pieces[sequence]++);
      reached[sequence] = split.last;
    }
    CHECK(reached == contexts);
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      CHECK(plan.first_partial[i + 1] - plan.first_partial[i] == pieces[i]);
    }
  }
}

TEST_CASE("do splits of 64 Ki tokens and more keep the device busy, one sequence or many, even or ragged?") {
  constexpr int kPlaces = 264;
  for (const int sequences : {1, 3, 8, 61, 256}) {
    for (const bool ragged : {false, true}) {
      const auto contexts = spread_contexts(sequences, (1 << 19) / sequences, ragged);
      const SplitPlan plan = plan_splits(contexts, 8, kPlaces);
      CAPTURE(sequences);
      CAPTURE(plan.tokens);
      CHECK(static_cast<double>(makespan(contexts, 8, kPlaces, plan.tokens)) < 1.15 * ideal(contexts, 8, kPlaces));
    }
  }
}

TEST_CASE("is a short batch left whole?") {
  const SplitPlan plan = plan_splits(std::vector<int>(256, 128), 8, 264);
  CHECK(plan.splits.size() == 256);
  CHECK(plan.partials() == 0);
}

TEST_CASE("does prefill take every row once, those that see most first?") {
  BatchSequence first, second;
  first.context = 5000, first.queries = 300;
  second.context = 700, second.queries = 700;
  const std::vector<BatchSequence> sequences{first, second};
  constexpr int kGroup = 7;
  std::vector<std::set<int>> seen(2);
  int last = 1 << 30;
  for (const PrefillPiece& piece : prefill_order(sequences, kGroup)) {
    const auto& sequence = sequences[static_cast<std::size_t>(piece.sequence)];
    CHECK(reach_of(piece, sequence, kGroup) <= last);
    last = reach_of(piece, sequence, kGroup);
    CHECK(last < sequence.context);
    CHECK(seen[static_cast<std::size_t>(piece.sequence)].insert(piece.first_row).second);
  }
  CHECK(seen[0].size() == (300 * kGroup + prefill_rows - 1) / prefill_rows);
  CHECK(seen[1].size() == (700 * kGroup + prefill_rows - 1) / prefill_rows);
}

TEST_CASE("do attention's points say what their batches hold, and are they all different?") {
  constexpr double kRoom = 60e9;
  std::vector<Point> points = decode_grid(kRoom);
  for (Point& point : prefill_grid(kRoom)) points.push_back(std::move(point));
  std::set<std::string> keys;
  for (const Point& point : points) {
    double contexts = 0, queries = 0;
    for (const BatchSequence& sequence : sequences_of(point)) contexts += sequence.context, queries += sequence.queries;
    CHECK(contexts == point.at("n"));
    CHECK(queries == point.at("m"));
    CHECK(is_feasible(point, kRoom));
    CHECK(shape_of(point).group() <= 16);
    keys.insert(point.kernel + std::to_string(point.at("m")) + "/" + std::to_string(point.at("n")) + "/" +
                std::to_string(point.at("heads")) + "/" + std::to_string(point.at("kv_heads")) + "/" +
                std::to_string(point.at("k")) + "/" + std::to_string(point.at("sequences")));
  }
  CHECK(keys.size() == points.size());
  CHECK(points.size() > 200);
}

TEST_CASE("do fresh attention sizes fit a small GPU too?") {
  Rng rng(5);
  for (int i = 0; i < 20; ++i) {
    CHECK(is_feasible(fresh_decode(rng, 2e9), 2e9));
    CHECK(is_feasible(fresh_prefill(rng, 2e9), 2e9));
  }
}
