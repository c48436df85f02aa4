// The lazy decode set against a plain list of sequences that are all stepped one by one.
#include "sim/serving/decode_set.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/support/random_serving.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

struct Plain {
  SlotId slot;
  std::uint64_t order = 0;
  std::int64_t context = 0, remaining = 0;
  DecodeSet::Member member;
};

void check_counts(const DecodeSet& set, const std::vector<Plain>& plain, std::int64_t block, std::int64_t window) {
  std::int64_t attended = 0, in_window = 0, longest = 0, needing = 0, next_finish = INT64_MAX;
  for (const Plain& p : plain) {
    attended += p.context + 1;
    longest = std::max(longest, p.context + 1);
    in_window += std::min(window, p.context + 1);
    needing += p.context % block == 0;
    next_finish = std::min(next_finish, p.remaining);
    REQUIRE(set.context_of(p.member) == p.context);
    REQUIRE(set.needs_block(p.member) == (p.context % block == 0));
  }
  REQUIRE(set.size() == static_cast<std::int64_t>(plain.size()));
  REQUIRE(set.attended() == attended);
  REQUIRE(set.longest() == longest);
  REQUIRE(set.attended_in_window() == in_window);
  REQUIRE(set.needing_block() == needing);
  REQUIRE(set.steps_to_finish() == next_finish);
}

/// One step: everybody gets a token, and those that have all of theirs go, the first to have joined first.
void step(DecodeSet& set, std::vector<Plain>& plain) {
  set.advance();
  for (Plain& p : plain) ++p.context, --p.remaining;
  for (auto p = plain.begin(); p != plain.end();) {
    if (p->remaining > 0) {
      ++p;
      continue;
    }
    REQUIRE(set.pop_finished() == p->slot);
    set.remove_counts(p->member);
    p = plain.erase(p);
  }
  REQUIRE(set.pop_finished().is_none());
}

}  // namespace

TEST_CASE("does the decode set count what a plain list of sequences counts?") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed ", seed);
    Rng rng(seed);
    const std::int64_t block = between(rng, 1, 17);
    const std::int64_t window = static_cast<std::int64_t>(seed % 4) * 31;  // none, shorter and longer than contexts
    DecodeSet set(block, Tokens(window));
    std::vector<Plain> plain;  // in running order
    std::uint64_t order = 0;
    for (int i = 0; i < 300; ++i) {
      if (plain.size() < 12 && chance(rng, 0.5)) {
        Plain p{SlotId(static_cast<std::size_t>(order % 50)), order, between(rng, 1, 100), between(rng, 1, 20), {}};
        p.member = set.join(p.slot, p.order, p.context, p.remaining);
        plain.push_back(p);
        ++order;
      }
      if (!plain.empty() && chance(rng, 0.15)) {
        const auto gone = plain.begin() + between(rng, 0, static_cast<std::int64_t>(plain.size()) - 1);
        set.leave(gone->member);
        plain.erase(gone);
      }
      check_counts(set, plain, block, window);
      if (chance(rng, 0.7)) step(set, plain);
    }
  }
}

TEST_CASE("does the decode set stay right over many steps at once?") {
  DecodeSet set(16);
  const DecodeSet::Member m = set.join(SlotId(3), 0, 20, 1000);
  std::int64_t needed = 0;
  for (int i = 0; i < 999; ++i) {
    needed += set.needing_block();
    set.advance();
  }
  CHECK(set.context_of(m) == 1019);
  CHECK(needed == 62);  // at contexts 32, 48, ..., 1008
  CHECK(set.steps_to_finish() == 1);
  CHECK(set.pop_finished().is_none());
  set.advance();
  CHECK(set.pop_finished() == SlotId(3));
}
