#pragma once
/// Collectives in the form of microsoft/vidur's network profiles: medians in ms by bytes, ranks and ranks of a node.
///
/// Every file of the folder whose name ends in all_reduce.csv or send_recv.csv, compressed or not; what stands before
/// that in its name names the device. Within a node the kernels are "all_reduce" and "send_receive"; over several they
/// are called after their number, "all_reduce_2_nodes". Errors: std::runtime_error with path and line.
#include <string>

#include "calib/import/imported_tables.hpp"

namespace tiersim::calib {

[[nodiscard]] ImportedTables read_vidur(const std::string& folder);

}  // namespace tiersim::calib
