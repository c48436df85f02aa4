// Do the profiles that come with tiersim predict published kernel times of shapes that their fit did not see? And what
// do machines know of collectives without a profile?
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "calib/fit/errors.hpp"
#include "calib/fit/observation.hpp"
#include "calib/import/imported_tables.hpp"
#include "calib/import/table_rules.hpp"
#include "calib/profile_law_timer.hpp"
#include "sim/cost/cost_model.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/shipped.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

constexpr std::uint64_t kSeed = 1;  // of the committed profiles, as their headings say

struct Row {
  std::string what;
  std::vector<std::string> series;
  double most;  // MAPE
};

/// The held-out points of a table by series, each predicted by the profile alone.
std::map<std::string, std::vector<calib::Prediction>> held_out(const calib::Profile& profile,
                                                               const calib::ImportedTables& tables) {
  std::map<std::string, calib::LawTimer> timers;
  for (const calib::Law& law : profile.laws)
    timers.emplace(law.family + "/" + law.kernel + "/" + law.variant, calib::LawTimer(law));
  std::map<std::string, std::vector<calib::Prediction>> predictions;
  for (const calib::Sample& sample : tables.samples) {
    if (!calib::is_held_out(sample.point, kSeed)) continue;
    const std::string series = sample.point.series();
    REQUIRE(timers.contains(series));
    const double predicted = timers.at(series).of(calib::work_of(sample)).time.value();
    predictions[series].push_back({{}, {}, {}, "held-out", predicted, sample.seconds});
  }
  return predictions;
}

void check_rows(const std::string& profile, const std::string& format, const std::string& folder,
                const std::vector<Row>& rows) {
  const auto predictions = held_out(shipped_profile(profile), calib::read_tables(format, folder));
  for (const Row& row : rows) {
    std::vector<calib::Prediction> all;
    for (const std::string& series : row.series) {
      CAPTURE(series);
      REQUIRE(predictions.contains(series));
      all.insert(all.end(), predictions.at(series).begin(), predictions.at(series).end());
    }
    const calib::ErrorRow errors = calib::error_row(all);
    MESSAGE(profile << ": " << row.what << ": MAPE " << 100 * errors.mape << "% of " << errors.points
                    << " held-out points, may be " << 100 * row.most << "%");
    CHECK(errors.mape <= row.most);
  }
}

/// All-reduces of a table between so many GPUs, predicted from a machine's file alone; `plain`: without its protocols.
calib::ErrorRow all_reduces(const std::string& name, const calib::ImportedTables& tables, double ranks, bool plain) {
  hw::MachineSpec machine = shipped_machine(name);
  if (plain) machine.collective_protocols.clear();
  const CostModel cost(shipped_model("opt-175b"), machine, shipped_profile("datasheet"),
                       static_cast<std::int64_t>(ranks));
  std::vector<calib::Prediction> all;
  for (const calib::Sample& sample : tables.samples) {
    if (sample.point.kernel != "all_reduce" || sample.point.at("ranks") != ranks) continue;
    const Operator op{.kernel = kernel::kAllReduce, .kind = OperatorKind::all_reduce, .bytes = sample.bytes};
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

TEST_CASE("does the H200's profile predict kernels of shapes that it never saw?") {
  const std::string folder = data_file("measured/kernels/h200-vllm-0.24");
  if (folder.empty()) return;
  check_rows("h200-vllm-0.24", "aiconfigurator", folder,
             {{"GEMM bf16", {"gemm/gemm/bf16"}, 0.06},
              {"GEMM fp8", {"gemm/gemm/fp8"}, 0.08},
              {"GEMV and thin GEMM",
               {"gemm/gemv/bf16", "gemm/thin/bf16", "gemm/gemv/fp8", "gemm/thin/fp8", "gemm/gemv/fp8_block",
                "gemm/thin/fp8_block"},
               0.06},
              {"context attention",
               {"attention/prefill_attention/bf16", "attention/prefill_attention/fp8",
                "attention/prefill_attention_window/bf16", "attention/prefill_attention_window/fp8"},
               0.10},
              {"generation attention",
               {"attention/decode_attention/bf16", "attention/decode_attention/fp8",
                "attention/decode_attention_window/bf16", "attention/decode_attention_window/fp8"},
               0.10},
              {"all-reduce", {"all_reduce/all_reduce/bf16", "all_reduce/all_reduce_eager/bf16"}, 0.10}});
}

TEST_CASE("does the profile of A100s behind NVSwitch predict collectives of sizes that it never saw?") {
  const std::string folder = data_file("measured/links");
  if (folder.empty()) return;
  check_rows("a100-nvswitch", "vidur", folder,
             {{"all-reduce", {"all_reduce/all_reduce/bf16", "all_reduce/all_reduce_2_nodes/bf16"}, 0.10},
              {"send-receive", {"send_receive/send_receive/bf16", "send_receive/send_receive_2_nodes/bf16"}, 0.10}});
}

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
