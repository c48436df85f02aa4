#pragma once
/// A model's layers in the form of casys-kaist/LLMServingSim's profiler: times in us under vLLM, by tokens and batches.
///
/// `folder` has meta.yaml and a folder tp1, tp2, ... for each number of ranks, or is one of these. Read are dense.csv
/// (layers by tokens), per_sequence.csv (head and sampler), attention.csv (a chunk of prefill_chunk tokens behind
/// kv_prefill others beside n_decode sequences with kv_decode tokens each; either may be absent) and, where meta.yaml
/// says that it is part of the profile, skew.csv (the same with unequal contexts). Work is that of the cost model's
/// operators (sim/cost/operators.hpp) of the model that meta.yaml names. Two things about these tables: the times of
/// skew.csv are sums over iterations, so each counts relative to its row's uniform batch that attention.csv has too;
/// and writing KV is part of attention, so the kernel "kv_write" is included. Errors: std::runtime_error with path and
/// line.
#include <string>

#include "calib/import/imported_tables.hpp"

namespace tiersim::calib {

[[nodiscard]] ImportedTables read_llmservingsim(const std::string& folder, const ModelNamed& model_named);

}  // namespace tiersim::calib
