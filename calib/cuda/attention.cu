// Attention over a paged KV cache by our own kernels: chunks of new tokens (prefill) and single ones (decode).
//
// Each run takes the next of several pools, together larger than the L2 cache, as a layer's keys and values would not
// be in it either; where one pool is that large it is the only one. Blocks lie at random places.
#include <numeric>

#include "calib/cuda/attention_points.hpp"
#include "calib/cuda/attention_reference.cuh"
#include "calib/cuda/decode_attention.cuh"
#include "calib/cuda/families.hpp"
#include "calib/cuda/index.hpp"
#include "calib/cuda/kit.cuh"
#include "calib/cuda/prefill_attention.cuh"

namespace tiersim::calib {
namespace {

constexpr float kQueryScale = 3;  // scores spread over a few units, so that weights differ
constexpr double kLog2E = 1.4426950408889634;
constexpr std::uint64_t kPoolSeed = 11, kQuerySeed = 12;

/// A permutation of all blocks: each copy of the batch has its own.
std::vector<int> shuffled(std::int64_t blocks, std::uint64_t seed) {
  std::vector<int> ids(static_cast<std::size_t>(blocks));
  std::iota(ids.begin(), ids.end(), 0);
  Rng rng(seed);
  for (std::size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[rng.below(i)]);
  return ids;
}

/// A batch in the device's memory, several times over.
class DeviceBatch {
 public:
  DeviceBatch(const Point& point, const CudaSetup& setup)
      : shape_(shape_of(point)), sequences_(sequences_of(point)), entries_(blocks_of(sequences_, shape_.block)) {
    copies_ = copies_beyond(setup.device.l2_bytes, 2 * entries_ * shape_.block_elements());
    pool_ = DeviceBuffer<__nv_bfloat16>(copies_ * entries_ * shape_.block_elements());
    fill_random(pool_, setup.seed + kPoolSeed);
    table_ = DeviceBuffer<int>(shuffled(copies_ * entries_, setup.seed));
    on_device_ = DeviceBuffer<BatchSequence>(sequences_);
    const auto elements = static_cast<std::int64_t>(point.at("m")) * shape_.query_heads * shape_.head_dim;
    queries_ = DeviceBuffer<__nv_bfloat16>(elements);
    fill_random(queries_, setup.seed + kQuerySeed, kQueryScale);
    outputs_ = DeviceBuffer<__nv_bfloat16>(elements);
    outputs_.poison();
  }

  [[nodiscard]] PagedBatch batch(std::int64_t run) const {
    const auto scale = static_cast<float>(kLog2E / std::sqrt(static_cast<double>(shape_.head_dim)));
    return {shape_,
            pool_.data(),
            table_.data() + rotated(run, copies_) * entries_,
            on_device_.data(),
            queries_.data(),
            outputs_.data(),
            scale};
  }
  [[nodiscard]] const PagedShape& shape() const { return shape_; }
  [[nodiscard]] const std::vector<BatchSequence>& sequences() const { return sequences_; }

  /// Of the outputs of run 0.
  [[nodiscard]] double error(std::uint64_t seed) const {
    int longest = 0;
    for (const BatchSequence& sequence : sequences_) longest = std::max(longest, sequence.context);
    return checked(compare_rows(batch(0), outputs_, sequences_, some_rows(seed), longest), unwritten(outputs_));
  }

 private:
  /// The last row of all and some others.
  [[nodiscard]] std::vector<SampledRow> some_rows(std::uint64_t seed) const {
    const int last = static_cast<int>(sequences_.size()) - 1;
    std::vector<SampledRow> rows{{last, sequences_.back().queries - 1, shape_.query_heads - 1}, {0, 0, 0}};
    for (Rng rng(seed); rows.size() < 12;) {
      const auto below = [&rng](std::size_t n) { return static_cast<int>(rng.below(n)); };
      const int sequence = below(sequences_.size());
      const BatchSequence& chosen = sequences_[static_cast<std::size_t>(sequence)];
      rows.push_back({sequence, below(static_cast<std::size_t>(chosen.queries)),
                      below(static_cast<std::size_t>(shape_.query_heads))});
    }
    return rows;
  }

