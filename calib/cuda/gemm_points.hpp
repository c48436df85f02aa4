#pragma once
/// The matrix products that are measured: the layers of published models, by tokens and type.
///
/// Called by the gemm family and by the test on the host. A product has m tokens, n outputs and k inputs; kernels are
/// "gemv" (m = 1), "thin" (m to 16) and "gemm". Every shape is measured at every fifth of the token counts, the first
/// of them another for each shape, so that all counts come up; types other than bf16 at every thirteenth.
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "calib/cuda/device.hpp"
#include "calib/cuda/draws.hpp"
#include "calib/measure/sample.hpp"

namespace tiersim::calib {

struct MatrixShape {
  std::int64_t n = 0, k = 0;
};

/// Fused query-key-value, attention output, fused gate and up, down; in that order unless said otherwise.
inline constexpr MatrixShape matrix_shapes[] = {
    {6144, 4096},   {4096, 4096},  {28672, 4096}, {4096, 14336},                 // Llama-3.1-8B, Mistral-7B whole
    {3072, 4096},   {4096, 2048},  {14336, 4096}, {4096, 7168},                  // ... and on two GPUs
    {128256, 4096},                                                              // Llama-3.1-8B's vocabulary
    {10240, 8192},  {8192, 8192},  {57344, 8192}, {8192, 28672},                 // Llama-3.1-70B whole
    {2560, 8192},   {8192, 2048},  {14336, 8192}, {8192, 7168},                  // ... on four GPUs
    {1280, 8192},   {8192, 1024},  {7168, 8192},  {8192, 3584},                  // ... on eight
    {4608, 3584},   {3584, 3584},  {37888, 3584}, {3584, 18944},                 // Qwen2.5-7B
    {7168, 5120},   {5120, 5120},  {55296, 5120}, {5120, 27648},                 // Qwen2.5-32B
    {8192, 3584},   {3584, 4096},  {28672, 3584}, {3584, 14336},                 // Gemma-2-9B
    {1536, 7168},   {24576, 1536}, {576, 7168},   {32768, 512},  {7168, 16384},  // DeepSeek-V3 attention
    {4096, 7168},   {7168, 2048},                                                // ... an expert: gate and up, down
    {14336, 4096},  {4096, 14336}                                                // Mixtral-8x7B, an expert: gate, down
};
inline constexpr int token_counts[] = {1,    2,    3,    4,    5,    8,    11,   16,   17,   24,  32,
                                       48,   64,   96,   100,  128,  192,  256,  333,  384,  512, 768,
                                       1000, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 16384};
inline constexpr const char* matrix_types[] = {"bf16", "fp16", "fp8", "int8"};
inline constexpr int most_tokens = 16384;

/// Bytes of an input element and of an output element; int8 gives int32, fp8 gives bf16.
struct ElementBytes {
  double in = 2, out = 2;
};
inline ElementBytes element_bytes(const std::string& type) {
  if (type == "int8") return {1, 4};
  if (type == "fp8") return {1, 2};
  return {};
}

inline Point matrix_point(const char* type, std::int64_t m, const MatrixShape& shape) {
  const char* kernel = m == 1 ? "gemv" : m <= 16 ? "thin" : "gemm";
  return {"gemm",
          kernel,
          type,
          {{"m", static_cast<double>(m)}, {"n", static_cast<double>(shape.n)}, {"k", static_cast<double>(shape.k)}}};
}

inline double matrix_flops(const Point& point) { return 2 * point.at("m") * point.at("n") * point.at("k"); }

/// Weights, activations and outputs, once each.
inline double matrix_bytes(const Point& point) {
  const double m = point.at("m"), n = point.at("n"), k = point.at("k");
  const ElementBytes element = element_bytes(point.variant);
  return element.in * (n * k + m * k) + element.out * m * n;
}

/// Tensor cores take e4m3 from compute capability 8.9 on.
inline bool has_fp8(const DeviceInfo& device) { return device.major * 10 + device.minor >= 89; }

/// Twice the bytes, for what is kept in several copies against the cache.
inline bool matrix_fits(const Point& point, const DeviceInfo& device) {
  return 2 * matrix_bytes(point) + 16.0 * static_cast<double>(device.l2_bytes) <=
         static_cast<double>(device.usable_bytes());
}

inline std::vector<Point> matrix_grid(const DeviceInfo& device) {
  std::vector<Point> points;
  for (const char* type : matrix_types) {
    const bool first = type == matrix_types[0];
    if (std::string(type) == "fp8" && !has_fp8(device)) continue;
    const std::size_t stride = first ? 5 : 13;
    for (std::size_t s = 0; s < std::size(matrix_shapes); ++s) {
      for (std::size_t i = s % stride; i < std::size(token_counts); i += stride) {
        const Point point = matrix_point(type, token_counts[i], matrix_shapes[s]);
        // Twice the same shape under two names would be twice the same point.
        bool known = false;
        for (const Point& other : points) known = known || other == point;
        if (!known && matrix_fits(point, device)) points.push_back(point);
      }
    }
  }
  return points;
}

/// Half of the draws are shapes of the list with other token counts, half are shapes of no model.
inline Point fresh_matrix(Rng& rng, const DeviceInfo& device) {
  for (;;) {
    const char* type = any_of(rng, std::span<const char* const>(matrix_types));
    if (std::string(type) == "fp8" && !has_fp8(device)) continue;
    MatrixShape shape = any_of(rng, std::span<const MatrixShape>(matrix_shapes));
    if (rng.uniform() < 0.5) {
      shape.n = static_cast<std::int64_t>(log_uniform(rng, 1024, 57344, 128));
      shape.k = static_cast<std::int64_t>(log_uniform(rng, 1024, 28672, 128));
    }
    const Point point = matrix_point(type, static_cast<std::int64_t>(log_uniform(rng, 1, most_tokens)), shape);
    if (matrix_fits(point, device)) return point;
  }
}

}  // namespace tiersim::calib
