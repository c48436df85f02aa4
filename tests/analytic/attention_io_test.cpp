// Attention's traffic against the bounds of its I/O complexity (Saha and Ye, 2024), and what of it the cost model
// books.
#include "sim/cost/attention_io.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "sim/cost/cost_model.hpp"
#include "tests/support/shipped.hpp"

using namespace tiersim;

namespace {

/// The slope of the traffic between two sizes of on-chip memory, both axes logarithmic.
double slope(const HeadShape& head, double from, double to) {
  return std::log(attention_elements(head, to) / attention_elements(head, from)) / std::log(to / from);
}

/// Prefill attention of Llama-3.1-8B: a chunk behind so many tokens, one layer.
Operator chunk_attention(std::int64_t tokens, std::int64_t offset) {
  const StepOperators operators(tests::shipped_model("llama-3.1-8b"), {});
  Batch batch;
  batch.add_chunk(Tokens(tokens), Tokens(offset));
  Operators out;
  operators.attention(batch, out);
  REQUIRE(out.size() == 1);
  return out[0];
}

hw::GpuSpec h100() { return tests::shipped_machine("hgx-h100x1").gpu; }

}  // namespace

TEST_CASE("does attention's traffic fall with on-chip memory by slope -1 above d^2, by -1/2 below?") {
  const HeadShape wide{0x1p24, 0x1p24, 128};
  CHECK(slope(wide, 4 * 128 * 128, 256 * 128 * 128) == doctest::Approx(-1).epsilon(0.01));
  CHECK(slope(wide, 16 * 128 * 128, 1024 * 128 * 128) == doctest::Approx(-1).epsilon(0.01));
  const HeadShape narrow{0x1p24, 0x1p24, 8192};  // little fits of a row: blocks
  CHECK(slope(narrow, 64, 4096) == doctest::Approx(-0.5).epsilon(0.01));
  CHECK(slope(narrow, 1024, 65'536) == doctest::Approx(-0.5).epsilon(0.02));
  for (const double d : {64.0, 128.0, 1024.0}) {
    const HeadShape head{0x1p20, 0x1p20, d};
    CHECK(tiled_attention_elements(head, 4 * d * d) < blocked_attention_elements(head, 4 * d * d));
    CHECK(tiled_attention_elements(head, d * d / 4) > blocked_attention_elements(head, d * d / 4));
  }
}

TEST_CASE("does attention never move less than its lower bounds, nor more with more memory?") {
  for (const double d : {64.0, 128.0, 512.0}) {
    for (const double n : {1024.0, 16'384.0, 1'048'576.0}) {
      double last = INFINITY;
      for (int octave = 4; octave <= 34; ++octave) {
        const double memory = std::ldexp(1.0, octave);
        const double moved = attention_elements({n, n, d}, memory);
        CHECK(moved >= 4 * n * d);  // Q, K, V in, O out
        CHECK(moved >= (memory >= d * d ? n * n * d * d / memory : n * n * d / std::sqrt(memory)));
        CHECK(moved <= last);
        last = moved;
      }
    }
  }
}

TEST_CASE("does ample on-chip memory leave the ideal count?") {
  CHECK(attention_elements({4096, 4096, 128}, 4 * 4096 * 128) == 4 * 4096 * 128);
  CHECK(attention_elements({512, 8192, 128}, 4 * 512 * 128) == 2 * (512 + 8192) * 128);
}

TEST_CASE("does FlashAttention read keys and values once a tile of queries?") {
  // 64 rows of 128 elements in each of four tiles: 16 tiles of 1,024 queries, the last one of 1,025 alone.
  CHECK(tile_rows(4 * 64 * 128, 128) == 64);
  CHECK(tiled_attention_elements({1024, 1024, 128}, 4 * 64 * 128) == 2 * 128 * 1024 * (1 + 16));
  CHECK(tiled_attention_elements({1025, 1024, 128}, 4 * 64 * 128) == 2 * 128 * (1025 + 1024 * 17));
}

TEST_CASE("are keys and values read again once a wave of tiles, where L2 does not keep them?") {
  // 228 KiB of 2 bytes: tiles of 228 rows, 30,096 rows on 132 multiprocessors; four query heads share a KV head.
  const hw::GpuSpec gpu = h100();
  CHECK(kv_bytes_read_again(chunk_attention(7'524, 120'000), gpu, 2) == 0);  // one wave
  CHECK(kv_bytes_read_again(chunk_attention(7'525, 40'000), gpu, 2) == 0);   // a head's 24 MB stay in L2
  const Operator two_waves = chunk_attention(7'525, 120'000);
  const double kv = 127'525.0 * 4'096, kept = 0.7 * 50 * 1'048'576 / (127'525.0 * 512);
  CHECK(two_waves.kv_bytes == kv);
  CHECK(kv_bytes_read_again(two_waves, gpu, 2) == doctest::Approx(kv * (1 - kept)));
  CHECK(kv_bytes_read_again(chunk_attention(15'049, 112'476), gpu, 2) == doctest::Approx(2 * kv * (1 - kept)));
  hw::GpuSpec silent = gpu;
  silent.shared_memory_per_sm = Bytes(0);
  CHECK(kv_bytes_read_again(two_waves, silent, 2) == 0);
}

TEST_CASE("does the datasheet's prefill attention pay for keys and values that it reads again, a law's not?") {
  hw::MachineSpec machine = tests::shipped_machine("hgx-h100x1");
  const models::ModelSpec model = tests::shipped_model("llama-3.1-8b");
  calib::Profile profile = tests::shipped_profile("datasheet");
  profile.ridge_exponent = 1;  // both sides count in full
  const Operator op = chunk_attention(7'525, 120'000);
  const auto seconds = [&] { return CostModel(model, machine, profile, {}).time_of(op).total().value(); };
  const double once = static_cast<double>(op.repeats) * kv_bytes_read_again(op, machine.gpu, 2) /
                      (machine.gpu.memory_bandwidth.value() * profile.attention_bandwidth);
  const double with = seconds();
  machine.gpu.shared_memory_per_sm = Bytes(0);
  CHECK(with - seconds() == doctest::Approx(once));
  machine.gpu.shared_memory_per_sm = h100().shared_memory_per_sm;
  profile.laws = {{.family = "attention", .kernel = "prefill_attention", .variant = "bf16", .fixed = 1e-3}};
  profile.laws[0].sides = {{"bandwidth", {{calib::Feature::bytes, 1e-12}}}};
  CHECK(seconds() == doctest::Approx(32 * (1e-3 + 1e-12 * op.bytes)));
}
