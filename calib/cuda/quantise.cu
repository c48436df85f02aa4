// KV blocks quantised as they are offloaded and dequantised as they come back: int8, int4, fp8, by token or by channel.
#include <cmath>
#include <limits>
#include <string_view>

#include "calib/cuda/kit.cuh"
#include "calib/cuda/quantise_kernels.cuh"
#include "calib/cuda/sizes.hpp"

namespace tiersim::calib {
namespace {

using Bf16 = __nv_bfloat16;

struct Buffers {
  std::int64_t m, n;
  bool by_channel;
  DeviceBuffer<Bf16> values;
  DeviceBuffer<std::uint8_t> codes;
  DeviceBuffer<__half> scales;
};

struct Launches {
  Launch quantise, dequantise;
};

template <class Code, bool kByChannel>
Launches launches_of(const Buffers& b) {
  const dim3 tiles(static_cast<unsigned>(b.n / kTileChannels), static_cast<unsigned>(b.m / kTileTokens));
  auto* codes = reinterpret_cast<typename Code::Packed*>(b.codes.data());
  return {
      [=, n = static_cast<int>(b.n), from = b.values.data(), scales = b.scales.data()](cudaStream_t queue,
                                                                                       std::int64_t) {
        quantise<Code, kByChannel><<<tiles, kTileThreads, 0, queue>>>(from, n, codes, scales);
      },
      [=, n = static_cast<int>(b.n), to = b.values.data(), scales = b.scales.data()](cudaStream_t queue, std::int64_t) {
        dequantise<Code, kByChannel><<<tiles, kTileThreads, 0, queue>>>(codes, scales, n, to);
      }};
}

template <class Code>
Launches launches_of(const Buffers& b) {
  return b.by_channel ? launches_of<Code, true>(b) : launches_of<Code, false>(b);
}

Launches launches_of(std::string_view variant, const Buffers& b) {
  if (variant.starts_with("int8")) return launches_of<Int8>(b);
  return variant.starts_with("int4") ? launches_of<Int4>(b) : launches_of<Fp8>(b);
}

/// A tile's row of tokens on the host: inputs or outputs, codes as numbers, scales by place.
struct Rows {
  std::vector<double> values, codes, scales;
  [[nodiscard]] double scale(const Buffers& b, std::int64_t place) const {
    return scales[static_cast<std::size_t>(scale_place(b.by_channel, place / b.n, place % b.n, b.n))];
  }
};

double code_at(std::string_view variant, const std::vector<std::uint8_t>& bytes, std::size_t i) {
  if (variant.starts_with("int4")) return static_cast<double>(bytes[i / 2] >> (i % 2 * 4) & 15) - 8;
  if (variant.starts_with("int8")) return static_cast<double>(static_cast<std::int8_t>(bytes[i]));
  __nv_fp8_e4m3 code;
  code.__x = bytes[i];
  return as_double(code);
}

/// The kTileTokens tokens from `token` on; their groups' scales are a contiguous part of all.
Rows rows_of(std::string_view variant, const Buffers& b, std::int64_t token) {
  Rows rows;
  const std::int64_t count = kTileTokens * b.n, bytes_per_eight = variant.starts_with("int4") ? 4 : 8;
  for (const Bf16 x : b.values.read(token * b.n, count)) rows.values.push_back(as_double(x));
  const auto bytes = b.codes.read(token * b.n / 8 * bytes_per_eight, count / 8 * bytes_per_eight);
  for (std::int64_t i = 0; i < count; ++i) rows.codes.push_back(code_at(variant, bytes, static_cast<std::size_t>(i)));
  for (const __half s : b.scales.read(token * b.n / kGroup, count / kGroup)) rows.scales.push_back(as_double(s));
  return rows;
}

/// x / scale to the nearest code, by the rules of the type.
double nearest_code(std::string_view variant, double x) {
  if (variant.starts_with("fp8")) return as_double(__nv_fp8_e4m3(static_cast<float>(x)));
  const double most = variant.starts_with("int4") ? 7 : 127;
  return std::clamp(std::nearbyint(x), -most, most);
}

double largest_code(std::string_view variant) {
  return variant.starts_with("int8") ? 127 : variant.starts_with("int4") ? 7 : 448;
}

/// Codes times scales against what the inputs ask for, scales found anew.
void add_quantised(ErrorNorm& error, std::string_view variant, const Buffers& b, const Rows& rows) {
  Rows reference;
  reference.scales.assign(rows.scales.size(), 0);
  const auto place = [&](std::size_t i) {
    const auto at = static_cast<std::int64_t>(i);
    return static_cast<std::size_t>(scale_place(b.by_channel, at / b.n, at % b.n, b.n));
  };
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    double& largest = reference.scales[place(i)];
    largest = std::max(largest, std::abs(rows.values[i]));
  }
  for (double& scale : reference.scales)
    scale = as_double(__float2half(static_cast<float>(scale / largest_code(variant))));
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    const double scale = reference.scales[place(i)];
    error.add(rows.codes[i] * rows.scales[place(i)], scale * nearest_code(variant, rows.values[i] / scale));
  }
}

class Quantise final : public SweptFamily {
 public:
  explicit Quantise(const CudaSetup& setup) : SweptFamily(setup, quantise_sizes()) {}

  Sample measure(const Point& point, const Effort& effort) override {
    Buffers b = buffers_of(point);
    fill_random(b.values, 1);
    const Launches launches = launches_of(point.variant, b);
    b.scales.poison();
    gpu().run(launches.quantise);
    ErrorNorm error;
    const std::int64_t last = b.m - kTileTokens;
    if (point.kernel == "quantise") {
      for (const std::int64_t token : {std::int64_t{0}, last}) {
        add_quantised(error, point.variant, b, rows_of(point.variant, b, token));
      }
      return timed(point, effort, launches.quantise, checked(error, unwritten(b.scales)));
    }
    b.values.poison();
    gpu().run(launches.dequantise);
    for (const std::int64_t token : {std::int64_t{0}, last})
      add_dequantised(error, b, rows_of(point.variant, b, token));
    return timed(point, effort, launches.dequantise, checked(error, unwritten(b.values)));
  }

 private:
  static Buffers buffers_of(const Point& point) {
    const auto m = static_cast<std::int64_t>(point.at("m")), n = static_cast<std::int64_t>(point.at("n"));
    const auto bytes = static_cast<std::int64_t>(code_bytes(point, static_cast<double>(m * n)));
    return {m,
            n,
            point.variant.ends_with("channel"),
            DeviceBuffer<Bf16>(m * n),
            DeviceBuffer<std::uint8_t>(bytes),
            DeviceBuffer<__half>(m * n / kGroup)};
  }

  static void add_dequantised(ErrorNorm& error, const Buffers& b, const Rows& rows) {
    for (std::size_t i = 0; i < rows.values.size(); ++i) {
      error.add(rows.values[i], rows.codes[i] * rows.scale(b, static_cast<std::int64_t>(i)));
    }
  }

  Sample timed(const Point& point, const Effort& effort, const Launch& launch, double check) {
    const Load work = load(point);
    return sample_of(point, work.flops, work.bytes, gpu().time(effort, launch), check);
  }
};

}  // namespace

std::unique_ptr<Family> quantise_family(const CudaSetup& setup) { return std::make_unique<Quantise>(setup); }

}  // namespace tiersim::calib
