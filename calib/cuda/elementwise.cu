// The small kernels between a layer's products, over tokens and widths. Repeated on the same buffers: their inputs were
// just written by the kernel before them, so that small ones find them in the L2.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "calib/cuda/elementwise_kernels.cuh"
#include "calib/cuda/sizes.hpp"
#include "calib/cuda/stream.cuh"
#include "calib/cuda/top_k.cuh"

namespace tiersim::calib {
namespace {

using Bf16 = __nv_bfloat16;
using Row = std::vector<double>;

constexpr int kThreads = 256;
constexpr std::int64_t kCheckedRows = 4;
constexpr float kLogits = 8;  // the range of softmax's and top_k's inputs

/// One cosine and one sine in turn, as rotary wants them.
__global__ void fill_turns(float* turns, int head, std::int64_t count) {
  const std::int64_t i = item_of_thread();
  if (i >= count) return;
  const std::int64_t token = i / (head / 2), j = i % (head / 2);
  float sine = 0, cosine = 0;
  sincospif(random_value(5, static_cast<std::uint64_t>(i)), &sine, &cosine);
  turns[token * head + j] = cosine;
  turns[token * head + head / 2 + j] = sine;
}

unsigned blocks_of(std::int64_t items) { return static_cast<unsigned>((items + kThreads - 1) / kThreads); }

DeviceBuffer<Bf16> random_rows(std::int64_t count, std::uint64_t seed, float scale = 1) {
  DeviceBuffer<Bf16> buffer(count);
  fill_random(buffer, seed, scale);
  return buffer;
}

/// Row `row` of a buffer that random_rows() filled, or of what is in it now.
template <class T>
Row row_of(const DeviceBuffer<T>& buffer, std::int64_t row, std::int64_t n) {
  Row values;
  for (const T x : buffer.read(row * n, n)) values.push_back(as_double(x));
  return values;
}

class Elementwise final : public SweptFamily {
 public:
  explicit Elementwise(const CudaSetup& setup) : SweptFamily(setup, elementwise_sizes()) {}

  Sample measure(const Point& point, const Effort& effort) override {
    const std::int64_t m = static_cast<std::int64_t>(point.at("m")), n = static_cast<std::int64_t>(point.at("n"));
    if (point.kernel == "norm") return norm_of(point, effort, m, n);
    if (point.kernel == "rotary") return rotary_of(point, effort, m, n);
    if (point.kernel == "activation") return activation_of(point, effort, m, n);
    if (point.kernel == "add") return add_of(point, effort, m, n);
    if (point.kernel == "softmax") return softmax_of(point, effort, m, n);
    return top_k_of(point, effort, m, n);
  }

 private:
  Sample finished(const Point& point, const Effort& effort, const Launch& launch, double check) {
    const Load work = load(point);
    return sample_of(point, work.flops, work.bytes, gpu().time(effort, launch), check);
  }

  /// Runs once into the poisoned output and compares sampled rows with reference(row).
  double check_of(const Launch& launch, DeviceBuffer<Bf16>& out, std::int64_t m, std::int64_t n,
                  const std::function<Row(std::int64_t)>& reference) {
    out.poison();
    gpu().run(launch);
    ErrorNorm error;
    for (const std::int64_t row : sampled_places(m, kCheckedRows, 3))
      add_row(error, row_of(out, row, n), reference(row));
    return checked(error, unwritten(out));
  }

  static void add_row(ErrorNorm& error, const Row& out, const Row& reference) {
    for (std::size_t i = 0; i < out.size(); ++i) error.add(out[i], reference[i]);
  }

  Sample norm_of(const Point& point, const Effort& effort, std::int64_t m, std::int64_t n) {
    const auto x = random_rows(m * n, 1), gain = random_rows(n, 2);
    DeviceBuffer<Bf16> out(m * n);
    const Launch launch = [&](cudaStream_t queue, std::int64_t) {
      norm<<<static_cast<unsigned>(m), kThreads, 0, queue>>>(x.data(), gain.data(), out.data(), static_cast<int>(n));
    };
    const Row gains = row_of(gain, 0, n);
    const double check = check_of(launch, out, m, n, [&](std::int64_t row) {
      Row values = row_of(x, row, n);
      double squares = 0;
      for (const double v : values) squares += v * v;
      const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(kNormEpsilon));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] *= scale * gains[i];
      return values;
    });
    return finished(point, effort, launch, check);
  }

