#pragma once
/// `tiersim validate` without a profile: predictions held against published measurements.
///
/// Runs the cases of the library's tests/validation/cases, or the one named (or a file), prints each with its rows, and
/// returns the exit status: 1 if a row is missed. Errors: BadInput for an unknown case or a file that does not read.
#include <string>

namespace tiersim::cli {

struct CasesRequest {
  std::string command;
  std::string one_case;  ///< empty: all
  std::string csv;       ///< every point; empty: not written
  std::string plot;      ///< measured against predicted; empty: not drawn
  std::string library;
  bool by_regime = false;
};

[[nodiscard]] int validate_cases(const CasesRequest& request);

}  // namespace tiersim::cli
