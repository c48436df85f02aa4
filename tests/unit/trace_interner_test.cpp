#include <doctest/doctest.h>

#include <map>

#include "sim/core/rng.hpp"
#include "traces/interner.hpp"

using namespace tiersim;
using namespace tiersim::traces;

TEST_CASE("are keys numbered as a plain map numbers them, small and large, in runs and at random?") {
  Rng rng(3);
  Interner interner(5000);
  std::map<std::uint64_t, std::uint32_t> naive;
  for (int i = 0; i < 20'000; ++i) {
    std::uint64_t key = rng.below(8000);  // some above the table's limit
    if (rng.below(4) == 0) key = rng.below(300) * 0x9E3779B97F4A7C15ULL;
    const std::uint64_t run = rng.below(3) == 0 ? 20 : 1;
    for (std::uint64_t k = key; k < key + run; ++k) {
      const auto expected = naive.emplace(k, static_cast<std::uint32_t>(naive.size())).first->second;
      REQUIRE(interner.id_of(k) == expected);
    }
  }
  CHECK(interner.size() == naive.size());
  CHECK(interner.id_of(UINT64_MAX) == naive.size());
}
