#include "sim/cost/flexgen_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "sim/core/linear_program.hpp"
#include "sim/core/mathematics.hpp"

namespace tiersim::flexgen {
namespace {

// The unknowns: fractions of weights and cache on GPU and host, of hidden states on the GPU. The rest of weights and
// cache is on disk, of hidden states on the host.
enum Unknown : std::size_t { kWeightsGpu, kWeightsHost, kCacheGpu, kCacheHost, kHiddenGpu, kUnknowns };

/// A number that is linear in the unknowns.
struct Linear {
  double constant = 0;
  std::array<double, kUnknowns> slope{};

  Linear() = default;
  Linear(double value) : constant(value) {}  // NOLINT: formulas mix both
  static Linear of(Unknown unknown) {
    Linear out;
    out.slope[unknown] = 1;
    return out;
  }
  [[nodiscard]] double at(const std::array<double, kUnknowns>& x) const {
    double sum = constant;
    for (std::size_t i = 0; i < kUnknowns; ++i) sum += slope[i] * x[i];
    return sum;
  }
  friend Linear operator*(double k, Linear a) {
    a.constant *= k;
    for (double& s : a.slope) s *= k;
    return a;
  }
  friend Linear operator+(Linear a, const Linear& b) {
    a.constant += b.constant;
    for (std::size_t i = 0; i < kUnknowns; ++i) a.slope[i] += b.slope[i];
    return a;
  }
  friend Linear operator-(const Linear& a, const Linear& b) { return a + -1.0 * b; }
};

/// A layer's times and the memory of all, for one block. A layer's prefill, and its decode step, takes the longest of
/// its streams; each part of memory is a share of what may be used of its level.
struct Formulas {
  std::vector<Linear> prefill, decode, memory;
};

struct Sizes {
  double s, n, layers, h1, h2, heads, block, gpu_batch;
  double weights;  // bytes of a layer
  Sizes(const models::ModelSpec& model, const Task& task, const Policy& policy)
      : s(static_cast<double>(task.prompt.value())),
        n(static_cast<double>(task.output.value())),
        layers(static_cast<double>(model.layers)),
        h1(static_cast<double>(model.hidden)),
        h2(static_cast<double>(model.intermediate)),
        heads(static_cast<double>(model.query_heads)),
        block(static_cast<double>(policy.block())),
        gpu_batch(static_cast<double>(policy.gpu_batch)),
        weights((8 * h1 * h1 + 4 * h1 * h2) * (task.four_bit_weights ? 0.25 : 1)) {}
};

const Linear kWg = Linear::of(kWeightsGpu), kWc = Linear::of(kWeightsHost), kWn = 1.0 - kWg - kWc;
const Linear kCg = Linear::of(kCacheGpu), kCc = Linear::of(kCacheHost), kCn = 1.0 - kCg - kCc;
const Linear kHg = Linear::of(kHiddenGpu), kHc = 1.0 - kHg;

void add_prefill(const Sizes& z, const Machine& m, Formulas& out) {
  const double hidden = 2 * z.s * z.h1 * z.block, cache = 4 * (z.s + 1) * z.h1 * z.block;
  const Linear to_gpu = 1 / m.host_to_gpu.value() * (z.weights * (kWc + kWn) + hidden * kHc);
  const Linear from_disk = z.weights / m.disk_to_host.value() * kWn;
  const Linear from_gpu =
      cache / m.gpu_to_host_cache.value() * (kCc + kCn) + hidden / m.gpu_to_host_hidden.value() * kHc;
  const Linear to_disk = cache / m.host_to_disk_cache.value() * kCn;
  const double products = z.block * z.s * (8 * z.h1 * z.h1 + 4 * z.h1 * z.h2);
  const double attention = 4 * z.block * z.s * z.s * z.h1;
  out.prefill = {to_gpu + from_disk, from_gpu + to_disk,
                 products / m.prefill_products.value() + attention / m.prefill_attention.value()};
}

void add_decode(const Sizes& z, const Machine& m, double cpu, Formulas& out) {
  const double hidden = 2 * z.h1 * z.block, attended = 4 * z.block * (z.s + z.n / 2) * z.h1;  // bytes, and FLOPs
  const Linear to_gpu = 1 / m.host_to_gpu.value() * (z.weights * (kWc + kWn) + hidden * kHc);
  const Linear from_gpu = hidden / m.gpu_to_host_hidden.value() * kHc;
  const Linear from_disk =
      attended / m.disk_to_host.value() * kCn + z.weights / (m.disk_to_host.value() * m.of_disk_for_weights) * kWn;
  const Linear to_disk = 4 * z.block * z.h1 / m.host_to_disk_decode.value() * kCn;
  const Linear compute = z.block * (8 * z.h1 * z.h1 + 4 * z.h1 * z.h2) / m.decode_products.value() +
                         attended / m.decode_attention.value() * kCg +
                         attended / (m.cpu_attention.value() * cpu) * (kCc + kCn);
  for (const Linear& stream : {from_gpu, from_disk, to_disk, compute}) out.decode.push_back(to_gpu + stream);
}

/// What GPU batches need between the operators of a layer, of so many new tokens each.
double between(const Sizes& z, double tokens) { return z.gpu_batch * tokens * (14 * z.h1 + 2 * z.h2); }

void add_memory(const Sizes& z, const Machine& m, Formulas& out) {
  const double all = z.s + z.n, cache = 4 * all * z.h1 * z.block * z.layers, weights = z.weights * z.layers;
  const auto add = [&](Bytes level, const Linear& need) {
    out.memory.push_back(1 / (static_cast<double>(level.value()) * m.usable) * need);
  };
  const Linear home = weights * kWg + cache * kCg, copies = 2 * z.weights * (1.0 - kWg);
  const double scores = 2 * z.gpu_batch * (z.heads * z.s * z.s + 2 * z.s * z.h1);
  add(m.gpu, home + copies + 2 * z.s * z.h1 * (z.block * kHg + z.gpu_batch * kHc) + between(z, z.s) + scores);
  const double attended = z.gpu_batch * (8 * all * z.h1 + 4 * z.h1 + 2 * z.heads * all);
  add(m.gpu, home + copies + 2 * z.h1 * (z.block * kHg + z.gpu_batch * kHc) + attended * kCg + between(z, 1));
  const Linear host = weights * kWc;
  add(m.host, host + 2 * z.s * z.h1 * z.block * kHc + 4 * z.s * z.h1 * z.block * z.layers * kCc +
                  z.weights * (1.0 - kWg) + 2 * z.s * z.h1 * z.gpu_batch * kHc);
  add(m.host, host + 2 * z.h1 * z.block * kHc + cache * kCc + z.weights * kWn +
                  z.gpu_batch * (8 * all * z.h1 * kCn + 2 * z.heads * all + 2 * z.h1));
  add(m.disk, weights * kWn + cache * kCn);
}

Formulas formulas_of(const Sizes& z, const Machine& m, double cpu) {
  Formulas out;
  add_prefill(z, m, out);
  add_decode(z, m, cpu, out);
  add_memory(z, m, out);
  return out;
}

double longest(const std::vector<Linear>& streams, const std::array<double, kUnknowns>& x) {
  double most = 0;
  for (const Linear& stream : streams) most = std::max(most, stream.at(x));
  return most;
}

Estimate estimate_of(const Sizes& z, const Formulas& formulas, const Policy& policy) {
  const std::array<double, kUnknowns> x = {policy.weights.gpu, policy.weights.host, policy.cache.gpu, policy.cache.host,
                                           policy.hidden.gpu};
  Estimate out{policy, Seconds(z.layers * longest(formulas.prefill, x)),
               Seconds(z.layers * (z.n - 1) * longest(formulas.decode, x)), 0};
  out.tokens_per_second = z.block * z.n / (out.prefill + out.decode).value();
  return out;
}

/// What a share that is not on disk saves in seconds a layer: of spreads that are equally fast, the nearest.
constexpr double kOffDisk = 1e-6;

/// x: the unknowns, then a layer's prefill and decode times.
LinearProgram program_of(const Sizes& z, const Formulas& formulas) {
  constexpr std::size_t kPrefill = kUnknowns, kDecode = kUnknowns + 1;
  LinearProgram out;
  out.costs.assign(kUnknowns + 2, 0.0);
  out.costs[kPrefill] = 1, out.costs[kDecode] = z.n - 1;
  for (Unknown near : {kWeightsGpu, kWeightsHost, kCacheGpu, kCacheHost}) out.costs[near] = -kOffDisk;
  const auto at_most = [&](const Linear& need, double limit) -> std::vector<double>& {
    std::vector<double>& row = out.rows.emplace_back(need.slope.begin(), need.slope.end());
    row.resize(kUnknowns + 2, 0.0);
    out.limits.push_back(limit - need.constant);
    return row;
  };
  for (const Linear& whole : {kWg + kWc, kCg + kCc, kHg}) at_most(whole, 1);
  for (const Linear& need : formulas.memory) at_most(need, 1);
  for (const Linear& stream : formulas.prefill) at_most(stream, 0)[kPrefill] = -1;
  for (const Linear& stream : formulas.decode) at_most(stream, 0)[kDecode] = -1;
  return out;
}

}  // namespace

double cpu_share(std::int64_t gpu_batch, std::int64_t hidden) {
  const auto octaves_below = [](double full, std::int64_t value) {
    return std::max(0.0, natural_log(full / static_cast<double>(value)) / natural_log(2.0));
  };
  const double batch = octaves_below(64, gpu_batch), width = octaves_below(4096, hidden);
  return std::max(0.1, 1 + 0.0168 * batch * width - 0.0328 * batch - 0.0621 * width);
}

Estimate estimate(const models::ModelSpec& model, const Machine& machine, const Task& task, const Policy& policy) {
  const Sizes sizes(model, task, policy);
  return estimate_of(sizes, formulas_of(sizes, machine, cpu_share(policy.gpu_batch, model.hidden)), policy);
}

std::optional<Estimate> best_spread(const models::ModelSpec& model, const Machine& machine, const Task& task,
                                    const Policy& block) {
  const Sizes sizes(model, task, block);
  const Formulas formulas = formulas_of(sizes, machine, cpu_share(block.gpu_batch, model.hidden));
  const std::optional<std::vector<double>> x = solve(program_of(sizes, formulas));
  if (!x) return std::nullopt;
  const auto rest = [](double a, double b) { return std::max(0.0, 1 - a - b); };
  Policy best = block;
  best.weights = {(*x)[kWeightsGpu], (*x)[kWeightsHost], rest((*x)[kWeightsGpu], (*x)[kWeightsHost])};
  best.cache = {(*x)[kCacheGpu], (*x)[kCacheHost], rest((*x)[kCacheGpu], (*x)[kCacheHost])};
  best.hidden = {(*x)[kHiddenGpu], rest((*x)[kHiddenGpu], 0), 0};
  return estimate_of(sizes, formulas, best);
}

std::optional<Estimate> best_policy(const models::ModelSpec& model, const Machine& machine, const Task& task) {
  std::optional<Estimate> best;
  for (std::int64_t gpu_batch = 1;; gpu_batch += gpu_batch < 4 ? 1 : gpu_batch) {
    Policy block{.gpu_batch = gpu_batch};
    for (;; ++block.batches) {
      const std::optional<Estimate> here = best_spread(model, machine, task, block);
      if (!here) break;
      if (!best || here->tokens_per_second > best->tokens_per_second) best = here;
    }
    if (block.batches == 1) return best;
  }
}

}  // namespace tiersim::flexgen
