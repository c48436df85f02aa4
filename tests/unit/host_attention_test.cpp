// The host's attention against a naive one in double precision, over ragged batches of randomly placed blocks.
#include <doctest/doctest.h>

#include "tests/support/host_reference.hpp"

using namespace tiersim;
using namespace tiersim::calib;
using namespace tiersim::test;

namespace {

const std::vector<AttentionShape> kShapes = {{.query_heads = 4, .kv_heads = 4, .head_dim = 64},
                                             {.query_heads = 8, .kv_heads = 2, .head_dim = 40},
                                             {.query_heads = 16, .kv_heads = 2, .head_dim = 128},
                                             {.query_heads = 3, .kv_heads = 1, .head_dim = 9, .block = 5}};

using Kernel = void (*)(Team&, const AttentionShape&, std::span<const PagedSequence>);

void check(Kernel kernel, const AttentionShape& shape, const std::vector<SequenceSize>& sizes, Rng& rng) {
  for (Team* team : teams()) {
    CAPTURE(shape.query_heads);
    CAPTURE(shape.head_dim);
    CAPTURE(team->size());
    CAPTURE(sizes[0].context);
    PagedBatch batch(*team, shape, sizes, rng);
    const auto sequences = batch.sequences();
    kernel(*team, shape, sequences);
    CHECK(relative_error(batch.output(), batch.reference()) < 1e-5);
  }
}

}  // namespace

TEST_CASE("is decode attention right where a context fills its last block, barely enters it, or lacks one token?") {
  Rng rng(5);
  for (const AttentionShape& shape : kShapes) {
    for (const std::int64_t context : {shape.block, shape.block + 1, 3 * shape.block - 1, std::int64_t{1}}) {
      check(decode_attention, shape, {{context}}, rng);
    }
  }
}

TEST_CASE("is decode attention right for ragged batches, cut between threads anywhere?") {
  Rng rng(6);
  for (const AttentionShape& shape : kShapes) {
    check(decode_attention, shape, {{7}, {150}, {1}, {33}}, rng);
    check(decode_attention, shape, {{213}}, rng);
  }
}

TEST_CASE(
    "is prefill attention right for whole prompts, for chunks behind a context, and for ragged batches of both?") {
  Rng rng(7);
  for (const AttentionShape& shape : kShapes) {
    check(prefill_attention, shape, {{50, 50}}, rng);
    check(prefill_attention, shape, {{177, 31}}, rng);
    check(prefill_attention, shape, {{16, 16}, {140, 1}, {1, 1}, {131, 130}}, rng);
  }
}

TEST_CASE("is the prefill of n tokens the same as n decodes?") {
  Rng rng(8);
  for (const AttentionShape& shape : kShapes) {
    Team& team = *teams().back();
    constexpr std::int64_t kTokens = 21;
    PagedBatch batch(team, shape, {{kTokens + 40, kTokens}}, rng);
    const auto sequences = batch.sequences();
    prefill_attention(team, shape, sequences);
    Floats decoded, one;
    for (std::int64_t query = 0; query < kTokens; ++query) {
      const auto last = batch.decode_of(query, one);
      decode_attention(team, shape, last);
      decoded.insert(decoded.end(), one.begin(), one.end());
    }
    CHECK(relative_error(batch.output(), {decoded.begin(), decoded.end()}) < 1e-5);
  }
}
