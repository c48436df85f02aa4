#pragma once
/// What an importer finds: kernels that others have timed, and whose they are.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "calib/fit/machine_text.hpp"
#include "calib/measure/sample.hpp"
#include "models/model_spec.hpp"

namespace tiersim::calib {

/// The parameters that make a shape, by family.
using ShapeNames = std::map<std::string, std::vector<std::string>>;

struct ImportedTables {
  std::vector<Sample> samples;
  Fingerprint fingerprint;  ///< kind, device, software, source with its licence
  ShapeNames shapes;        ///< what is held out whole; families that it lacks hold out nothing
  /// Kernels whose time is within that of others; they get a law that takes none. Seconds do not matter.
  std::vector<Point> included{};
};

/// A model of the library by its name; throws std::runtime_error for another.
using ModelNamed = std::function<models::ModelSpec(const std::string& name)>;

/// Formats by name, each with the project that it is of. Throws std::invalid_argument for another, naming these.
[[nodiscard]] ImportedTables read_tables(const std::string& format, const std::string& folder,
                                         const ModelNamed& model_named = {});
[[nodiscard]] std::vector<std::string> table_formats();

}  // namespace tiersim::calib
