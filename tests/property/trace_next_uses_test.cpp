#include <doctest/doctest.h>

#include <vector>

#include "sim/core/rng.hpp"
#include "traces/readers.hpp"
#include "traces/trace_builder.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;

namespace {

/// Random requests over few blocks, so that repeats within a request happen too; ids by first touch.
Trace random_trace(Rng& rng) {
  TraceBuilder builder;
  std::uint32_t seen = 0;
  const std::uint64_t requests = 1 + rng.below(30);
  for (std::uint64_t r = 0; r < requests; ++r) {
    const std::uint64_t blocks = rng.below(12);
    for (std::uint64_t i = 0; i < blocks; ++i) {
      const auto block = static_cast<std::uint32_t>(rng.below(std::min<std::uint64_t>(seen + 1, 25)));
      seen = std::max(seen, block + 1);
      builder.add_block(block);
    }
    builder.add_request({.prompt_tokens = static_cast<std::uint32_t>(blocks * 4 + 1),
                         .output_tokens = 1,
                         .identified_tokens = static_cast<std::uint32_t>(blocks * 4)});
  }
  return std::move(builder).finish(4, seen, {});
}

std::vector<std::uint32_t> blocks_of(const Trace& trace, std::size_t request) {
  std::vector<std::uint32_t> blocks;
  for (const Extent& extent : trace.extents(RequestId(request)))
    for (std::uint32_t i = 0; i < extent.count; ++i) blocks.push_back(extent.first + i);
  return blocks;
}

/// By looking forward, block by block.
std::uint32_t naive_next(const Trace& trace, std::size_t request, std::size_t position) {
  const std::uint32_t block = blocks_of(trace, request)[position];
  for (std::size_t r = request; r < trace.size(); ++r) {
    const auto blocks = blocks_of(trace, r);
    for (std::size_t i = r == request ? position + 1 : 0; i < blocks.size(); ++i)
      if (blocks[i] == block) return static_cast<std::uint32_t>(r);
  }
  return kNoRequest;
}

}  // namespace

TEST_CASE("are next uses what looking forward finds, in as few runs as can be?") {
  Rng rng(11);
  for (int round = 0; round < 200; ++round) {
    const Trace trace = random_trace(rng);
    REQUIRE(validate(trace).empty());
    const NextUses uses = next_uses(trace);
    REQUIRE(uses.offsets.size() == trace.size() + 1);
    for (std::size_t r = 0; r < trace.size(); ++r) {
      std::size_t position = 0;
      std::uint32_t last = 0;
      for (const NextUse& run : uses.of(RequestId(r))) {
        REQUIRE((position == 0 || run.request != last));
        for (std::uint32_t i = 0; i < run.count; ++i) REQUIRE(run.request == naive_next(trace, r, position++));
        last = run.request;
      }
      REQUIRE(position == blocks_of(trace, r).size());
    }
  }
}
