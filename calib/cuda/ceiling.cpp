// The two rates that bound every kernel: a large copy and a large matrix product, as the families of these measure
// them.
#include <utility>

#include "calib/cuda/families.hpp"

namespace tiersim::calib {
namespace {

const Point kCopy{"ceiling", "copy", "", {{"bytes", 4294967296.0}}};
const Point kProduct{"ceiling", "product", "bf16", {{"m", 8192}, {"n", 8192}, {"k", 8192}}};

Point renamed(const Point& point, const char* family, const char* kernel, const char* variant) {
  return {family, kernel, variant, point.parameters};
}

class Ceiling final : public Family {
 public:
  Ceiling(std::unique_ptr<Family> memory, std::unique_ptr<Family> gemm)
      : memory_(std::move(memory)), gemm_(std::move(gemm)) {}
  [[nodiscard]] std::string_view name() const override { return "ceiling"; }
  [[nodiscard]] std::string_view what() const override {
    return "a copy of 2 GiB, a bf16 product of 8192 x 8192 x 8192";
  }
  [[nodiscard]] std::vector<Point> grid() const override { return {kCopy, kProduct}; }
  [[nodiscard]] std::vector<Point> fresh(Rng&, std::size_t) const override { return {}; }
  [[nodiscard]] Estimate estimate(const Point& point) const override {
    return point.kernel == "copy" ? memory_->estimate(as_copy()) : gemm_->estimate(as_product());
  }
  Sample measure(const Point& point, const Effort& effort) override {
    Sample sample = point.kernel == "copy" ? memory_->measure(as_copy(), effort) : gemm_->measure(as_product(), effort);
    sample.point = point;
    return sample;
  }
  void release() override {
    memory_->release();
    gemm_->release();
  }

 private:
  static Point as_copy() { return renamed(kCopy, "memory", "copy", "hot"); }
  static Point as_product() { return renamed(kProduct, "gemm", "gemm", "bf16"); }
  std::unique_ptr<Family> memory_, gemm_;
};

}  // namespace

std::unique_ptr<Family> ceiling_family(std::unique_ptr<Family> memory, std::unique_ptr<Family> gemm) {
  return std::make_unique<Ceiling>(std::move(memory), std::move(gemm));
}

}  // namespace tiersim::calib
