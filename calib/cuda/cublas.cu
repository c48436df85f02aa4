#include <stdexcept>

#include "calib/cuda/cublas.cuh"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kWorkspace = 32LL << 20;  // what NVIDIA recommends for Hopper

}  // namespace

void check_cublas(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string(call) + ": " + cublasLtGetStatusString(status));
}

ProductTypes product_types(const std::string& name) {
  if (name == "bf16") return {CUDA_R_16BF, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F};
  if (name == "fp16") return {CUDA_R_16F, CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F};
  if (name == "fp8") return {CUDA_R_8F_E4M3, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F};
  if (name == "int8") return {CUDA_R_8I, CUDA_R_32I, CUDA_R_32I, CUBLAS_COMPUTE_32I};
  throw std::runtime_error("no product of type '" + name + "'; there are bf16, fp16, fp8, int8");
}

Blas::Blas() : workspace_(kWorkspace) { check_cublas(cublasLtCreate(&handle_), "cublasLtCreate"); }
Blas::~Blas() { cublasLtDestroy(handle_); }

Product::Product(const Blas& blas, const ProductTypes& types, std::int64_t m, std::int64_t n, std::int64_t k)
    : blas_(blas), types_(types) {
  const auto rows = [](std::int64_t count) { return static_cast<std::uint64_t>(count); };
  check_cublas(cublasLtMatmulDescCreate(&description_, types.compute, types.scale), "cublasLtMatmulDescCreate");
  const cublasOperation_t transposed = CUBLAS_OP_T;
  check_cublas(
      cublasLtMatmulDescSetAttribute(description_, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed),
      "cublasLtMatmulDescSetAttribute");
  check_cublas(cublasLtMatrixLayoutCreate(&weights_, types.in, rows(k), rows(n), k), "cublasLtMatrixLayoutCreate");
  check_cublas(cublasLtMatrixLayoutCreate(&activations_, types.in, rows(k), rows(m), k), "cublasLtMatrixLayoutCreate");
  check_cublas(cublasLtMatrixLayoutCreate(&outputs_, types.out, rows(n), rows(m), n), "cublasLtMatrixLayoutCreate");
  cublasLtMatmulPreference_t preference = nullptr;
  check_cublas(cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
  const auto most = static_cast<std::size_t>(kWorkspace);
  cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most, sizeof most);
  std::array<cublasLtMatmulHeuristicResult_t, most_algorithms> found{};
  int count = 0;
  // A refusal of the sizes is an answer: no algorithms.
  cublasLtMatmulAlgoGetHeuristic(blas.handle(), description_, weights_, activations_, outputs_, outputs_, preference,
                                 most_algorithms, found.data(), &count);
  cublasLtMatmulPreferenceDestroy(preference);
  for (int i = 0; i < count; ++i) {
    const auto& result = found[static_cast<std::size_t>(i)];
    if (result.state == CUBLAS_STATUS_SUCCESS) algorithms_[count_++] = result.algo;
  }
}

Product::~Product() {
  cublasLtMatrixLayoutDestroy(outputs_);
  cublasLtMatrixLayoutDestroy(activations_);
  cublasLtMatrixLayoutDestroy(weights_);
  cublasLtMatmulDescDestroy(description_);
}

void Product::launch(cudaStream_t stream, std::size_t algorithm, const void* activations, const void* weights,
                     void* outputs) const {
  const float one = 1, zero = 0;
  const std::int32_t whole_one = 1, whole_zero = 0;
  const bool whole = types_.scale == CUDA_R_32I;
  const void* alpha = whole ? static_cast<const void*>(&whole_one) : &one;
  const void* beta = whole ? static_cast<const void*>(&whole_zero) : &zero;
  check_cublas(cublasLtMatmul(blas_.handle(), description_, alpha, weights, weights_, activations, activations_, beta,
                              outputs, outputs_, outputs, outputs_, &algorithms_.at(algorithm),
                              blas_.workspace().data(), static_cast<std::size_t>(blas_.workspace().bytes()), stream),
               "cublasLtMatmul");
}

}  // namespace tiersim::calib
