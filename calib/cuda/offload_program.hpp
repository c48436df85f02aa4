#pragma once
/// `tiersim_cuda offload`: real blocks of KV in HBM, pinned DRAM and a file, and attention that reads them.
///
/// Called by main. Serves the trace once (offload_engine.hpp), checks the content of a sample of frames of every tier,
/// writes offload.csv (a line per request) and the trace that was served, offload_trace.csv, into options.out, and
/// prints a summary. Returns the program's exit status. Throws std::runtime_error and std::invalid_argument with what
/// to do.
#include <functional>
#include <memory>

#include "calib/cuda/options.hpp"

namespace tiersim::calib {

class Gpu;  // kit.cuh

[[nodiscard]] int serve_offload(const CudaOptions& options, Gpu& gpu, const std::function<bool()>& stop);

}  // namespace tiersim::calib
