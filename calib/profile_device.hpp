#pragma once
/// Whether two names mean the same kind of device: a driver's and a device file's spell it differently.
///
/// Called where a profile meets a machine. Names are compared word by word, case ignored. A word with a digit that is
/// no size ("h200", "a100", "4090") is the model's, and one of one name must be in the other; names without such a word
/// must share all words of the shorter. So "NVIDIA H200" is "h200-sxm", and "AMD EPYC" is "AMD EPYC 9B14". Variants of
/// one chip count as the same (SXM and PCIe): their profiles differ by clocks, not by kind. O(length); no state.
#include <string_view>

namespace tiersim::calib {

[[nodiscard]] bool same_device(std::string_view one, std::string_view other);

}  // namespace tiersim::calib
