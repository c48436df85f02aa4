#pragma once
/// Kernel tables in the form of ai-dynamo/aiconfigurator: one file a kind of kernel, latency in ms.
///
/// gemm_perf, context_attention_perf, generation_attention_perf, custom_allreduce_perf and moe_perf, .csv or .csv.gz; a
/// file that is not there is skipped. A weight of "fp8_block" carries an fp32 scale for each 128 x 128. All-reduces
/// under CUDA graphs are the kernel "all_reduce", those launched one by one "all_reduce_eager"; products in blocks, of
/// which none takes less than 57 us, are "gemm_eager" and so on: steps under CUDA graphs do not pay for launches.
/// Errors: std::runtime_error with path and line.
#include <string>

#include "calib/import/imported_tables.hpp"

namespace tiersim::calib {

[[nodiscard]] ImportedTables read_aiconfigurator(const std::string& folder);

}  // namespace tiersim::calib
