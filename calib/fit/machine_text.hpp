#pragma once
/// The measured machine as a file of hw/: its engine, its link and its drive, with the law behind each figure.
///
/// A host is one device: its memory is the first tier, its processors are the engine, copies within its memory stand
/// for the link, and its drive, where measured, is the tier below. A GPU's machine has the GPU, its link to the host,
/// the host's memory and, where measured, the drive. Figures that nothing measured are assumed, and their comment says
/// so. Reads back with hw/device_spec. Throws std::runtime_error where the fingerprint lacks what a machine must have.
#include <string>
#include <utility>
#include <vector>

#include "calib/fit/fitted_series.hpp"
#include "calib/measure/session.hpp"

namespace tiersim::calib {

/// What was measured, in words: (key, text).
using Fingerprint = std::vector<std::pair<std::string, std::string>>;

/// The text of a key, or of what the CUDA program calls it; empty if there is none.
[[nodiscard]] std::string text_in(const Fingerprint& fingerprint, std::string_view key);
/// A number; throws std::runtime_error, naming the key, where it is absent or no number.
[[nodiscard]] double number_in(const Fingerprint& fingerprint, std::string_view key);

[[nodiscard]] std::string machine_text(const std::string& name, const FittedSeriesList& series,
                                       const Ceilings& ceilings, const Fingerprint& fingerprint);

}  // namespace tiersim::calib
