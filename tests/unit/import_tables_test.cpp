// Tables of others: are they read as they stand, counted as the cost model counts, and held out by whole shapes?
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <zlib.h>

#include "calib/fit/calibrate.hpp"
#include "calib/import/beyond_peak.hpp"
#include "calib/import/csv_table.hpp"
#include "calib/import/expert_routing.hpp"
#include "calib/import/imported_tables.hpp"
#include "calib/import/kernel_work.hpp"
#include "calib/import/table_rules.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "sim/cost/operators.hpp"
#include "tests/support/trace_files.hpp"

using namespace tiersim;
using namespace tiersim::tests;
using calib::CsvTable;
using calib::Sample;

namespace {

models::ModelSpec shipped(const std::string& name) {
  Diagnostics diagnostics;
  const config::Value value = config::load_yaml(config::path_in(TIERSIM_SOURCE_DIR "/models", name), diagnostics);
  config::Fields fields(value, "the model", diagnostics);
  return models::read_model(fields);
}

/// Reads the table to its end.
void read_through(const std::string& path, const char* column) {
  CsvTable table(path);
  const std::size_t at = table.column(column);
  while (table.next()) static_cast<void>(table.positive(at));
}

/// The attention of a batch of equal sequences, as the cost model counts it.
Operator operator_of(const models::ModelSpec& model, const calib::AttentionTable& t) {
  Batch batch;
  batch.window = Tokens(static_cast<std::int64_t>(t.window));
  const auto whole = [](double x) { return static_cast<std::int64_t>(x); };
  if (t.decode) {
    batch.decodes = whole(t.batch), batch.decode_context = Tokens(whole(t.batch * t.context));
    batch.window_decode_context = Tokens(whole(t.batch * std::min(t.context, t.window)));
  } else {
    for (int i = 0; i < t.batch; ++i) batch.add_chunk(Tokens(whole(t.queries)), Tokens(whole(t.context - t.queries)));
  }
  Operators out;
  StepOperators(model, {}).attention(batch, out);
  for (const Operator& op : out) {
    if ((op.window > 0) == (t.window > 0)) return op;
  }
  FAIL("no such attention");
  return {};
}

void check_against_cost(const models::ModelSpec& model, const calib::AttentionTable& t) {
  const Sample sample = calib::attention_sample(t, 1);
  const Operator op = operator_of(model, t);
  CAPTURE(t.decode);
  CAPTURE(t.window);
  CHECK(sample.point.kernel == op.kernel);
  CHECK(sample.flops == doctest::Approx(op.flops.value()).epsilon(1e-12));
  CHECK(sample.bytes == doctest::Approx(op.bytes).epsilon(1e-12));
  CHECK(sample.point.at("m") == static_cast<double>(op.m));
  CHECK(sample.point.at("k") == static_cast<double>(op.k));
  CHECK(sample.point.at("sequences") == static_cast<double>(op.sequences));
  CHECK(sample.point.at("heads") == static_cast<double>(op.heads));
  CHECK(sample.point.at("kv_heads") == static_cast<double>(op.kv_heads));
}

}  // namespace

TEST_CASE("is a table read by its columns' names, plain or compressed?") {
  const TemporaryFolder folder;
  std::ofstream(folder.path("plain.csv")) << "m,name,t\r\n1,a,2.5\r\n\r\n3,,1e-3";
  CsvTable table(folder.path("plain.csv"));
  REQUIRE(table.next());
  CHECK(table.number(table.column("t")) == 2.5);
  CHECK(table.text(table.column("name")) == "a");
  REQUIRE(table.next());
  CHECK(table.text(1).empty());
  CHECK(table.positive(2) == 1e-3);
  CHECK_FALSE(table.next());

  const gzFile file = gzopen(folder.path("packed.csv.gz").c_str(), "wb");
  gzputs(file, "m\n7\n");
  gzclose(file);
  CsvTable packed(folder.path("packed.csv"));  // without the ending
  REQUIRE(packed.next());
  CHECK(packed.number(0) == 7);
}

