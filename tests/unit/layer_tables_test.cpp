// A model's layers as others timed them: are they read as the cost model's operators, and batches by what they hold?
#include <doctest/doctest.h>

#include <algorithm>

#include "calib/import/imported_tables.hpp"
#include "calib/import/table_rules.hpp"
#include "sim/cost/cost_model.hpp"
#include "tests/support/shipped.hpp"
#include "tests/support/trace_files.hpp"

using namespace tiersim;
using namespace tiersim::tests;
using calib::Sample;

namespace {

constexpr const char* kMeta =
    "model: meta-llama/Llama-3.1-8B\ngpu: X\nvllm_version: 1\nskew_profile: {enabled: true}\n";

/// A folder of tables, whole but small.
class Tables {
 public:
  explicit Tables(const std::string& meta = kMeta, const std::string& layer = "qkv_proj") {
    folder_.write("meta.yaml", meta);
    folder_.write("tp1/dense.csv", "layer,tokens,time_us\n" + layer + ",3,50\nact_fn,7,2\n");
    folder_.write("tp1/per_sequence.csv", "layer,sequences,time_us\nlm_head,1,700\nsampler,2,30\n");
    folder_.write("tp1/attention.csv",
                  "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n"
                  "100,28,2,400,90\n0,0,2,800,20\n");
    folder_.write("tp1/skew.csv",
                  "n,nb,pc,kp,kvs,kv_big,kv_mean,t_mean_us,t_max_us,t_skew_us\n"
                  "2,1,0,0,200,800,500,36,60,54\n"    // a sum of three runs: t_max is 20 in attention.csv
                  "2,1,0,0,200,900,550,36,60,54\n");  // nothing in attention.csv tells its scale
  }
  [[nodiscard]] calib::ImportedTables read(const std::string& inside = {}) const {
    return calib::read_tables("llmservingsim", folder_.path(inside), [](const std::string& name) {
      if (name != "llama-3.1-8b") throw std::runtime_error("no model " + name);
      return shipped_model(name);
    });
  }
  [[nodiscard]] std::vector<Sample> of(const std::string& kernel) const {
    std::vector<Sample> out;
    for (const Sample& s : read().samples)
      if (s.point.kernel == kernel) out.push_back(s);
    return out;
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("are layers read as the operators of the model that the tables name?") {
  const Tables tables;
  const std::vector<Sample> thin = tables.of("thin"), gemv = tables.of("gemv"), activation = tables.of("activation");
  REQUIRE(thin.size() == 1);
  CHECK(thin[0].point.at("n") == 6144);
  CHECK(thin[0].flops == 2.0 * 3 * 6144 * 4096);
  CHECK(thin[0].seconds == doctest::Approx(50e-6));
  REQUIRE(gemv.size() == 1);
  CHECK(gemv[0].point.at("n") == 128256);
  REQUIRE(activation.size() == 1);
  CHECK(activation[0].bytes == 3.0 * 7 * 14336 * 2);
  CHECK(activation[0].point.at("tokens") == 7);
  CHECK(tables.read("tp1").samples.size() == tables.read().samples.size());  // one rank's folder will do
}

TEST_CASE("do batches of a chunk and decoding sequences count as one kernel, unequal contexts by their longest?") {
  const Tables tables;
  const std::vector<Sample> mixed = tables.of("mixed_attention"), decode = tables.of("decode_attention");
  REQUIRE(mixed.size() == 1);
  CHECK(mixed[0].flops == 2.0 * (100 * 28 + 100 * 101 / 2) * 8192);
  CHECK(mixed[0].point.at("decode_flops") == 2.0 * 800 * 8192);
  CHECK(mixed[0].point.at("longest") == 400);
  REQUIRE(decode.size() == 3);  // one uniform row, and of the row of skew.csv with a scale both times
  CHECK(decode[1].point.at("n") == 1000);
  CHECK(decode[1].seconds == doctest::Approx(12e-6));
  CHECK(decode[2].point.at("longest") == 800);
  CHECK(decode[2].seconds == doctest::Approx(18e-6));
  CHECK(Tables("model: m/Llama-3.1-8B\nskew_profile: {enabled: false}\n").of("decode_attention").size() == 1);
}

TEST_CASE("do layer tables that will not do say why?") {
  CHECK_THROWS_WITH_AS(static_cast<void>(Tables(kMeta, "mamba").read()),
                       doctest::Contains("dense.csv:2: unknown layer 'mamba'"), std::runtime_error);
  CHECK_THROWS_WITH_AS(static_cast<void>(Tables("model: x/Y\n").read()), doctest::Contains("no model y"),
                       std::runtime_error);
  const TemporaryFolder empty;
  CHECK_THROWS_WITH_AS(static_cast<void>(calib::read_tables("llmservingsim", empty.path(""))),
                       doctest::Contains("has no folder tp1"), std::runtime_error);
}

TEST_CASE("is one row never held out where rows make the shape, and all of a shape or nothing of it?") {
  const calib::ShapeNames shapes{{"gemm", {"m"}}};
  int held_out = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CHECK_FALSE(calib::is_held_out({"gemm", "gemv", "bf16", {{"m", 1}, {"n", 64}}}, shapes, seed));
    const bool here = calib::is_held_out({"gemm", "gemm", "bf16", {{"m", 80}, {"n", 64}}}, shapes, seed);
    CHECK(here == calib::is_held_out({"gemm", "gemm", "bf16", {{"m", 80}, {"n", 4096}}}, shapes, seed));
    CHECK_FALSE(calib::is_held_out({"attention", "x", "bf16", {{"m", 80}}}, shapes, seed));
    held_out += here;
  }
  CHECK(held_out > 20);
  CHECK(held_out < 60);
}

TEST_CASE("does a kernel whose time others include take none, and the longest sequence more?") {
  CostModel cost(shipped_model("llama-3.1-8b"), shipped_machine("workstation-rtx-pro-6000"),
                 shipped_profile("rtx-pro-6000-vllm-0.19"), {});
  Batch batch = cost.empty_batch();
  batch.add_decodes(50, Tokens(1300));
  const Operators operators = cost.operators(batch);
  const auto write = std::find_if(operators.begin(), operators.end(),
                                  [](const Operator& op) { return op.kernel == std::string_view("kv_write"); });
  REQUIRE(write != operators.end());
  CHECK(cost.time_of(*write).total() == Seconds(0));
  const Seconds equal = cost.step(batch).total();
  batch.longest = Tokens(4500);
  CHECK(cost.step(batch).total().value() > 1.02 * equal.value());
}
