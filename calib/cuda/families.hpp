#pragma once
/// The families of microkernels that measure a GPU.
///
/// cuda_families() gives them in the order of their worth. Each has a file of its name. Without a GPU `gpu` is null:
/// grids, draws and estimates work, measure() must not be called. Timed work runs on the GPU's own stream (kit.cuh).
/// The ceiling's product is the gemm family's point "gemm/gemm/bf16 m=8192 n=8192 k=8192", measured by it.
#include <cstdint>
#include <memory>

#include "calib/cuda/device.hpp"
#include "calib/measure/family.hpp"

namespace tiersim::calib {

class Gpu;  // kit.cuh

struct CudaSetup {
  DeviceInfo device;
  std::shared_ptr<Gpu> gpu;
  std::uint64_t seed = 1;  ///< of data and page tables
};

[[nodiscard]] Families cuda_families(const CudaSetup& setup);

// One a file. Kernels of each in brackets.
[[nodiscard]] std::unique_ptr<Family> ceiling_family(std::unique_ptr<Family> memory,
                                                     std::unique_ptr<Family> gemm);  // copy, product
[[nodiscard]] std::unique_ptr<Family> memory_family(const CudaSetup& setup);         // read, write, copy, triad
[[nodiscard]] std::unique_ptr<Family> gemm_family(const CudaSetup& setup);           // gemm, thin, gemv
[[nodiscard]] std::unique_ptr<Family> attention_family(const CudaSetup& setup);      // prefill_, decode_attention
[[nodiscard]] std::unique_ptr<Family> transfer_family(const CudaSetup& setup);       // h2d, d2h, both ways
[[nodiscard]] std::unique_ptr<Family> fragments_family(const CudaSetup& setup);      // by three methods
[[nodiscard]] std::unique_ptr<Family> gather_family(const CudaSetup& setup);         // strided, paged
[[nodiscard]] std::unique_ptr<Family> elementwise_family(const CudaSetup& setup);    // norm, rotary, activation, ...
[[nodiscard]] std::unique_ptr<Family> quantise_family(const CudaSetup& setup);       // quantise, dequantise
[[nodiscard]] std::unique_ptr<Family> overhead_family(const CudaSetup& setup);       // launch, graph_node, ...
[[nodiscard]] std::unique_ptr<Family> overlap_family(const CudaSetup& setup);        // slow-down matrix
[[nodiscard]] std::unique_ptr<Family> cache_family(const CudaSetup& setup);          // l2_read, shared_read
[[nodiscard]] std::unique_ptr<Family> mapping_family(const CudaSetup& setup);        // map, access, unmap
[[nodiscard]] std::unique_ptr<Family> experts_family(const CudaSetup& setup);        // expert-sized fetches
[[nodiscard]] std::unique_ptr<Family> peer_family(const CudaSetup& setup);           // copies between GPUs
[[nodiscard]] std::unique_ptr<Family> all_reduce_family(const CudaSetup& setup);     // ring over peers

}  // namespace tiersim::calib
