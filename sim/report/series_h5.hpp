#pragma once
/// series.h5: the state of the system over time, one dataset per quantity, all of one length.
///
/// time (ns); running, waiting, loading (requests, all replicas); hbm_in_use (blocks referenced by requests or
/// transfers); resident_<tier> (findable blocks); tokens_out, tokens_prefilled (running totals). Each is a
/// one-dimensional dataset of 64-bit integers with an attribute `unit`. The file is made in memory and returned as its
/// bytes: the same series gives the same bytes (no object times). HDF5 itself is not thread-safe: one call at a time in
/// a process. Errors: std::runtime_error if HDF5 fails.
#include <string>

#include "sim/report/result.hpp"

namespace tiersim {

[[nodiscard]] std::string series_h5(const RunResult& run);

}  // namespace tiersim