  PagedShape shape_;
  std::vector<BatchSequence> sequences_;
  std::int64_t entries_ = 0, copies_ = 1;  // of the table, for one copy of the batch
  DeviceBuffer<__nv_bfloat16> pool_, queries_, outputs_;
  DeviceBuffer<int> table_;
  DeviceBuffer<BatchSequence> on_device_;
};

/// The launches of one kind of attention, with what they need beside the batch.
template <int Dim>
class Decode {
 public:
  Decode(const DeviceBatch& batch, const DeviceInfo& device) {
    std::vector<int> contexts;
    for (const BatchSequence& sequence : batch.sequences()) contexts.push_back(sequence.context);
    const SplitPlan plan = plan_splits(contexts, batch.shape().kv_heads, decode_places<Dim>(device.multiprocessors));
    splits_ = DeviceBuffer<ContextSplit>(plan.splits);
    first_partial_ = DeviceBuffer<int>(plan.first_partial);
    partials_ = plan.partials();
    const std::int64_t rows = std::max<std::int64_t>(1, partials_) * batch.shape().query_heads;
    partial_out_ = DeviceBuffer<float>(rows * Dim);
    partial_log_ = DeviceBuffer<float>(rows);
    partial_out_.poison();
    partial_log_.poison();
  }

  void launch(cudaStream_t stream, const PagedBatch& batch, std::size_t sequences) const {
    const DecodeArguments arguments{batch, splits_.data(), first_partial_.data(), partial_out_.data(),
                                    partial_log_.data()};
    launch_decode<Dim>(stream, arguments, static_cast<std::size_t>(splits_.size()), sequences, partials_);
  }

 private:
  DeviceBuffer<ContextSplit> splits_;
  DeviceBuffer<int> first_partial_;
  int partials_ = 0;
  DeviceBuffer<float> partial_out_, partial_log_;
};

template <int Dim>
class Prefill {
 public:
  Prefill(const DeviceBatch& batch, const DeviceInfo&) {
    prepare_prefill<Dim>();
    pieces_ = DeviceBuffer<PrefillPiece>(prefill_order(batch.sequences(), batch.shape().group()));
  }

  void launch(cudaStream_t stream, const PagedBatch& batch, std::size_t) const {
    launch_prefill<Dim>(stream, {batch, pieces_.data()}, static_cast<std::size_t>(pieces_.size()));
  }

 private:
  DeviceBuffer<PrefillPiece> pieces_;
};

class Attention final : public Family {
 public:
  explicit Attention(CudaSetup setup) : setup_(std::move(setup)) {}
  std::string_view name() const override { return "attention"; }
  std::string_view what() const override {
    return "prefill and decode attention over paged KV, grouped queries, bf16, contexts of 64 to 128 Ki tokens";
  }
  std::vector<Point> grid() const override {
    std::vector<Point> points = decode_grid(most_bytes());
    for (Point& point : prefill_grid(most_bytes())) points.push_back(std::move(point));
    return points;
  }
  std::vector<Point> fresh(Rng& rng, std::size_t count) const override {
    std::vector<Point> points;
    for (std::size_t i = 0; i < count; ++i) {
      points.push_back(i % 2 == 0 ? fresh_decode(rng, most_bytes()) : fresh_prefill(rng, most_bytes()));
    }
    return points;
  }
  Estimate estimate(const Point& point) const override {
    const AttentionWork work = attention_work(point);
    const double computing = 2 * work.flops / setup_.device.expected_flops_per_second();
    const double moving = work.bytes / setup_.device.expected_bytes_per_second();
    return {std::max(computing, moving) + 8e-6, 0.02 + 4 * moving};
  }
  Sample measure(const Point& point, const Effort& effort) override {
    const bool decode = point.kernel == "decode_attention";
    switch (static_cast<int>(point.at("k"))) {
      case 64:
        return decode ? run<Decode<64>>(point, effort) : run<Prefill<64>>(point, effort);
      case 128:
        return decode ? run<Decode<128>>(point, effort) : run<Prefill<128>>(point, effort);
      default:
        throw std::runtime_error("attention is built for heads of 64 and 128 elements");
    }
  }

 private:
  /// Half of what is there: a pool is rotated, and other buffers want room.
  [[nodiscard]] double most_bytes() const { return 0.5 * static_cast<double>(setup_.device.usable_bytes()); }

  template <class Kernel>
  Sample run(const Point& point, const Effort& effort) {
    DeviceBatch batch(point, setup_);
    const Kernel kernel(batch, setup_.device);
    const Launch launch = [&](cudaStream_t stream, std::int64_t run) {
      kernel.launch(stream, batch.batch(run), batch.sequences().size());
    };
    setup_.gpu->run(launch);
    const double error = batch.error(setup_.seed);
    const AttentionWork work = attention_work(point);
    return sample_of(point, work.flops, work.bytes, setup_.gpu->time(effort, launch), error);
  }

  CudaSetup setup_;
};

}  // namespace

std::unique_ptr<Family> attention_family(const CudaSetup& setup) { return std::make_unique<Attention>(setup); }

}  // namespace tiersim::calib
