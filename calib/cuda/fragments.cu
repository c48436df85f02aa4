// Many pieces at random places, host to device and back: what moving paged KV costs by each of three methods.
//
// Pieces lie at random places of both pools. Successive runs take other places, so that no cache holds what is moved.
#include <algorithm>
#include <array>
#include <optional>

#include "calib/cuda/copies.cuh"
#include "calib/cuda/index.hpp"
#include "calib/cuda/link_sizes.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kMostSets = 8;  // of places that runs rotate among
constexpr std::uint64_t kFromSeed = 41, kToSeed = 42;

/// Which place of a pool the pieces of all sets take.
std::vector<int> places_of(const Pieces& pieces, std::int64_t sets, std::uint64_t seed) {
  const std::int64_t places = kPoolBytes / pieces.bytes;
  std::vector<int> out;
  for (std::int64_t i = 0; i < sets * pieces.count; ++i) out.push_back(static_cast<int>(permuted(seed, i, places)));
  return out;
}

class Fragments final : public SweptFamily {
 public:
  explicit Fragments(const CudaSetup& setup) : SweptFamily(setup, fragments_sizes(setup.device)) {}

  Sample measure(const Point& point, const Effort& effort) override {
    if (!pools_) pools_.emplace();
    const Pieces pieces = pieces_of(point);
    const bool to_device = point.kernel == "h2d";
    const std::int64_t sets = std::clamp<std::int64_t>(kPoolBytes / pieces.total, 1, kMostSets);
    const std::vector<int> from = places_of(pieces, sets, setup().seed + kFromSeed);
    const std::vector<int> to = places_of(pieces, sets, setup().seed + kToSeed);
    const Launch launch = point.variant == "kernel" ? by_kernel(pieces, to_device, sets, from, to)
                                                    : by_copies(pieces, to_device, sets, from, to, point.variant);
    if (to_device) {
      pools_->poison(true, 0, kPoolBytes);
    } else {
      for (std::int64_t i = 0; i < pieces.count; ++i) {
        pools_->poison(false, to[static_cast<std::size_t>(i)] * pieces.bytes, pieces.bytes);
      }
    }
    gpu().run(launch);
    double check = 0;
    for (const std::int64_t i : sampled_places(pieces.count, kChecked, setup().seed)) {
      const auto piece = static_cast<std::size_t>(i);
      check =
          std::max(check, pools_->error(to_device, from[piece] * pieces.bytes, to[piece] * pieces.bytes, pieces.bytes));
    }
    return sample_of(point, 0, load(point).bytes, gpu().time(effort, launch, Way::plain), check);
  }
  void release() override { pools_.reset(); }

 private:
  static constexpr std::int64_t kChecked = 32;

  Launch by_copies(const Pieces& pieces, bool to_device, std::int64_t sets, const std::vector<int>& from,
                   const std::vector<int>& to, const std::string& method) const {
    auto lists = std::make_shared<std::vector<CopyList>>(static_cast<std::size_t>(sets));
    for (std::size_t i = 0; i < from.size(); ++i) {
      (*lists)[i / static_cast<std::size_t>(pieces.count)].add(
          pools_->to(to_device) + to[i] * pieces.bytes, pools_->from(to_device) + from[i] * pieces.bytes, pieces.bytes);
    }
    return [lists, batch = method == "batch", sets](cudaStream_t stream, std::int64_t run) {
      const CopyList& list = (*lists)[static_cast<std::size_t>(rotated(run, sets))];
      batch ? copy_as_batch(list, stream) : copy_one_by_one(list, stream);
    };
  }

  Launch by_kernel(const Pieces& pieces, bool to_device, std::int64_t sets, const std::vector<int>& from,
                   const std::vector<int>& to) const {
    const auto from_places = std::make_shared<DeviceBuffer<int>>(from),
               to_places = std::make_shared<DeviceBuffer<int>>(to);
    PlacedCopies copies{pools_->from(to_device),        pools_->to(to_device), nullptr, nullptr,
                        static_cast<int>(pieces.count), pieces.bytes};
    return [copies, from_places, to_places, sets](cudaStream_t stream, std::int64_t run) {
      PlacedCopies of_run = copies;
      of_run.from_place = from_places->data() + rotated(run, sets) * copies.count;
      of_run.to_place = to_places->data() + rotated(run, sets) * copies.count;
      copy_by_kernel(of_run, stream);
    };
  }

  std::optional<CopyPools> pools_;
};

}  // namespace

std::unique_ptr<Family> fragments_family(const CudaSetup& setup) { return std::make_unique<Fragments>(setup); }

}  // namespace tiersim::calib
