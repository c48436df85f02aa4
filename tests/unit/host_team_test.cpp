// Threads that run a kernel together, their shares, and where they may run.
#include <doctest/doctest.h>

#include <atomic>
#include <vector>

#include "calib/host/affinity.hpp"
#include "calib/host/team.hpp"

using namespace tiersim::calib;

TEST_CASE("does a team run every rank exactly once, many times over?") {
  for (const int threads : {1, 2, 3}) {
    Team team(threads);
    REQUIRE(team.size() == threads);
    std::vector<int> runs(static_cast<std::size_t>(threads), 0);
    const int times = threads > 2 ? 50 : 500;  // more threads than processors wait for each other long
    for (int i = 0; i < times; ++i) team.run([&](int rank) { ++runs[static_cast<std::size_t>(rank)]; });
    CHECK(runs == std::vector<int>(static_cast<std::size_t>(threads), times));
  }
}

TEST_CASE("does a team wait for ranks that take longer than the caller?") {
  Team team(2);
  for (int i = 0; i < 50; ++i) {
    int sum = 0;
    team.run([&](int rank) {
      if (rank == 0) return;
      for (int j = 0; j < 10'000; ++j) {
        sum += j;
        std::atomic_signal_fence(std::memory_order_seq_cst);
      }
    });
    CHECK(sum == 49'995'000);
  }
}

TEST_CASE("does a team that never ran end?") {
  for (int i = 0; i < 20; ++i) CHECK(Team(2).size() == 2);
}

TEST_CASE("do shares cover everything once, in whole grains, evenly?") {
  for (const std::int64_t count : {0, 1, 63, 64, 65, 1000, 4096}) {
    for (const std::int64_t grain : {1, 16, 64}) {
      for (const int size : {1, 2, 3, 7}) {
        std::int64_t at = 0;
        for (int rank = 0; rank < size; ++rank) {
          const Share share = share_of(count, grain, rank, size);
          CHECK(share.begin == at);
          CHECK(share.end >= share.begin);
          CHECK((share.end % grain == 0 || share.end == count));
          CHECK(share.end - share.begin <= (count / grain / size + 2) * grain);
          at = share.end;
        }
        CHECK(at == count);
      }
    }
  }
}

TEST_CASE("may a thread run elsewhere while a scope keeps it, and everywhere again afterwards?") {
  const std::vector<int> before = allowed_processors();
  REQUIRE_FALSE(before.empty());
  {
    const AffinityScope scope({before.back()});
    CHECK(allowed_processors() == std::vector<int>{before.back()});
    CHECK(Team::available() == 1);
  }
  CHECK(allowed_processors() == before);
  CHECK(Team::available() == static_cast<int>(before.size()));
}
