#pragma once
/// What the readers of aiconfigurator's tables share (calib/import/aiconfigurator.hpp).
///
/// Errors: std::runtime_error with path and line. One pass over a table.
#include <string_view>

#include "calib/import/csv_table.hpp"
#include "calib/import/imported_tables.hpp"

namespace tiersim::calib::detail {

inline constexpr double kMilliseconds = 1e-3;

struct NamedType {
  std::string_view name;
  const char* variant;
  double bytes;                 // of an element, scales included
  bool eager_products = false;  // timed with their launches
};
/// Throws for a name that is not known.
[[nodiscard]] const NamedType& type_named(std::string_view name, const CsvTable& table);

/// Whose kernels on which device: the first table's first row says it for all.
void note_origin(const CsvTable& table, Fingerprint& fingerprint);

/// moe_perf: family "experts". Left out are types that the tables have of one model alone, and rows whose routing is
/// not what their column says.
void read_experts(CsvTable& table, ImportedTables& out);

}  // namespace tiersim::calib::detail
