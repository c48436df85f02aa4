// FlexGen's cost model with its authors' constants for a T4, held against the throughputs that they published for it
// (FlexGen, ICML 2023; prompts of 512 tokens, 32 generated): 25.26, 7.32 and 0.69 tokens/s.
#include <doctest/doctest.h>

#include "sim/cost/flexgen_model.hpp"
#include "tests/support/shipped.hpp"

using namespace tiersim;
using namespace tiersim::flexgen;
using tests::shipped_model;

namespace {

constexpr double kGiB = 1 << 30;

// The policies that the authors ran.
const Policy kSmallRun{2, 1, {1, 0, 0}, {1, 0, 0}, {1, 0, 0}};
const Policy kMiddleRun{48, 3, {0.2, 0.8, 0}, {0, 1, 0}, {0, 1, 0}};
const Policy kLargeRun{32, 8, {0, 0.5, 0.5}, {0, 0, 1}, {0, 1, 0}};

double throughput(const char* model, const Policy& policy, const Machine& machine = {}) {
  return estimate(shipped_model(model), machine, {}, policy).tokens_per_second;
}

}  // namespace

TEST_CASE("does FlexGen's model give OPT-30B its published throughput on a T4, as it was run and as it is searched?") {
  CHECK(throughput("opt-30b", kMiddleRun) == doctest::Approx(7.136).epsilon(1e-3));
  CHECK(throughput("opt-30b", kMiddleRun) == doctest::Approx(7.32).epsilon(0.20));
  const auto best = best_policy(shipped_model("opt-30b"), {}, {});
  REQUIRE(best.has_value());
  MESSAGE("OPT-30B: " << throughput("opt-30b", kMiddleRun) << " tokens/s as published, " << best->tokens_per_second
                      << " as searched; measured 7.32");
  CHECK(best->tokens_per_second == doctest::Approx(7.32).epsilon(0.20));
  CHECK(best->policy.cache.gpu == 0);  // as the authors found: the cache on the host, weights on GPU and host
  CHECK(best->policy.cache.host > 0.9);
  CHECK(best->policy.weights.disk < 1e-9);
}

// With the released rate of the disk the model gives 0.22 of what was published: the cache of 256 sequences, read
// whole for each token, takes 50,000 s, where the whole published run took 12,000. The constants stay the authors'.
TEST_CASE(
    "is OPT-175B bound by the disk's released rate in FlexGen's model, to less than a quarter of its throughput?") {
  const double cache = 256 * (512 + 16) * 4 * 12288.0, weights = 24 * 12288.0 * 12288;  // bytes of a layer
  const double to_gpu = (weights + 256 * 2 * 12288) / (12.89 * kGiB);
  const double from_disk = (cache + weights / 2 / 0.95) / (0.473 * kGiB);
  const Estimate run = estimate(shipped_model("opt-175b"), {}, {}, kLargeRun);
  CHECK(run.decode.value() == doctest::Approx(96 * 31 * (to_gpu + from_disk)));
  const auto best = best_policy(shipped_model("opt-175b"), {}, {});
  REQUIRE(best.has_value());
  MESSAGE("OPT-175B: " << run.tokens_per_second << " tokens/s as published, " << best->tokens_per_second
                       << " as searched; measured 0.69: missed");
  CHECK(run.tokens_per_second == doctest::Approx(0.154).epsilon(5e-3));
  CHECK(best->tokens_per_second >= run.tokens_per_second);
}

TEST_CASE("is a model that fits the GPU bound by compute alone in FlexGen's model?") {
  const double h = 4096, prefill = 2 * 512 * 24 * h * h / 21.24e12 + 4 * 2 * 512 * 512 * h / 9.97e12;
  const double decode = 2 * 24 * h * h / 4.3e12 + 4 * 2 * 528 * h / 0.079e12;
  const Estimate run = estimate(shipped_model("opt-6.7b"), {}, {}, kSmallRun);
  CHECK(run.prefill.value() == doctest::Approx(32 * prefill));
  CHECK(run.decode.value() == doctest::Approx(32 * 31 * decode));
  MESSAGE("OPT-6.7B: " << run.tokens_per_second
                       << " tokens/s; measured 25.26: the model leaves out that decoding reads the weights");
}

TEST_CASE("is the best spread never slower than one that fits?") {
  Machine machine;
  machine.usable = 1.2;  // as the authors relax it to judge a given policy
  const auto model = shipped_model("opt-30b");
  const auto best = best_spread(model, machine, {}, kMiddleRun);
  REQUIRE(best.has_value());
  CHECK(best->tokens_per_second >= throughput("opt-30b", kMiddleRun, machine));
  for (const Spread& s : {best->policy.weights, best->policy.cache, best->policy.hidden})
    CHECK(s.gpu + s.host + s.disk == doctest::Approx(1));
  machine.gpu = Bytes(INT64_C(1) << 30);
  CHECK_FALSE(best_spread(model, machine, {}, kMiddleRun).has_value());  // not even a layer's copies fit
}

TEST_CASE("does the CPU attend more slowly for small batches and narrow models in FlexGen's model?") {
  CHECK(cpu_share(64, 4096) == 1);
  CHECK(cpu_share(128, 8192) == 1);
  CHECK(cpu_share(32, 4096) == doctest::Approx(0.9672));
  CHECK(cpu_share(16, 2048) == doctest::Approx(1 + 0.0168 * 2 - 0.0328 * 2 - 0.0621));
}
