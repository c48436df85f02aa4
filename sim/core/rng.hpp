#pragma once
/// Our own random numbers: the same sequence on every machine, compiler and library.
///
/// Rng is splitmix64 seeding xoshiro256** (Blackman and Vigna, public domain algorithms, written anew). Distributions
/// use only + - * / sqrt and our own exp and log (sim/core/mathematics.hpp). One Rng per purpose: fork(name) derives an
/// independent stream, so that adding a draw in one place moves nothing elsewhere. O(1) per draw, no allocation.
#include <array>
#include <cstdint>
#include <string_view>

namespace tiersim {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);
  /// An independent stream for one purpose; the same name gives the same stream.
  [[nodiscard]] Rng fork(std::string_view purpose) const;

  std::uint64_t next();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in [0, n), unbiased; n > 0.
  std::uint64_t below(std::uint64_t n);
  double exponential(double mean);
  double normal();
  double lognormal(double mu, double sigma);
  /// Gamma with this shape and scale (Marsaglia and Tsang 2000); shape > 0.
  double gamma(double shape, double scale);

 private:
  std::array<std::uint64_t, 4> state_{};
  std::uint64_t seed_;
};

}  // namespace tiersim
