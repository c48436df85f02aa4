// What do machines know of collectives, by their files alone, without a profile?
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "calib/fit/errors.hpp"
#include "calib/import/imported_tables.hpp"
#include "sim/cost/cost_model.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/shipped.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

/// All-reduces of a table between so many GPUs, predicted from a machine's file alone; `plain`: without its protocols.
calib::ErrorRow all_reduces(const std::string& name, const calib::ImportedTables& tables, double ranks, bool plain) {
  hw::MachineSpec machine = shipped_machine(name);
  if (plain) machine.collective_protocols.clear();
  const CostModel cost(shipped_model("opt-175b"), machine, shipped_profile("datasheet"),
                       {.tensor = static_cast<std::int64_t>(ranks)});
  std::vector<calib::Prediction> all;
  for (const calib::Sample& sample : tables.samples) {
    if (sample.point.kernel != "all_reduce" || sample.point.at("ranks") != ranks) continue;
    const Operator op{.kernel = kernel::kAllReduce,
                      .kind = OperatorKind::all_reduce,
                      .bytes = sample.bytes,
                      .ranks = static_cast<std::int64_t>(ranks)};
    all.push_back({{}, {}, {}, "all", cost.time_of(op).total().value(), sample.seconds});
  }
  return calib::error_row(all);
}

void check_all_reduces(const std::string& machine, const calib::ImportedTables& tables, double ranks, double most) {
  const calib::ErrorRow by_size = all_reduces(machine, tables, ranks, false);
  MESSAGE(machine << ": all-reduces of " << ranks << " GPUs: MAPE " << 100 * by_size.mape << "% of " << by_size.points
                  << " points, bias " << 100 * by_size.bias << "%, may be " << 100 * most << "%; without protocols "
                  << 100 * all_reduces(machine, tables, ranks, true).mape << "%");
  CHECK(by_size.mape <= most);
}

}  // namespace

// Fitted to the tables of eight GPUs, so these are no held-out points; those of fewer are.
TEST_CASE("do machines know published all-reduces by protocol, without a profile?") {
  const std::string links = data_file("measured/links"), kernels = data_file("measured/kernels/h200-vllm-0.24");
  if (links.empty() || kernels.empty()) return;
  const calib::ImportedTables a100 = calib::read_tables("vidur", links);
  check_all_reduces("dgx-a100-80gb", a100, 8, 0.12);
  check_all_reduces("dgx-a100-80gb", a100, 4, 0.16);
  check_all_reduces("dgx-a100-80gb", a100, 2, 0.16);
  const calib::ImportedTables h200 = calib::read_tables("aiconfigurator", kernels);
  check_all_reduces("dgx-h200", h200, 8, 0.10);
  check_all_reduces("dgx-h200", h200, 4, 0.20);
  check_all_reduces("dgx-h200", h200, 2, 0.30);
}
