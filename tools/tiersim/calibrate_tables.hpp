#pragma once
/// `tiersim calibrate --tables`: a profile from kernels that others have timed.
///
/// Writes OUT.yaml alone: fitted laws with their errors on the shapes that the fit did not see, never the tables.
#include <cstdint>
#include <string>

namespace tiersim::cli {

struct TablesRequest {
  std::string command;
  std::string tables;      ///< "FORMAT:FOLDER"
  std::string out;         ///< "calib/profiles/NAME"
  std::string gpu;         ///< of hw/devices, whose peaks no product may pass; empty: not checked
  std::string only;        ///< a model, whose products alone are fitted; empty: all kernels
  std::string library;     ///< --library
  std::uint64_t seed = 1;  ///< chooses the shapes that are held out
  bool roofline = false;   ///< no tables of factors: fitted efficiencies alone
};

/// The exit status.
int calibrate_tables(const TablesRequest& request);

}  // namespace tiersim::cli