TEST_CASE("does a table that will not do say where and why?") {
  const TemporaryFolder folder;
  const std::string path = folder.path("t.csv");
  const auto says = [&](const char* text, const char* column, const char* what) {
    std::ofstream(path) << text;
    CHECK_THROWS_WITH_AS(read_through(path, column), doctest::Contains(what), std::runtime_error);
  };
  says("", "t", "is empty");
  says("m,t\n1,2\n", "s", "has no column 's'; it has: m, t");
  says("m,t\n1,2\n1\n", "t", "t.csv:3: 1 values for 2 columns");
  says("m,t\n1,fast\n", "t", "t.csv:2: 'fast' in column 't' is not a number");
  says("m,t\n1,-2\n", "t", "t.csv:2: '-2' in column 't', expected a number above zero");
  says("m,t\n1,nan\n", "t", "expected a number above zero");
  CHECK_THROWS_WITH_AS(CsvTable(folder.path("none.csv")), doctest::Contains("no table"), std::runtime_error);
  CHECK_THROWS_WITH_AS(static_cast<void>(calib::read_tables("aiconfigurator", folder.path(""))),
                       doctest::Contains("has none of the tables"), std::runtime_error);
  CHECK_THROWS_WITH_AS(
      static_cast<void>(calib::read_tables("abacus", ".")),
      doctest::Contains("unknown format 'abacus' of tables; known: aiconfigurator, llmservingsim, vidur"),
      std::invalid_argument);
}

TEST_CASE("is a product counted by hand, its kernel chosen by its rows?") {
  const Sample wide = calib::product_sample({"fp8", 1, 1}, 32, 256, 128, 1e-5);
  CHECK(wide.flops == 2.0 * 32 * 256 * 128);
  CHECK(wide.bytes == 256 * 128 + 32 * 128 + 2 * 32 * 256);
  CHECK(wide.point.key() == "gemm/gemm/fp8 m=32 n=256 k=128");
  CHECK(calib::product_sample({"bf16", 2, 2}, 16, 8, 8, 1).point.kernel == "thin");
  CHECK(calib::product_sample({"bf16", 2, 2}, 1, 8, 8, 1).point.kernel == "gemv");
  CHECK(calib::product_sample({"fp8_block", 1, 1, true}, 1, 8, 8, 1).point.kernel == "gemv_eager");
}

TEST_CASE("are scores behind a context and within a window counted one by one?") {
  const auto scores = [](double queries, double context, double window) {
    calib::AttentionTable t{.batch = 1,
                            .queries = queries,
                            .context = context,
                            .heads = 1,
                            .kv_heads = 1,
                            .head_dim = 1,
                            .window = window,
                            .variant = "bf16"};
    return calib::attention_sample(t, 1).flops / 4;
  };
  CHECK(scores(3, 5, 0) == 3 + 4 + 5);
  CHECK(scores(3, 5, 2) == 2 + 2 + 2);
  CHECK(scores(3, 5, 4) == 3 + 4 + 4);
  CHECK(scores(3, 5, 9) == 3 + 4 + 5);
  CHECK(scores(1, 100, 16) == 16);
}

TEST_CASE("does the cost model count the same attention the same?") {
  const models::ModelSpec llama = shipped("llama-3.1-8b"), gemma = shipped("gemma-2-9b");
  calib::AttentionTable t{.batch = 4, .heads = 32, .kv_heads = 8, .head_dim = 128, .variant = "bf16"};
  t.queries = t.context = 512;
  check_against_cost(llama, t);
  t.context = 700;
  check_against_cost(llama, t);
  t.decode = true, t.queries = 1;
  check_against_cost(llama, t);
  calib::AttentionTable w{.batch = 2, .heads = 16, .kv_heads = 8, .head_dim = 256, .window = 4096, .variant = "bf16"};
  w.queries = w.context = 6000;
  check_against_cost(gemma, w);
  w.decode = true, w.queries = 1;
  check_against_cost(gemma, w);
}

