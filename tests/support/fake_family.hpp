#pragma once
/// A family of kernels that take no time: their laws are known, so that what is built on families can be tested.
///
/// A point takes fixed + bytes x per_byte seconds. What a test wants to go wrong it says by `on_measure`.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "calib/measure/session.hpp"

namespace tiersim::test {

class FakeFamily final : public calib::Family {
 public:
  FakeFamily(std::string name, std::vector<std::string> kernels, std::size_t sizes)
      : name_(std::move(name)), kernels_(std::move(kernels)), sizes_(sizes) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string_view what() const override { return "nothing at all"; }
  [[nodiscard]] std::vector<calib::Point> grid() const override {
    std::vector<calib::Point> points;
    for (const std::string& kernel : kernels_)
      for (std::size_t i = 0; i < sizes_; ++i) points.push_back(point(kernel, static_cast<double>(4096ULL << i)));
    return points;
  }
  [[nodiscard]] std::vector<calib::Point> fresh(Rng& rng, std::size_t count) const override {
    std::vector<calib::Point> points;
    for (std::size_t i = 0; i < count; ++i)
      points.push_back(point(kernels_[rng.below(kernels_.size())], 4096 + static_cast<double>(rng.below(1 << 20))));
    return points;
  }
  [[nodiscard]] Estimate estimate(const calib::Point&) const override { return per_point; }
  [[nodiscard]] calib::Sample measure(const calib::Point& point, const calib::Effort& effort) override {
    ++measured;
    efforts.push_back(effort);
    calib::Sample sample;
    sample.point = point;
    sample.bytes = point.at("bytes");
    sample.seconds = fixed + sample.bytes * per_byte;
    sample.low = sample.high = sample.seconds;
    sample.batches = effort.least_batches;
    if (on_measure) on_measure(sample);
    return sample;
  }
  void release() override { ++released; }

  double fixed = 1e-6, per_byte = 1e-10;  ///< s, s/B
  Estimate per_point{1e-3, 0.1};
  std::function<void(calib::Sample&)> on_measure;
  std::vector<calib::Effort> efforts;
  int measured = 0, released = 0;

 private:
  [[nodiscard]] calib::Point point(const std::string& kernel, double bytes) const {
    return {name_, kernel, "", {{"bytes", bytes}}};
  }
  std::string name_;
  std::vector<std::string> kernels_;
  std::size_t sizes_;
};

/// A machine that is slowed down during the measurements whose numbers, from 0, are named.
class FakeWatch final : public calib::MachineWatch {
 public:
  explicit FakeWatch(std::vector<int> throttled = {}) : throttled_(std::move(throttled)) {}
  void begin() override {}
  [[nodiscard]] calib::MachineState end() override {
    const int now = at_++;
    return {2000.0, 50.0, std::find(throttled_.begin(), throttled_.end(), now) != throttled_.end()};
  }

 private:
  std::vector<int> throttled_;
  int at_ = 0;
};

}  // namespace tiersim::test
