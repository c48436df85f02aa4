#pragma once
// Measurements of laws that are known: exact times with log-normal noise and a share of gross outliers.
#include <cmath>
#include <functional>
#include <vector>

#include "calib/fit/laws.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::test {

inline calib::Law law_with(double fixed, std::vector<calib::Side> sides, double ridge = 1) {
  calib::Law law;
  law.fixed = fixed, law.sides = std::move(sides), law.ridge = ridge;
  return law;
}

struct Noise {
  double sigma = 0.02;
  std::size_t outlier_every = 20;  ///< one point of so many takes 3 to 10 times as long; 0: none
};

/// Which points are hit is drawn anew for each run of `outlier_every` points.
inline calib::Observations measured(Rng& rng, const calib::Law& law, const std::vector<calib::Work>& works,
                                    Noise noise = {}) {
  calib::Observations points;
  std::size_t hit = 0;
  for (std::size_t i = 0; i < works.size(); ++i) {
    if (noise.outlier_every > 0 && i % noise.outlier_every == 0) hit = i + rng.below(noise.outlier_every);
    const double outlier = noise.outlier_every > 0 && i == hit ? 3 + 7 * rng.uniform() : 1;
    const double exact = law.time(works[i]).value();
    points.push_back({works[i], exact * rng.lognormal(0, noise.sigma) * outlier});
  }
  return points;
}

/// Sizes from low to high, so many an octave.
inline std::vector<double> octaves(double low, double high, int per_octave = 1) {
  std::vector<double> sizes;
  const int steps = static_cast<int>(std::lround(std::log2(high / low) * per_octave));
  for (int i = 0; i <= steps; ++i) sizes.push_back(std::round(low * std::exp2(i / static_cast<double>(per_octave))));
  return sizes;
}

/// The largest relative difference of two laws over these works.
inline double difference(const calib::Law& a, const calib::Law& b, const std::vector<calib::Work>& works) {
  double most = 0;
  for (const calib::Work& work : works) {
    most = std::max(most, std::abs(a.time(work).value() / b.time(work).value() - 1));
  }
  return most;
}

}  // namespace tiersim::test