TEST_CASE("are the experts of a table counted by hand, its types and ranks told apart?") {
  const TemporaryFolder folder;
  const auto samples_of = [&](const std::string& rows) {
    folder.write("moe_perf.csv",
                 "framework,version,device,moe_dtype,num_tokens,hidden_size,inter_size,topk,num_experts,moe_tp_size,"
                 "moe_ep_size,distribution,latency\n" +
                     rows);
    return calib::read_tables("aiconfigurator", folder.path("")).samples;
  };
  const auto read = samples_of(
      "F,1,X,bfloat16,4,8,32,2,4,2,1,balanced,0.5\n"
      "F,1,X,fp8_block,4,8,16,2,4,1,2,balanced,0.25\n"
      "F,1,X,bfloat16,1,2688,1856,6,128,1,1,balanced,1\n"   // not gated
      "F,1,X,fp8_block,1,7168,2048,8,256,1,1,balanced,1\n"  // routed within groups: left out
      "F,1,X,int4_wo,4,8,16,2,4,1,1,balanced,1\n");
  REQUIRE(read.size() == 3);
  const Sample& whole = read[0];  // 4 tokens, each with the experts t and t + 2: 2 rows for each of 4
  CHECK(whole.point.series() == "experts/fused_experts/bf16");
  CHECK(whole.seconds == doctest::Approx(0.5e-3));
  CHECK(whole.flops == 2 * 8 * 3 * 8 * 16);
  CHECK(whole.point.at("weight_bytes") == 2 * 4 * 3 * 8 * 16);
  CHECK(whole.bytes == 2 * 4 * 384 + 2 * (8 * (3 * 8 + 6 * 16) + 4 * 8));
  CHECK(whole.point.at("rows_per_expert") == 2);
  CHECK(whole.point.at("tiles_per_expert") == 1);
  const Sample& half = read[1];
  CHECK(half.point.series() == "experts/fused_experts_ranks/fp8_block");
  CHECK(half.flops == whole.flops / 2);
  CHECK(half.point.at("experts") == 2);
  CHECK(half.point.at("weight_bytes") == (1 + 4.0 / 16384) * 2 * 384);
  CHECK(half.bytes - half.point.at("weight_bytes") == 2 * (8 * (3 * 8 + 6 * 16) + 4 * 8));
  CHECK(read[2].flops == 2.0 * 6 * 2 * 2688 * 1856);
  CHECK_THROWS_WITH_AS(samples_of("F,1,X,fp8,4,8,16,2,4,1,1,zipf,1\n"),
                       doctest::Contains("moe_perf.csv:2: unknown distribution 'zipf'"), std::runtime_error);
  CHECK_THROWS_WITH_AS(samples_of("F,1,X,fp8,4,8,16,2,4,1,3,balanced,1\n"),
                       doctest::Contains("moe_perf.csv:2: 2 of 4 experts on 3 ranks"), std::runtime_error);
}

TEST_CASE("does the cost model count the same experts the same?") {
  const TemporaryFolder folder;
  folder.write("moe_perf.csv",
               "framework,version,device,moe_dtype,num_tokens,hidden_size,inter_size,topk,num_experts,moe_tp_size,"
               "moe_ep_size,distribution,latency\nF,1,X,bfloat16,4096,4096,14336,2,8,2,1,balanced,1\n");
  const Sample sample = calib::read_tables("aiconfigurator", folder.path("")).samples.at(0);
  for (const Operator& op : StepOperators(shipped("mixtral-8x7b"), {.tensor = 2}).linear(Tokens(4096), true)) {
    if (op.experts <= 0) continue;
    const Sample ours = calib::operator_sample(op, "bf16", 1);  // 4,096 tokens touch all experts, at random too
    CHECK(ours.point.series() == sample.point.series());
    CHECK(ours.flops == sample.flops);
    CHECK(ours.bytes == doctest::Approx(sample.bytes).epsilon(1e-12));
    for (const char* name : {"m", "n", "k", "experts", "weight_bytes", "rows_per_expert"})
      CHECK(ours.point.at(name) == doctest::Approx(sample.point.at(name)).epsilon(1e-12));
    CHECK(sample.point.at("tiles_per_expert") == 8);  // 1,024 rows of each, to the row
    CHECK(ours.point.at("tiles_per_expert") == doctest::Approx(8.5).epsilon(1e-3));
    return;
  }
  FAIL("no experts as one kernel");
}

TEST_CASE("does a power law keep all rows, and leave more of them on the busiest rank?") {
  const calib::Routing even{.tokens = 512, .experts = 64, .active = 4}, skewed{512, 64, 4, 1, 1.2};
  CHECK(calib::load_of(even).rows == 2048);
  CHECK(calib::load_of(even).tiles == 64);
  CHECK(calib::load_of(skewed).rows == doctest::Approx(2048));
  CHECK(calib::load_of(skewed).tiles > 64);
  const calib::Routing ranks{512, 64, 4, 8, 1.2};
  CHECK(calib::load_of(ranks).rows > 2048 / 8);
  CHECK(calib::load_of(ranks).rows < 512 * 4);
  CHECK(calib::load_of(ranks).rows == calib::load_of(ranks).rows);
  // One token with 4 of 64 experts: a row each, on different ranks.
  CHECK(calib::load_of({1, 64, 4, 1, 1.01}).experts == doctest::Approx(4));
}

