#pragma once
/// samples.h5: raw samples for notebooks, a group per family, a dataset per column.
///
/// In each group: kernel and variant (texts), every parameter that a point of the family has as a dataset of its name
/// with "parameter_" before it (doubles; NaN where a point lacks it), then the columns of samples.csv under their names
/// (doubles and integers, each with its unit). Rows in the order of the samples; a family without samples has no
/// group. The same samples give the same bytes. Errors: std::runtime_error if HDF5 fails.
#include <string>
#include <vector>

#include "calib/measure/sample.hpp"

namespace tiersim::calib {

[[nodiscard]] std::string samples_h5(const std::vector<Sample>& samples);

}  // namespace tiersim::calib
