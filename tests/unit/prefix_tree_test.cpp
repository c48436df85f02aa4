// The prefix tree of a trace: what comes before each engine block, and where it is in its sequence.
#include "sim/memory/prefix_tree.hpp"

#include <doctest/doctest.h>

#include "tests/support/small_system.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

constexpr std::uint32_t kNone = PrefixTree::kNone;

}  // namespace

TEST_CASE("does every block follow what it followed first?") {
  // Heads 0 1, then 0 1 2, 0 3, and 2 once more behind 3.
  const traces::Trace trace = make_trace({{0, 32, 1, {0, 1}}, {1, 48, 1, {0, 1, 2}}, {2, 48, 1, {0, 3, 2}}}, 16);
  const PrefixTree tree(trace, Tokens(16));
  CHECK(tree.parent(0) == kNone);
  CHECK(tree.parent(1) == 0);
  CHECK(tree.parent(2) == 1);
  CHECK(tree.parent(3) == 0);
  CHECK(tree.position(2) == 2);
  CHECK(tree.position(3) == 1);
}

TEST_CASE("are the engine blocks of a trace block a chain?") {
  const traces::Trace trace = make_trace({{0, 64, 1, {0, 1}}, {1, 64, 1, {0, 2}}, {2, 64, 1, {3, 4}}}, 32);
  const PrefixTree tree(trace, Tokens(8));  // four of a trace block
  CHECK(tree.parent(3) == 2);
  CHECK(tree.parent(4) == 3);  // trace block 1 behind 0
  CHECK(tree.parent(8) == 3);  // 2 behind 0
  CHECK(tree.parent(12) == kNone);
  CHECK(tree.parent(16) == 15);
  CHECK(tree.position(11) == 7);
  CHECK(tree.position(13) == 1);
}

TEST_CASE("which turn of its session is a request, along its own branch?") {
  traces::Trace trace = make_trace({{0}, {1, 1, 1, {}, 0}, {2, 1, 1, {}, 1}, {3, 1, 1, {}, 0}, {4}});
  CHECK(traces::turns_of(trace) == std::vector<std::uint32_t>{0, 1, 2, 1, 0});
  CHECK(traces::turns_of(make_trace({{0}, {1}})).empty());
}
