// A trace as the engine sees it: its blocks cut to the engine's size.
#include "sim/serving/workload.hpp"

#include <doctest/doctest.h>

#include <set>

#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using tests::make_trace;

namespace {

std::vector<std::uint32_t> names(const Workload& w, int request, std::int64_t count) {
  std::vector<BlockId> blocks;
  w.append_blocks(RequestId(request), count, blocks);
  std::vector<std::uint32_t> out;
  for (BlockId b : blocks) out.push_back(b.value());
  return out;
}

using Ids = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("does a trace block of T tokens become T / B consecutive engine blocks?") {
  const traces::Trace trace = make_trace({{.prompt = 64, .blocks = {0, 1}}, {.prompt = 96, .blocks = {0, 2, 1}}}, 32);
  const Workload w(trace, 16_tok);
  CHECK(w.distinct_blocks() == 6);
  CHECK(names(w, 0, 4) == Ids{0, 1, 2, 3});
  CHECK(names(w, 1, 6) == Ids{0, 1, 4, 5, 2, 3});
  CHECK(names(w, 1, 3) == Ids{0, 1, 4});
  CHECK(names(w, 1, 0).empty());
}

TEST_CASE("are only full engine blocks with an identity named?") {
  // 40 tokens of prompt and 30 of answer; the trace identifies 2 blocks of 32, so 64 tokens.
  const traces::Trace trace = make_trace({{.prompt = 40, .output = 30, .blocks = {0, 1}}}, 32);
  const Workload w(trace, 16_tok);
  CHECK(w.named_blocks(RequestId(0), 40) == 2);
  CHECK(w.named_blocks(RequestId(0), 47) == 2);
  CHECK(w.named_blocks(RequestId(0), 48) == 3);
  CHECK(w.named_blocks(RequestId(0), 70) == 4);
  CHECK(w.blocks_for(40) == 3);
  CHECK(w.blocks_for(48) == 3);
  CHECK(w.blocks_for(0) == 0);
}

TEST_CASE("does a partial last trace block count its full engine blocks alone?") {
  // 100 tokens of a prompt in one block of 512: the block identifies 100, which are 6 full blocks of 16.
  const traces::Trace trace = make_trace({{.prompt = 100, .blocks = {0}}}, 512);
  const Workload w(trace, 16_tok);
  CHECK(trace.identified_tokens(RequestId(0)) == 101);  // prompt and answer, as far as the block reaches
  CHECK(w.named_blocks(RequestId(0), 100) == 6);
  CHECK(w.distinct_blocks() == 32);
}

TEST_CASE("is the KV of the last token never counted?") {
  const traces::Trace trace = make_trace({{.prompt = 16, .output = 1}, {.prompt = 16, .output = 2}});
  const Workload w(trace, 16_tok);
  CHECK(w.most_blocks(RequestId(0)) == 1);
  CHECK(w.most_blocks(RequestId(1)) == 2);
  CHECK(w.distinct_blocks() == 0);
  CHECK(names(w, 0, w.named_blocks(RequestId(0), 16)).empty());
}

TEST_CASE("are private ids above all names, and no two requests' the same?") {
  const traces::Trace trace =
      make_trace({{.prompt = 40, .output = 9, .blocks = {0}}, {.prompt = 16, .output = 1, .blocks = {1}}}, 16);
  const Workload w(trace, 16_tok);
  std::set<std::uint32_t> seen;
  for (int r = 0; r < 2; ++r) {
    for (std::int64_t i = 0; i < w.most_blocks(RequestId(r)); ++i) {
      const BlockId b = w.private_block(RequestId(r), i);
      CHECK(b.index() >= w.distinct_blocks());
      CHECK(seen.insert(b.value()).second);
    }
  }
}

TEST_CASE("is it known when 32 bits do not number all blocks?") {
  const std::uint32_t large = 3'000'000'000U;
  CHECK(ids_fit(make_trace({{.prompt = large, .output = 1}}), 16_tok));
  CHECK_FALSE(ids_fit(make_trace({{.prompt = large, .output = 1}, {.prompt = large, .output = 1}}), 1_tok));
}
