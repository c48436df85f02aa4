// Experts' weights from host memory: the three matrices of one expert in one copy, three, or chunks of 2 MB.
#include <optional>

#include "calib/cuda/copies.cuh"
#include "calib/cuda/link_sizes.hpp"

namespace tiersim::calib {
namespace {

class Experts final : public SweptFamily {
 public:
  explicit Experts(const CudaSetup& setup) : SweptFamily(setup, experts_sizes()) {}

  Sample measure(const Point& point, const Effort& effort) override {
    if (!pools_) pools_.emplace();
    const Pieces pieces = pieces_of(point);
    const Launch launch = [&](cudaStream_t stream, std::int64_t run) {
      const std::int64_t place = place_of(run, pieces.total);
      CopyList list;
      for (std::int64_t i = 0; i < pieces.count; ++i) {
        const std::int64_t first = place + pieces.first(i);
        list.add(pools_->to(true) + first, pools_->from(true) + first, pieces.length(i));
      }
      copy_one_by_one(list, stream);
    };
    pools_->poison(true, 0, pieces.total);
    gpu().run(launch);
    const double check = pools_->error(true, 0, 0, pieces.total);
    return sample_of(point, 0, load(point).bytes, gpu().time(effort, launch, Way::plain), check);
  }
  void release() override { pools_.reset(); }

 private:
  std::optional<CopyPools> pools_;
};

}  // namespace

std::unique_ptr<Family> experts_family(const CudaSetup& setup) { return std::make_unique<Experts>(setup); }

}  // namespace tiersim::calib
