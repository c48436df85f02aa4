#include "sim/core/rng.hpp"

#include <bit>
#include <cmath>

#include "sim/core/mathematics.hpp"

namespace tiersim {
namespace {

std::uint64_t splitmix(std::uint64_t& x) {
  std::uint64_t z = (x += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed) : seed_(seed) {
  std::uint64_t x = seed;
  for (std::uint64_t& s : state_) s = splitmix(x);
}

Rng Rng::fork(std::string_view purpose) const {
  std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a over the name
  for (char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  std::uint64_t mixed = seed_ ^ hash;
  return Rng(splitmix(mixed));
}

std::uint64_t Rng::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::uint64_t Rng::below(std::uint64_t n) {
  const std::uint64_t limit = n * (UINT64_MAX / n);
  std::uint64_t x = next();
  while (x >= limit) x = next();
  return x % n;
}

double Rng::exponential(double mean) { return -mean * natural_log(1.0 - uniform()); }

double Rng::normal() {
  // Marsaglia's polar method; the second value is thrown away, so that a draw depends on nothing before it.
  for (;;) {
    const double u = 2.0 * uniform() - 1.0, v = 2.0 * uniform() - 1.0, s = u * u + v * v;
    if (s > 0.0 && s < 1.0) return u * std::sqrt(-2.0 * natural_log(s) / s);
  }
}

double Rng::lognormal(double mu, double sigma) { return tiersim::exponential(mu + sigma * normal()); }

double Rng::gamma(double shape, double scale) {
  if (shape < 1.0) return gamma(shape + 1.0, scale) * power(1.0 - uniform(), 1.0 / shape);
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal(), v1 = 1.0 + c * x;
    if (v1 <= 0.0) continue;
    const double v = v1 * v1 * v1;
    if (natural_log(1.0 - uniform()) < 0.5 * x * x + d - d * v + d * natural_log(v)) return d * v * scale;
  }
}

}  // namespace tiersim