  Sample rotary_of(const Point& point, const Effort& effort, std::int64_t m, std::int64_t n) {
    const auto head = static_cast<std::int64_t>(point.at("k")), items = m * n / 16;
    const auto x = random_rows(m * n, 1);
    const DeviceBuffer<float> turns(m * head);
    fill_turns<<<blocks_of(m * head / 2), kThreads>>>(turns.data(), static_cast<int>(head), m * head / 2);
    check_launch();
    CUDA_CHECK(cudaDeviceSynchronize());
    const Launch launch = [&](cudaStream_t queue, std::int64_t) {
      rotary<<<blocks_of(items), kThreads, 0, queue>>>(x.data(), turns.data(), static_cast<int>(n),
                                                       static_cast<int>(head), items);
    };
    const auto rows = sampled_places(m, kCheckedRows, 3);
    std::vector<Row> before;
    for (const std::int64_t row : rows) before.push_back(row_of(x, row, n));
    gpu().run(launch);
    ErrorNorm error;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      add_row(error, row_of(x, rows[i], n), turned(before[i], row_of(turns, rows[i], head)));
    }
    return finished(point, effort, launch, checked(error, 0));
  }

  static Row turned(const Row& x, const Row& turns) {
    const std::size_t head = turns.size(), half = head / 2;
    Row out(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t j = i % head % half;
      const double sign = i % head < half ? -1 : 1;
      const double other = i % head < half ? x[i + half] : x[i - half];
      out[i] = x[i] * turns[j] + sign * other * turns[half + j];
    }
    return out;
  }

  Sample activation_of(const Point& point, const Effort& effort, std::int64_t m, std::int64_t n) {
    const auto x = random_rows(2 * m * n, 1, 4);
    DeviceBuffer<Bf16> out(m * n);
    const Launch launch = [&](cudaStream_t queue, std::int64_t) {
      activation<<<blocks_of(m * n / 8), kThreads, 0, queue>>>(x.data(), out.data(), static_cast<int>(n), m * n / 8);
    };
    const double check = check_of(launch, out, m, n, [&](std::int64_t row) {
      const Row both = row_of(x, row, 2 * n);
      Row values(both.begin(), both.begin() + n);
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] *= both[i + values.size()] / (1 + std::exp(-values[i]));
      }
      return values;
    });
    return finished(point, effort, launch, check);
  }

  Sample add_of(const Point& point, const Effort& effort, std::int64_t m, std::int64_t n) {
    const auto x = random_rows(m * n, 1), y = random_rows(m * n, 2);
    const Launch launch = [&](cudaStream_t queue, std::int64_t) {
      add<<<blocks_of(m * n / 8), kThreads, 0, queue>>>(y.data(), x.data(), m * n / 8);
    };
    const auto rows = sampled_places(m, kCheckedRows, 3);
    std::vector<Row> expected;
    for (const std::int64_t row : rows) {
      Row sum = row_of(x, row, n);
      const Row other = row_of(y, row, n);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += other[i];
      expected.push_back(std::move(sum));
    }
    gpu().run(launch);
    ErrorNorm error;
    for (std::size_t i = 0; i < rows.size(); ++i) add_row(error, row_of(x, rows[i], n), expected[i]);
    return finished(point, effort, launch, checked(error, 0));
  }

  Sample softmax_of(const Point& point, const Effort& effort, std::int64_t m, std::int64_t n) {
    const auto x = random_rows(m * n, 1, kLogits);
    DeviceBuffer<Bf16> out(m * n);
    const int threads = n > 8192 ? 4 * kThreads : kThreads;
    const Launch launch = [&](cudaStream_t queue, std::int64_t) {
      softmax<<<static_cast<unsigned>(m), threads, 0, queue>>>(x.data(), out.data(), static_cast<int>(n));
    };
    const double check = check_of(launch, out, m, n, [&](std::int64_t row) {
      Row values = row_of(x, row, n);
      double sum = 0;
      for (double& v : values) sum += v = std::exp(v);
      for (double& v : values) v /= sum;
      return values;
    });
    return finished(point, effort, launch, check);
  }

  Sample top_k_of(const Point& point, const Effort& effort, std::int64_t m, std::int64_t n) {
    const auto k = static_cast<std::int64_t>(point.at("k"));
    const auto x = random_rows(m * n, 1, kLogits);
    DeviceBuffer<Bf16> values(m * k);
    DeviceBuffer<std::int32_t> places(m * k);
    const Launch launch = [&](cudaStream_t queue, std::int64_t) {
      top_k<<<static_cast<unsigned>(m), kTopKThreads, 0, queue>>>(x.data(), static_cast<int>(n), static_cast<int>(k),
                                                                  values.data(), places.data());
    };
    values.poison();
    places.poison();
    gpu().run(launch);
    ErrorNorm error;
    for (const std::int64_t row : sampled_places(m, kCheckedRows, 3)) {
      add_chosen(error, row_of(x, row, n), row_of(values, row, k), places.read(row * k, k));
    }
    return finished(point, effort, launch, checked(error, unwritten(values) + unwritten(places)));
  }

  /// The chosen, sorted, against the largest; a value that does not stand where it is said to makes it infinite.
  static void add_chosen(ErrorNorm& error, Row row, Row chosen, std::vector<std::int32_t> places) {
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const auto place = static_cast<std::size_t>(places[i]);
      if (place >= row.size() || row[place] != chosen[i]) error.add(std::numeric_limits<double>::infinity(), 0);
    }
    std::sort(places.begin(), places.end());
    if (std::adjacent_find(places.begin(), places.end()) != places.end()) {
      error.add(std::numeric_limits<double>::infinity(), 0);
    }
    std::sort(chosen.begin(), chosen.end(), std::greater<>());
    std::partial_sort(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(chosen.size()), row.end(),
                      std::greater<>());
    row.resize(chosen.size());
    add_row(error, chosen, row);
  }
};

}  // namespace

std::unique_ptr<Family> elementwise_family(const CudaSetup& setup) { return std::make_unique<Elementwise>(setup); }

}  // namespace tiersim::calib
