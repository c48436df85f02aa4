#pragma once
/// Text that people read, held against a recorded file.
///
/// expect_golden("report/table.txt", text) compares with tests/golden/expected/report/table.txt. With TIERSIM_ACCEPT=1
/// in the environment it records the text instead (`tools/dev golden --accept`), to be read in `git diff`.
#include <string>

namespace tiersim::test {

void expect_golden(const std::string& name, const std::string& text);

}  // namespace tiersim::test
