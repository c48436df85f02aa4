#pragma once
/// Text that people read, held against a recorded file below tests/golden/expected.
///
/// With TIERSIM_ACCEPT=1 in the environment (tools/dev golden --accept) the file is written instead of compared.
#include <string>
#include <string_view>

namespace tiersim::test {

/// Empty if `text` is what `name` holds, else what to tell: the first line that differs.
[[nodiscard]] std::string golden_difference(const std::string& name, std::string_view text);

}  // namespace tiersim::test