TEST_CASE("are collectives within a node told from those over several?") {
  const TemporaryFolder folder;
  folder.write("x9-all_reduce.csv",
               ",time_stats.all_reduce.median,num_workers,size,devices_per_node\n0,0.5,8,2048,8\n1,0.25,8,2048,4\n");
  folder.write("x9-send_recv.csv",
               ",time_stats.send_recv.median,num_workers,size,devices_per_node\n0,0.125,2,4096,2\n");
  folder.write("notes.txt", "nothing");
  const calib::ImportedTables read = calib::read_tables("vidur", folder.path());
  REQUIRE(read.samples.size() == 3);
  CHECK(read.samples[0].point.key() == "all_reduce/all_reduce/bf16 ranks=8 bytes=2048");
  CHECK(read.samples[0].seconds == doctest::Approx(0.5e-3));
  CHECK(read.samples[1].point.kernel == "all_reduce_2_nodes");
  CHECK(read.samples[2].point.series() == "send_receive/send_receive/bf16");
  CHECK(calib::text_in(read.fingerprint, "device") == "x9");
}

TEST_CASE("does a time that no device could reach stand out?") {
  const std::vector<Sample> samples = {calib::product_sample({"bf16", 2, 2}, 1000, 1000, 1000, 2e9 / 0.9e15),
                                       calib::product_sample({"bf16", 2, 2}, 1000, 1000, 500, 1e9 / 3e15),
                                       calib::product_sample({"fp8", 1, 1}, 1000, 1000, 1000, 1e-9)};
  const calib::BeyondPeak beyond = calib::beyond_peak(samples, {{"bf16", 1e15}});
  CHECK(beyond.count == 1);
  CHECK(beyond.factor == doctest::Approx(3));
  CHECK(beyond.worst == "gemm/gemm/bf16 m=1000 n=1000 k=500");
  CHECK(calib::beyond_peak(samples, {{"fp8", 2e15}}).count == 1);
  CHECK(calib::beyond_peak(samples, {}).count == 0);
}

TEST_CASE("is a fifth of the shapes held out, the same in every series of a family?") {
  int held = 0, agreeing = 0, same_as_other_seed = 0;
  for (int n = 1; n <= 40; ++n) {
    for (int k = 1; k <= 25; ++k) {
      const auto is_held = [&](const char* kernel, double m, std::uint64_t seed) {
        return calib::is_held_out({"gemm", kernel, "bf16", {{"m", m}, {"n", 64.0 * n}, {"k", 64.0 * k}}},
                                  {{"gemm", {"n", "k"}}}, seed);
      };
      held += is_held("gemm", 64, 1);
      agreeing += is_held("gemm", 64, 1) == is_held("gemv", 1, 1);
      same_as_other_seed += is_held("gemm", 64, 1) && is_held("gemm", 64, 2);
    }
  }
  CHECK(held == doctest::Approx(200).epsilon(0.2));  // of 1,000; standard deviation 13
  CHECK(agreeing == 1000);
  CHECK(same_as_other_seed < 80);  // 40 expected
}

TEST_CASE("does a profile made from a table predict the shapes that it did not see?") {
  const TemporaryFolder folder;
  std::ofstream table(folder.path("gemm_perf.csv"));
  table << "framework,version,device,op_name,kernel_source,gemm_dtype,m,n,k,latency\n";
  const auto milliseconds = [](double m, double n, double k) {
    const double compute = 2 * m * n * k / 6e14, bandwidth = 2 * (n * k + m * k + m * n) / 3e12;
    return 1e3 * (4e-6 + std::hypot(compute, bandwidth) * (1 + 0.1 * std::sin(std::log2(m))));
  };
  for (double m = 17; m <= 8192; m *= 2) {
    for (double n = 256; n <= 16384; n *= 2) {
      for (double k = 256; k <= 16384; k *= 2)
        table << "F,1,GPU X,gemm,k,bfloat16," << m << ',' << n << ',' << k << ',' << milliseconds(m, n, k) << '\n';
    }
  }
  table.close();
  const calib::ImportedTables imported = calib::read_tables("aiconfigurator", folder.path(""));
  CHECK(imported.samples.size() == 9 * 7 * 7);
  CHECK(calib::text_in(imported.fingerprint, "device") == "GPU X");
  const calib::Calibration made =
      calib::calibrate("made", imported.samples, imported.fingerprint, calib::table_rules(imported, 1));
  REQUIRE(made.by_family.size() == 2);
  CHECK(made.by_family[1].set == "held-out");
  CHECK(made.by_family[1].points > 9 * 4);
  CHECK(made.by_family[1].mape < 0.03);
  CHECK(made.machine_yaml.empty());
}
