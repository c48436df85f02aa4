// Transfers between host and device: one way, back, and both ways at once; pinned, pageable, in batches.
//
// Copies are queued one after the other, as many as fill the window, each at the next place of pools of 1 GB. What
// submission costs the host shows in small sizes, as it does in an engine.
#include <algorithm>
#include <optional>

#include "calib/cuda/copies.cuh"
#include "calib/cuda/link_sizes.hpp"

namespace tiersim::calib {
namespace {

constexpr double kHeadStart = 1e-4;  // s; the host queues the first copies of a batch meanwhile

class Transfer final : public SweptFamily {
 public:
  explicit Transfer(const CudaSetup& setup) : SweptFamily(setup, transfer_sizes(setup.device)) {}

  Sample measure(const Point& point, const Effort& effort) override {
    if (!pools_) pools_.emplace();
    if (point.variant == "pageable" && pageable_source_.empty()) {
      pageable_source_.assign(pools_->from(true), pools_->from(true) + kPoolBytes / 4);
      pageable_sink_.resize(kPoolBytes / 4);
    }
    const Work work{pieces_of(point), point.variant == "pageable", point.variant == "batched"};
    if (point.kernel == "both") return both(point, effort, work);
    const bool to_device = point.kernel == "h2d";
    const double check = run_once(work, to_device);
    const Launch launch = [&](cudaStream_t stream, std::int64_t run) { queue(work, to_device, run, stream); };
    return sample_of(point, 0, load(point).bytes, gpu().time(effort, launch, Way::plain), check);
  }
  void release() override {
    pools_.reset();
    pageable_source_ = {};
    pageable_sink_ = {};
    ways_.reset();
  }

 private:
  struct Work {
    Pieces pieces;
    bool pageable = false, batched = false;
  };

  /// What copies both ways at once need beside the GPU's stream.
  struct Ways {
    Stream back;
    Event start, stop, back_done;
  };

  /// Pageable pools are a quarter as large; their copies begin at the first byte.
  void queue(const Work& work, bool to_device, std::int64_t run, cudaStream_t stream) {
    const std::int64_t place = place_of(run, work.pieces.total);
    char* to = pools_->to(to_device) + place;
    const char* from = pools_->from(to_device) + place;
    if (work.pageable && to_device) from = pageable_source_.data();
    if (work.pageable && !to_device) to = pageable_sink_.data();
    CopyList list;
    for (std::int64_t i = 0; i < work.pieces.count; ++i) {
      list.add(to + work.pieces.first(i), from + work.pieces.first(i), work.pieces.length(i));
    }
    work.batched ? copy_as_batch(list, stream) : copy_one_by_one(list, stream);
  }

  double run_once(const Work& work, bool to_device) {
    const std::int64_t bytes = work.pieces.total;
    pools_->poison(to_device, 0, bytes);
    if (work.pageable && !to_device) std::fill_n(pageable_sink_.begin(), bytes, static_cast<char>(0xFF));
    gpu().run([&](cudaStream_t stream, std::int64_t run) { queue(work, to_device, run, stream); });
    if (work.pageable && !to_device) return compare_words(pageable_sink_.data(), 0, bytes);
    return pools_->error(to_device, 0, 0, bytes);
  }

  /// One way on the GPU's stream, the other on one that starts and ends with it.
  Sample both(const Point& point, const Effort& effort, const Work& work) {
    const double check = std::max(run_once(work, true), run_once(work, false));
    if (!ways_) ways_.emplace();
    const cudaStream_t forth = gpu().stream();
    const Timing timing = repeat(effort, [&](std::int64_t n) {
      gpu().hold(forth, kHeadStart);
      ways_->start.record(forth);
      CUDA_CHECK(cudaStreamWaitEvent(ways_->back, ways_->start, 0));
      for (std::int64_t run = 0; run < n; ++run) {
        queue(work, true, run, forth);
        queue(work, false, run, ways_->back);
      }
      ways_->back_done.record(ways_->back);
      CUDA_CHECK(cudaStreamWaitEvent(forth, ways_->back_done, 0));
      ways_->stop.record(forth);
      return seconds_between(ways_->start, ways_->stop);
    });
    return sample_of(point, 0, load(point).bytes, timing, check);
  }

  std::optional<CopyPools> pools_;
  std::vector<char> pageable_source_, pageable_sink_;
  std::optional<Ways> ways_;
};

}  // namespace

std::unique_ptr<Family> transfer_family(const CudaSetup& setup) { return std::make_unique<Transfer>(setup); }

}  // namespace tiersim::calib
