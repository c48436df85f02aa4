// Cases of validation: what is wrong with a file is told, and without data a case is skipped.
#include <doctest/doctest.h>

#include "calib/validate/case.hpp"
#include "calib/validate/case_text.hpp"
#include "tests/support/scenarios.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

std::string complaint(const std::string& text) {
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  static_cast<void>(calib::run_case(folder.write("c.yaml", text), environment(folder.path("")), diagnostics));
  return diagnostics.render();
}

}  // namespace

TEST_CASE("does a case that will not do say where and why?") {
  CHECK(complaint("case: kernel\n").find("did you mean 'kernels'?") != std::string::npos);
  CHECK(complaint("case: serving\nmeasured: none\nmeans: 1%\nreplay: {}\nscenario: {}\n").find("replay") !=
        std::string::npos);
  CHECK(complaint("case: kernels\nformat: vidur\ntables: none\nprofile: nobody\nrows: []\n")
            .find("unknown profile 'nobody'") != std::string::npos);
}

TEST_CASE("is a case without its data skipped, and does it say so?") {
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  const std::string path = folder.write("c.yaml",
                                        "# Is it near?\ncase: kernels\nformat: vidur\ntables: none\n"
                                        "profile: a100-nvswitch\nrows: [{what: a, series: [b], mape: 1%}]\n");
  const calib::CaseReport report = calib::run_case(path, environment(), diagnostics);
  CHECK(diagnostics.render() == "");
  CHECK(report.rows.empty());
  CHECK(calib::case_text(report, false) == "c\n  Is it near?\n  skipped: TIERSIM_DATA is not set\n");
  CHECK(calib::summary_text({report}) == "0 of 0 rows hold; 1 case skipped\n");
}

TEST_CASE("does a row hold up to what it may be, on either side?") {
  calib::CaseRow row;
  row.most = 0.02;
  for (const auto& [error, holds] : {std::pair{0.02, true}, {-0.02, true}, {0.021, false}, {-0.021, false}}) {
    row.error = error;
    CHECK(row.holds() == holds);
  }
  row.most = 0;  // for information
  CHECK(row.holds());
}
