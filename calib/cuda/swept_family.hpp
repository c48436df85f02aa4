#pragma once
/// A family whose sizes are sweeps and whose estimates follow from what a point moves and computes.
///
/// Families of this folder derive from it and add measure() (and release() where they keep buffers). Points that need
/// more memory than the GPU has are left out of the grid. No CUDA.
#include <functional>
#include <string>
#include <utility>

#include "calib/cuda/families.hpp"
#include "calib/cuda/sweep.hpp"

namespace tiersim::calib {

/// What one run of a point does (flops and bytes as in Sample), and the memory that its buffers take.
struct Load {
  double flops = 0, bytes = 0;
  double allocated = 0;
  double at_least = 2e-6;  ///< s a run
};

/// What a family is, apart from running it: pure functions of the device, testable anywhere.
struct FamilySizes {
  std::string name, what;
  std::vector<Sweep> sweeps;
  std::function<Load(const Point&)> load;
  std::function<void(Point&)> finish = [](Point&) {};  ///< appends parameters that follow from the others
};

class SweptFamily : public Family {
 public:
  SweptFamily(CudaSetup setup, FamilySizes sizes) : setup_(std::move(setup)), sizes_(std::move(sizes)) {}
  [[nodiscard]] std::string_view name() const final { return sizes_.name; }
  [[nodiscard]] std::string_view what() const final { return sizes_.what; }
  [[nodiscard]] std::vector<Point> grid() const final;
  [[nodiscard]] std::vector<Point> fresh(Rng& rng, std::size_t count) const final;
  [[nodiscard]] Estimate estimate(const Point& point) const final;

 protected:
  [[nodiscard]] Load load(const Point& point) const { return sizes_.load(point); }
  [[nodiscard]] const CudaSetup& setup() const { return setup_; }
  [[nodiscard]] Gpu& gpu() const { return *setup_.gpu; }

 private:
  [[nodiscard]] bool fits(const Point& point) const;
  [[nodiscard]] Point draw(const Sweep& sweep, Rng& rng) const;
  CudaSetup setup_;
  FamilySizes sizes_;
};

}  // namespace tiersim::calib
