// The operators of a step counted by hand for Llama-3.1-8B (32 layers, d 4096, 32 query and 8 KV heads of 128, f 14336,
// V 128256, all in 2 bytes), and the roofline at its ridge.
#include "sim/cost/cost_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "tests/support/shipped.hpp"

using namespace tiersim;
using namespace tiersim::literals;

namespace {

models::ModelSpec llama() {
  models::ModelSpec m;
  m.name = "llama-3.1-8b";
  m.layers = 32;
  m.hidden = 4096;
  m.query_heads = 32;
  m.kv_heads = 8;
  m.head_dim = 128;
  m.intermediate = 14336;
  m.vocabulary = 128256;
  return m;
}

hw::MachineSpec machine() {
  hw::MachineSpec m;
  m.gpu.dense_bf16 = 989_TFLOPs;
  m.gpu.memory_bandwidth = 3350_GBps;
  m.gpus = 4;
  m.collective_bandwidth = 380_GBps;
  m.collective_latency = 31_us;
  return m;
}

calib::Profile profile() {
  calib::Profile p;
  p.gemm_efficiency = 0.72;
  p.attention_efficiency = 0.65;
  p.gemm_bandwidth = 0.85;
  p.attention_bandwidth = 0.8;
  p.elementwise_bandwidth = 0.6;
  p.launch = 2_us;
  p.step_overhead = 200_us;
  return p;
}

CostModel model(std::int64_t ranks = 1) { return {llama(), machine(), profile(), {.tensor = ranks}}; }

/// One decoding sequence after `context` tokens, and one chunk.
Batch decode(std::int64_t sequences, std::int64_t context) {
  Batch b;
  b.decodes = b.sampled = sequences;
  b.decode_context = Tokens(sequences * context);
  return b;
}
Batch chunk(std::int64_t tokens, std::int64_t offset, bool last) {
  Batch b;
  b.add_chunk(Tokens(tokens), Tokens(offset));
  b.sampled = last ? 1 : 0;
  return b;
}

/// What one operator does in one repeat, and how often.
struct Counted {
  double flops, bytes;
  std::int64_t repeats;
};
using Expected = std::vector<std::pair<const char*, Counted>>;

Expected by_hand(double t, double sampled) {
  return {{"embedding", {0, 16'384 * t, 1}},
          {"input norm", {28'672 * t, 32'768 * t, 32}},
          {"qkv", {50'331'648 * t, 50'331'648 + 20'480 * t, 32}},
          {"rotary", {30'720 * t, 20'480 * t, 32}},
          {"kv write", {0, 4'096 * t, 32}},
          {"attention output", {33'554'432 * t, 33'554'432 + 16'384 * t, 32}},
          {"post-attention norm", {28'672 * t, 32'768 * t, 32}},
          {"gate and up", {234'881'024 * t, 234'881'024 + 65'536 * t, 32}},
          {"activation", {28'672 * t, 86'016 * t, 32}},
          {"down", {117'440'512 * t, 117'440'512 + 36'864 * t, 32}},
          {"final norm", {28'672 * sampled, 32'768 * sampled, 1}},
          {"head", {1'050'673'152 * sampled, 1'050'673'152 + 264'704 * sampled, 1}},
          {"sampling", {128'256 * sampled, 513'024 * sampled, 1}}};
}

void check(const std::vector<Operator>& operators, const Expected& expected) {
  std::map<std::string, Operator> found;
  for (const Operator& op : operators) CHECK(found.emplace(op.name, op).second);
  CHECK(found.size() == expected.size());
  for (const auto& [key, counted] : expected) {
    const auto& name = key;  // clang 14 lets no lambda capture a binding
    CAPTURE(name);
    REQUIRE(found.count(name) == 1);
    const Operator& op = found[name];
    CHECK(op.flops.value() == counted.flops);
    CHECK(op.bytes == counted.bytes);
    CHECK(op.repeats == counted.repeats);
  }
}

double total(const CostModel& cost, const std::vector<Operator>& operators) {
  double sum = 0;
  for (const Operator& op : operators) sum += cost.time_of(op).total().value();
  return sum;
}

}  // namespace

TEST_CASE("does a batch count the pairs of queries and keys of its chunks?") {
  Batch b;
  b.add_chunk(3_tok, 0_tok);   // 1 + 2 + 3
  b.add_chunk(2_tok, 10_tok);  // 11 + 12
  CHECK(b.score_pairs == 6 + 23);
  CHECK(b.prefill_context == 15_tok);
  CHECK(b.prefill_tokens == 5_tok);
  CHECK(b.chunks == 2);
}

TEST_CASE("are the operators of a whole prefill those counted by hand?") {
  Expected expected = by_hand(1000, 1);
  // 1000 * 1001 / 2 pairs, 4 FLOPs each over 4096 query dimensions; Q and O whole, K and V of 1024 dimensions.
  expected.push_back({"prefill attention", {16'384.0 * 500'500, 16'384'000 + 4'096'000, 32}});
  check(model().operators(chunk(1000, 0, true)), expected);
}

TEST_CASE("are the operators of a chunk in the middle of a prompt those counted by hand, without a head?") {
  Expected expected = by_hand(512, 0);
  expected.resize(10);
  // Each of 512 queries sees the 2048 before them: 512 * 2048 + 512 * 513 / 2 pairs.
  expected.push_back({"prefill attention", {16'384.0 * 1'179'904, 16'384 * 512 + 4'096 * 2'560, 32}});
  check(model().operators(chunk(512, 2048, false)), expected);
}

TEST_CASE("are the operators of a decode step those counted by hand?") {
  Expected expected = by_hand(64, 64);
  expected.push_back({"decode attention", {16'384.0 * 64 * 3'000, 4'096 * 64 * 3'000 + 16'384 * 64, 32}});
  check(model().operators(decode(64, 3'000)), expected);
}

TEST_CASE("are linear operators of a mixed step fused, its attentions apart?") {
  Batch b = decode(10, 500);
  b.add_chunk(90_tok, 0_tok);
  Expected expected = by_hand(100, 10);
  expected.push_back({"prefill attention", {16'384.0 * 4'095, 16'384 * 90 + 4'096 * 90, 32}});
  expected.push_back({"decode attention", {16'384.0 * 5'000, 4'096 * 5'000 + 16'384 * 10, 32}});
  check(model().operators(b), expected);
}

TEST_CASE("are the weights that a step reads all the model has, but the embedding and the norms?") {
  double bytes = 0;
  for (const Operator& op : model().operators(decode(1, 1)))
    if (op.kind == OperatorKind::gemm)
      bytes += static_cast<double>(op.repeats) * 2.0 * static_cast<double>(op.n) * static_cast<double>(op.k);
  const double parameters = 8'030'261'248.0 - 128'256.0 * 4'096 - 65.0 * 4'096;
  CHECK(bytes == 2 * parameters);
}

TEST_CASE("is a step the sum of its operators and the CPU's part?") {
  CostModel cost = model();
  for (const Batch& b : {chunk(1000, 0, true), chunk(512, 2048, false), decode(1, 1), decode(200, 1'000)}) {
    const StepTime step = cost.step(b);
    CHECK(step.total().value() == doctest::Approx(total(cost, cost.operators(b)) + 200e-6).epsilon(1e-12));
    CHECK(cost.duration(b) == rounded(step.total()));
    CHECK(cost.step(b).total() == step.total());  // remembered or not
  }
}

TEST_CASE("is one decode step of one sequence what the weights and the launches take?") {
  // By hand at p = 2, where compute hardly counts: 0.85 of 3350 GB/s for GEMMs of 7,504,924,672 parameters.
  CostModel cost = model();
  const double weights = 2 * 7'504'924'672.0 / (0.85 * 3350e9);
  const double launches =
      (10 * 32 + 4) * 2e-6;  // 9 operators and the attention a layer; embedding, norm, head, sampler
  const double step = cost.step(decode(1, 1)).total().value();
  CHECK(step > weights + launches + 200e-6);
  CHECK(step < (weights + launches + 200e-6) * 1.01);
}

TEST_CASE("do tensor-parallel ranks divide heads and widths, and reduce twice a layer?") {
  const CostModel cost = model(4);
  std::map<std::string, Operator> found;
  for (const Operator& op : cost.operators(decode(8, 100))) found[op.name] = op;
  const auto shape = [&](const char* name, std::int64_t n, std::int64_t k) {
    CAPTURE(name);
    CHECK(found[name].m == 8);
    CHECK(found[name].n == n);
    CHECK(found[name].k == k);
  };
  shape("qkv", 1024 + 2 * 256, 4096);
  shape("attention output", 4096, 1024);
  shape("gate and up", 7168, 4096);
  shape("down", 4096, 3584);
  shape("head", 32'064, 4096);
  CHECK(found["decode attention"].flops.value() == 4'096.0 * 800);
  CHECK(found["decode attention"].bytes == 1'024 * 800 + 4'096 * 8);
  const Operator& reduce = found["all-reduce"];
  CHECK(reduce.bytes == 8 * 4096 * 2);
  CHECK(reduce.repeats == 64);
  CHECK(cost.time_of(reduce).communication.value() == doctest::Approx(64 * (31e-6 + 1.5 * 65'536 / 380e9)));
  CHECK(cost.time_of(reduce).total() == cost.time_of(reduce).communication);
}

TEST_CASE("do sends and all-to-alls take the machine's latency and their share of its bandwidth?") {
  const CostModel cost = model(4);
  const Operator send{.kernel = kernel::kSend, .kind = OperatorKind::send, .bytes = 38e6, .repeats = 3, .ranks = 2};
  CHECK(cost.time_of(send).communication.value() == doctest::Approx(3 * (31e-6 + 38e6 / 380e9)));
  const Operator exchange{.kernel = kernel::kAllToAll, .kind = OperatorKind::all_to_all, .bytes = 38e6, .ranks = 4};
  CHECK(cost.time_of(exchange).communication.value() == doctest::Approx(31e-6 + 0.75 * 38e6 / 380e9));
  CHECK(cost.time_of(exchange).total() == cost.time_of(exchange).communication);
}

TEST_CASE("does an all-reduce go by the protocol for its size?") {
  hw::MachineSpec by_size = machine();
  by_size.collective_protocols = {{"ll", 32_KiB, 20_GBps, 5_us}, {"ll128", 1_MiB, 100_GBps, 8_us}};
  const CostModel cost(llama(), by_size, profile(), {.tensor = 4});
  const auto seconds = [&](double bytes) {
    return cost.time_of({.kind = OperatorKind::all_reduce, .bytes = bytes, .repeats = 2, .ranks = 4})
        .communication.value();
  };
  CHECK(seconds(32'767) == doctest::Approx(2 * (5e-6 + 1.5 * 32'767 / 20e9)));
  CHECK(seconds(32'768) == doctest::Approx(2 * (8e-6 + 1.5 * 32'768 / 100e9)));
  CHECK(seconds(1'048'576) == doctest::Approx(2 * (31e-6 + 1.5 * 1'048'576 / 380e9)));
}

TEST_CASE("does a longer all-reduce never take less, on any machine?") {
  for (const std::string& name : config::names_in(TIERSIM_SOURCE_DIR "/hw")) {
    const hw::MachineSpec of_file = tests::shipped_machine(name);
    for (std::int64_t ranks = 2; ranks <= std::min<std::int64_t>(of_file.gpus, 8); ranks *= 2) {
      CAPTURE(name);
      CAPTURE(ranks);
      const CostModel cost(llama(), of_file, profile(), {.tensor = ranks});
      double last = 0;
      for (int step = 0; step < 1200; ++step) {
        const double bytes = 1024 * std::pow(1.01, step);
        const double now =
            cost.time_of({.kind = OperatorKind::all_reduce, .bytes = bytes, .ranks = ranks}).total().value();
        CHECK(now >= last);
        last = now;
      }
    }
  }
}

TEST_CASE("are KV heads replicated where there are more ranks than heads?") {
  std::map<std::string, Operator> found;
  for (const Operator& op : model(16).operators(decode(1, 100))) found[op.name] = op;
  CHECK(found["qkv"].n == 256 + 2 * 128);
  CHECK(found["decode attention"].bytes == 2 * 100 * 128 * 2 + 2 * 256 * 2);
}

TEST_CASE("does a step never get shorter by more tokens, more context or more sequences?") {
  CostModel cost = model();
  Duration last(0);
  for (std::int64_t t = 1; t <= 8192; ++t) {
    const Duration now = cost.duration(chunk(t, 0, true));
    CHECK(now >= last);
    last = now;
  }
  last = Duration(0);
  for (std::int64_t c = 1; c <= 100'000; c += 997) {
    const Duration now = cost.duration(decode(32, c));
    CHECK(now >= last);
    last = now;
  }
  last = Duration(0);
  for (std::int64_t n = 1; n <= 512; ++n) {
    const Duration now = cost.duration(decode(n, 1000));
    CHECK(now >= last);
    last = now;
  }
}

TEST_CASE("do both roofs count near the ridge, by the p-norm?") {
  // 1 ms of compute and 1 ms of bandwidth in a GEMM.
  const Operator ridge{.flops = Flops(0.72 * 989e9), .bytes = 0.85 * 3350e6, .repeats = 3};
  for (double p : {1.0, 2.0, 4.0, 50.0}) {
    calib::Profile with = profile();
    with.ridge_exponent = p;
    const StepTime time = CostModel(llama(), machine(), with, {}).time_of(ridge);
    CHECK(time.compute.value() == doctest::Approx(3e-3 * std::pow(2.0, 1 / p)).epsilon(1e-12));
    CHECK(time.bandwidth.value() == 0);
    CHECK(time.overhead.value() == doctest::Approx(6e-6));
  }
}

TEST_CASE("is an operator booked on the roof that it meets first?") {
  const CostModel cost = model();
  const Operator heavy{.flops = Flops(1e12), .bytes = 1};
  const Operator wide{.flops = Flops(1), .bytes = 1e9};
  CHECK(cost.time_of(heavy).compute.value() == doctest::Approx(1e12 / (0.72 * 989e12)));
  CHECK(cost.time_of(heavy).bandwidth.value() == 0);
  CHECK(cost.time_of(wide).bandwidth.value() == doctest::Approx(1e9 / (0.85 * 3350e9)));
  CHECK(cost.time_of(wide).compute.value() == 0);
}

TEST_CASE("does each kind of operator reach its own share of the datasheet?") {
  const CostModel cost = model();
  const auto bandwidth = [&](OperatorKind kind) {
    return cost.time_of({.kind = kind, .bytes = 3350e9}).bandwidth.value();
  };
  CHECK(bandwidth(OperatorKind::gemm) == doctest::Approx(1 / 0.85));
  CHECK(bandwidth(OperatorKind::prefill_attention) == doctest::Approx(1 / 0.8));
  CHECK(bandwidth(OperatorKind::decode_attention) == doctest::Approx(1 / 0.8));
  CHECK(bandwidth(OperatorKind::elementwise) == doctest::Approx(1 / 0.6));
  const Operator attention{.kind = OperatorKind::prefill_attention, .flops = Flops(989e12)};
  CHECK(cost.time_of(attention).compute.value() == doctest::Approx(1 / 0.65));
}

namespace {

/// 5 us, 1 us a MFLOP, 1 ns a KB, as a sum of two sides.
calib::Law law(std::string family, std::string kernel, std::string variant) {
  calib::Law out{.family = std::move(family), .kernel = std::move(kernel), .variant = std::move(variant)};
  out.fixed = 5e-6;
  out.sides = {{"compute", {{calib::Feature::flops, 1e-12}}}, {"bandwidth", {{calib::Feature::bytes, 1e-12}}}};
  out.flops = {1e6, 1e12};
  out.bytes = {1e3, 1e9};
  return out;
}

}  // namespace

TEST_CASE("does a fitted law take an operator's time, booked on its larger side, its fixed part as overhead?") {
  calib::Profile with = profile();
  with.laws = {law("gemm", "gemm", "bf16")};
  const CostModel cost(llama(), machine(), with, {});
  const StepTime heavy = cost.time_of({.kernel = "gemm", .flops = Flops(1e9), .bytes = 1e6, .repeats = 2});
  CHECK(heavy.overhead.value() == doctest::Approx(2 * 5e-6));
  CHECK(heavy.compute.value() == doctest::Approx(2 * (1e-3 + 1e-6)));
  CHECK(heavy.bandwidth.value() == 0);
  CHECK(heavy.measured == heavy.total());
  CHECK(heavy.extrapolated.value() == 0);
  const StepTime wide = cost.time_of({.kernel = "gemm", .flops = Flops(1e6), .bytes = 1e9});
  CHECK(wide.bandwidth.value() == doctest::Approx(1e-3 + 1e-6));
  CHECK(wide.compute.value() == 0);
  // Without a law: the roofline, and nothing of it measured.
  const StepTime other =
      cost.time_of({.kernel = "decode_attention", .kind = OperatorKind::decode_attention, .bytes = 1e9});
  CHECK(other.measured.value() == 0);
}

TEST_CASE("do copies beside a step lengthen what computes and what reads memory, each by its factor?") {
  calib::Profile with = profile();
  with.overlaps = {{"gemm", "h2d", 1.1}, {"copy", "h2d", 1.5}, {"copy", "d2h", 1.25},
                   {"gemm", "d2h", 0.9}, {"copy", "gemm", 3},  {"h2d", "gemm", 2}};
  CostModel cost(llama(), machine(), with, {});
  Batch batch;
  batch.add_chunk(Tokens(512), Tokens(0));
  batch.decodes = 1, batch.decode_context = Tokens(100), batch.sampled = 2;
  const StepTime alone = cost.step(batch);
  const auto beside = [&](bool in, bool out) {
    batch.copies_in = in, batch.copies_out = out;
    return cost.step(batch);
  };
  CHECK(beside(true, false).compute.value() == doctest::Approx(1.1 * alone.compute.value()));
  CHECK(beside(true, false).bandwidth.value() == doctest::Approx(1.5 * alone.bandwidth.value()));
  CHECK(beside(false, true).compute == alone.compute);  // faster beside a copy is noise
  CHECK(beside(false, true).bandwidth.value() == doctest::Approx(1.25 * alone.bandwidth.value()));
  CHECK(beside(true, true).compute.value() ==
        doctest::Approx(1.1 * alone.compute.value()));  // not measured: the larger
  CHECK(beside(true, true).bandwidth.value() == doctest::Approx(1.5 * alone.bandwidth.value()));
  CHECK(beside(true, true).overhead == alone.overhead);
  CHECK(beside(false, false).total() == alone.total());
}

TEST_CASE("does a law that stands in or leaves its range say so?") {
  calib::Profile with = profile();
  with.laws = {law("gemm", "gemm", "fp32"), law("gemm", "gemm", "fp16"), law("elementwise", "add", "bf16")};
  const CostModel cost(llama(), machine(), with, {});
  const auto extrapolated = [&](Operator op) {
    const StepTime time = cost.time_of(op);
    return time.measured.value() > 0 && time.extrapolated == time.measured;
  };
  CHECK_FALSE(extrapolated({.kernel = "gemm", .flops = Flops(1e9), .bytes = 1e6}));  // fp16 has bf16's width
  CHECK(extrapolated({.kernel = "gemm", .flops = Flops(3e12), .bytes = 1e6}));       // beyond twice the largest
  CHECK(extrapolated({.kernel = "gemv", .flops = Flops(1e9), .bytes = 1e6}));        // the product's law stands in
  CHECK(extrapolated({.kernel = "norm", .kind = OperatorKind::elementwise, .flops = Flops(1e6), .bytes = 1e6}));
}

TEST_CASE("is the law of the nearest width chosen, and only among a step's kernels?") {
  calib::Profile with;
  with.laws = {law("memory", "add", "fp16"), law("gemm", "gemm", "int8"), law("gemm", "gemm", "fp8"),
               law("gemm", "gemm", "fp32")};
  const LawBook book(with);
  CHECK(book.find("gemm", 1).law->variant == "fp8");
  CHECK(book.find("gemm", 4).exact);
  CHECK(book.find("gemm", 0.5).law->variant == "fp8");
  CHECK_FALSE(book.find("gemm", 0.5).exact);
  CHECK(book.find("thin", 4).law->variant == "fp32");
  CHECK(book.find("add", 2).law == nullptr);
  CHECK(book.find("decode_attention", 2).law == nullptr);
}

TEST_CASE("does a scale for a block of weights find the laws of its own type?") {
  calib::Profile with;
  with.laws = {law("gemm", "gemm", "fp8"), law("gemm", "gemm", "fp8_block")};
  const LawBook book(with);
  CHECK(book.find("gemm", 1).law->variant == "fp8");
  CHECK(book.find("gemm", 1 + 4.0 / 16384).law->variant == "fp8_block");
  CHECK(book.find("gemm", 1 + 4.0 / 16384).exact);
}

TEST_CASE("are experts one kernel where the profile knows it in their type, else several?") {
  models::ModelSpec mixture = llama();
  mixture.groups = mixture.layer_groups();
  models::FeedForward& network = mixture.groups[0].feed_forward;
  network.experts = 8, network.active = 2, network.expert_intermediate = 14336;
  const auto has = [&](const char* variant, const char* kernel, Ranks ranks, const std::string& name) {
    calib::Profile with = profile();
    with.laws = {law("experts", kernel, variant)};
    CostModel cost(mixture, machine(), with, ranks);
    const Operators all = cost.operators(decode(1, 100));
    return std::any_of(all.begin(), all.end(), [&](const Operator& op) { return op.name == name; });
  };
  CHECK(has("bf16", "fused_experts", {}, "experts"));
  CHECK_FALSE(has("bf16", "fused_experts", {}, "experts' down"));
  CHECK_FALSE(has("fp8", "fused_experts", {}, "experts"));
  CHECK(has("fp8", "fused_experts", {}, "experts' down"));
  CHECK_FALSE(has("bf16", "fused_experts", {2, 2}, "experts"));  // no law with experts on other ranks
  CHECK(has("bf16", "fused_experts_ranks", {2, 2}, "experts"));
}

TEST_CASE("do the operators of a step add up to its time under laws too?") {
  calib::Profile with = profile();
  for (const char* kernel : {"gemm", "gemv", "thin"}) with.laws.push_back(law("gemm", kernel, "bf16"));
  for (const char* kernel : {"prefill_attention", "decode_attention"})
    with.laws.push_back(law("attention", kernel, "bf16"));
  for (const char* kernel : {"norm", "rotary", "activation", "add", "softmax"})
    with.laws.push_back(law("elementwise", kernel, "bf16"));
  CostModel cost(llama(), machine(), with, {});
  Batch both = decode(7, 900);
  both.add_chunk(300_tok, 64_tok);
  StepTime sum;
  for (const Operator& op : cost.operators(both)) sum += cost.time_of(op);
  const StepTime step = cost.step(both);
  CHECK((sum.total() + in_seconds(with.step_overhead)).value() == doctest::Approx(step.total().value()));
  CHECK(step.measured.value() == doctest::Approx(sum.total().value()));
}

TEST_CASE("does a step that is no CUDA graph take as long as launching its kernels, where the GPU is faster?") {
  calib::Profile with = profile();
  with.eager_launch = 50_us;
  CostModel graphs(llama(), machine(), with, {}, 64_tok), eager(llama(), machine(), with, {}, 0_tok);
  const Batch few = decode(8, 1000), many = chunk(8192, 0, true);
  std::int64_t kernels = 0;
  for (const Operator& op : eager.operators(few)) kernels += op.repeats;
  const Seconds launches = Seconds(50e-6) * static_cast<double>(kernels);
  CHECK(graphs.step(few).total() < launches);
  CHECK(eager.step(few).total().value() == doctest::Approx((launches + in_seconds(with.step_overhead)).value()));
  CHECK(eager.step(few).compute == graphs.step(few).compute);
  CHECK(eager.step(many).total() == model().step(many).total());  // 8,192 tokens keep the GPU busy for longer
}

TEST_CASE("is a prefill alone the sum of its chunks, the last with a token?") {
  CostModel cost = model();
  CHECK(cost.prefill_alone(0_tok, 1000_tok, 2048_tok) == cost.duration(chunk(1000, 0, true)));
  CHECK(cost.prefill_alone(100_tok, 1000_tok, 400_tok) == cost.duration(chunk(400, 100, false)) +
                                                              cost.duration(chunk(400, 500, false)) +
                                                              cost.duration(chunk(100, 900, true)));
  CHECK(cost.prefill_alone(7_tok, 7_tok, 400_tok) == 0_ns);
}
