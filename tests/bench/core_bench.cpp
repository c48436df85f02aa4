// What the pieces under everything cost: a random draw, our own exp and log.
#include <benchmark/benchmark.h>

#include "sim/core/mathematics.hpp"
#include "sim/core/rng.hpp"

namespace {

void random_bits(benchmark::State& state) {
  tiersim::Rng rng(1);
  for (auto _ : state) benchmark::DoNotOptimize(rng.next());
}
BENCHMARK(random_bits);

void random_exponential(benchmark::State& state) {
  tiersim::Rng rng(1);
  for (auto _ : state) benchmark::DoNotOptimize(rng.exponential(3.0));
}
BENCHMARK(random_exponential);

void exponential_then_log(benchmark::State& state) {
  double x = 0.5;
  for (auto _ : state) benchmark::DoNotOptimize(x = tiersim::natural_log(tiersim::exponential(x)));
}
BENCHMARK(exponential_then_log);

}  // namespace
