// Every registered router against the contract of sim/serving/router.hpp.
#include "sim/serving/router.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/core/registry.hpp"
#include "sim/core/rng.hpp"
#include "tests/support/policies.hpp"

using namespace tiersim;

namespace {

using Loads = std::vector<ReplicaLoad>;

std::unique_ptr<Router> make(std::string_view name, std::size_t replicas) {
  return Registry<Router>::instance().make(name, {replicas, tests::default_parameters<Router>(name)});
}

Loads random_loads(std::size_t replicas, Rng& rng) {
  Loads loads(replicas);
  for (ReplicaLoad& l : loads) {
    l.unfinished = static_cast<std::int64_t>(rng.below(4));
    l.queued_tokens = Tokens(static_cast<std::int64_t>(rng.below(3) * 100));
  }
  return loads;
}

}  // namespace

TEST_CASE("does every router name a replica that exists, the same for the same calls?") {
  REQUIRE(!Registry<Router>::instance().names().empty());
  for (std::string_view name : Registry<Router>::instance().names()) {
    for (std::size_t replicas = 1; replicas <= 5; ++replicas) {
      CAPTURE(std::string(name));
      CAPTURE(replicas);
      const auto router = make(name, replicas), twin = make(name, replicas);
      Rng rng(replicas);
      for (int i = 0; i < 500; ++i) {
        const Loads loads = random_loads(replicas, rng);
        const ReplicaId to = router->route(RequestId(i), loads);
        CHECK(to.index() < replicas);
        CHECK(to == twin->route(RequestId(i), loads));
      }
    }
  }
}

TEST_CASE("does round robin take turns, whatever the load?") {
  const auto router = make("round_robin", 3);
  Rng rng(1);
  for (int i = 0; i < 10; ++i) CHECK(router->route(RequestId(i), random_loads(3, rng)) == ReplicaId(i % 3));
}

TEST_CASE("does least loaded take the fewest unfinished requests, the lowest replica among equals?") {
  const auto router = make("least_loaded", 4);
  Rng rng(2);
  for (int i = 0; i < 500; ++i) {
    const Loads loads = random_loads(4, rng);
    std::size_t best = 0;
    for (std::size_t r = 1; r < loads.size(); ++r)
      if (loads[r].unfinished < loads[best].unfinished) best = r;
    CHECK(router->route(RequestId(i), loads) == ReplicaId(best));
  }
}
