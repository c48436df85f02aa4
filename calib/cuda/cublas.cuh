#pragma once
/// One matrix product by cuBLASLt: outputs (m x n) = activations (m x k) times weights (n x k) transposed.
///
/// Called by the gemm family and by families that need a product as company. All row-major, as checkpoints and engines
/// have them; cuBLASLt sees them column-major, so weights are its transposed first factor: the form that all types
/// have. Of the algorithms that its heuristic offers the caller takes one by index; they are in the order of its guess.
/// Throws std::runtime_error if cuBLASLt refuses.
#include <array>
#include <cstdint>
#include <cublasLt.h>
#include <string>

#include "calib/cuda/kit.cuh"

namespace tiersim::calib {

void check_cublas(cublasStatus_t status, const char* call);

/// Element types of a product: "bf16", "fp16", "fp8" (e4m3; sums fp32, outputs bf16), "int8" (sums and outputs int32).
struct ProductTypes {
  cudaDataType_t in, out, scale;
  cublasComputeType_t compute;
};
[[nodiscard]] ProductTypes product_types(const std::string& name);

/// A cuBLASLt handle with its workspace; one user at a time.
class Blas {
 public:
  Blas();
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  [[nodiscard]] cublasLtHandle_t handle() const { return handle_; }
  [[nodiscard]] const DeviceMemory& workspace() const { return workspace_; }

 private:
  cublasLtHandle_t handle_ = nullptr;
  DeviceMemory workspace_;
};

inline constexpr int most_algorithms = 5;  ///< that are tried

class Product {
 public:
  Product(const Blas& blas, const ProductTypes& types, std::int64_t m, std::int64_t n, std::int64_t k);
  ~Product();
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  /// 0: cuBLASLt has nothing for these sizes.
  [[nodiscard]] std::size_t algorithms() const { return count_; }
  void launch(cudaStream_t stream, std::size_t algorithm, const void* activations, const void* weights,
              void* outputs) const;

 private:
  const Blas& blas_;
  ProductTypes types_;
  cublasLtMatmulDesc_t description_ = nullptr;
  cublasLtMatrixLayout_t weights_ = nullptr, activations_ = nullptr, outputs_ = nullptr;
  std::array<cublasLtMatmulAlgo_t, most_algorithms> algorithms_{};
  std::size_t count_ = 0;
};

}  // namespace tiersim::calib
