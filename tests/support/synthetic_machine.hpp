#pragma once
// A host that never was: samples of every family from known laws, for calibration as a whole.
#include <string>
#include <utility>

#include "calib/fit/calibrate.hpp"
#include "tests/support/synthetic_samples.hpp"

namespace tiersim::test {

inline calib::Sample sample_of(const calib::Law& law, const calib::Work& work, std::vector<calib::Parameter> parameters,
                               Rng& rng) {
  calib::Sample s;
  s.point = {law.family, law.kernel, law.variant, std::move(parameters)};
  s.flops = work.flops, s.bytes = work.bytes;
  s.seconds = law.time(work).value() * rng.lognormal(0, 0.01);
  return s;
}

inline calib::Law named(calib::Law law, const char* family, const char* kernel, const char* variant) {
  law.family = family, law.kernel = kernel, law.variant = variant;
  return law;
}

inline void add_products(std::vector<calib::Sample>& out, Rng& rng) {
  using calib::Feature;
  const calib::Law gemm =
      named(law_with(3e-6, {{"compute", {{Feature::flops, 1 / 80e9}}}, {"bandwidth", {{Feature::bytes, 1 / 18e9}}}}, 3),
            "gemm", "gemm", "fp32");
  calib::Law gemv = gemm;
  gemv.kernel = "gemv";
  for (double n : octaves(256, 8192, 2)) {
    for (double m : {4, 8, 16, 64, 1024}) {
      const calib::Work work{.flops = 2 * m * n * n, .bytes = 4 * (n * n + 2 * m * n), .m = m, .n = n, .k = n};
      out.push_back(sample_of(gemm, work, {{"m", m}, {"n", n}, {"k", n}}, rng));
    }
    const calib::Work work{.flops = 2 * n * n, .bytes = 4 * (n * n + 2 * n), .m = 1, .n = n, .k = n};
    out.push_back(sample_of(gemv, work, {{"m", 1}, {"n", n}, {"k", n}}, rng));
  }
}

inline void add_attention(std::vector<calib::Sample>& out, Rng& rng) {
  using calib::Feature;
  const auto roofs = [](double bytes_per_second) {
    return law_with(
        5e-6, {{"compute", {{Feature::flops, 1 / 40e9}}}, {"bandwidth", {{Feature::bytes, 1 / bytes_per_second}}}}, 2);
  };
  const calib::Law decode = named(roofs(16e9), "attention", "decode_attention", "fp32");
  const calib::Law prefill = named(roofs(10e9), "attention", "prefill_attention", "fp32");
  for (double tokens : octaves(128, 16384)) {
    for (double batch : {1, 4, 16}) {
      const double elements = tokens * batch * 1024;
      out.push_back(sample_of(decode, {.flops = 8 * elements, .bytes = 8 * elements, .sequences = batch},
                              {{"sequences", batch}}, rng));
    }
    out.push_back(sample_of(prefill, {.flops = 2048 * tokens * tokens, .bytes = 8192 * tokens, .m = tokens},
                            {{"m", tokens}}, rng));
  }
}

inline void add_memory(std::vector<calib::Sample>& out, Rng& rng) {
  using calib::Feature;
  const auto stream = [](const char* family, const char* kernel, const char* variant, double rate) {
    return named(law_with(2e-6, {{"bandwidth", {{Feature::bytes, 1 / rate}}}}), family, kernel, variant);
  };
  for (double bytes : octaves(16384, 1 << 28)) {
    for (const calib::Law& law :
         {stream("memory", "copy", "all threads", 20e9), stream("memcpy", "memcpy", "all threads", 19e9),
          stream("elementwise", "add", "fp32", 17e9)}) {
      out.push_back(sample_of(law, {.bytes = bytes}, {}, rng));
    }
  }
  const calib::Law fork = named(law_with(2.5e-6, {}), "overhead", "fork_join", "all threads");
  out.push_back(sample_of(fork, {.operations = 1}, {{"operations", 1}}, rng));
}

inline void add_drive(std::vector<calib::Sample>& out, Rng& rng) {
  using calib::Feature;
  for (const auto& [kernel, rate] : {std::pair{"read", 3e9}, {"write", 1.5e9}}) {
    const calib::Law law =
        named(law_with(0,
                       {{"queue", {{Feature::operations_share, 90e-6}, {Feature::bytes_share, 1 / 1e9}}},
                        {"rate", {{Feature::operations, 1 / 200e3}}},
                        {"bandwidth", {{Feature::bytes, 1 / rate}}}},
                       6),
              "ssd", kernel, "direct");
    for (double bytes : octaves(4096, 1 << 20)) {
      for (double depth : octaves(1, 128)) {
        out.push_back(sample_of(law, {.bytes = bytes, .operations = 1, .depth = depth}, {{"depth", depth}}, rng));
      }
    }
  }
}

/// A copy at this rate and a product at that.
inline std::vector<calib::Sample> ceilings(double bytes_per_second, double flops_per_second) {
  std::vector<calib::Sample> out(2);
  out[0].point = {"ceiling", "copy", "", {}};
  out[0].bytes = bytes_per_second, out[0].seconds = 1;
  out[1].point = {"ceiling", "product", "", {}};
  out[1].flops = flops_per_second, out[1].seconds = 1;
  return out;
}

/// A GPU's link, its fragments and its launches, as the CUDA program writes them.
inline std::vector<calib::Sample> gpu_samples() {
  using calib::Feature;
  Rng rng(78);
  std::vector<calib::Sample> out = ceilings(3e12, 700e12);
  for (const auto& [kernel, rate] : {std::pair{"h2d", 55e9}, {"d2h", 50e9}, {"both", 85e9}}) {
    const calib::Law law =
        named(law_with(6e-6, {{"bandwidth", {{Feature::bytes, 1 / rate}}}}), "transfer", kernel, "pinned");
    for (double bytes : octaves(1024, 1 << 30))
      out.push_back(sample_of(law, {.bytes = bytes}, {{"operations", 1}}, rng));
  }
  const calib::Law batch = named(law_with(9e-6, {{"b", {{Feature::bytes, 1 / 54e9}, {Feature::operations, 0.4e-6}}}}),
                                 "fragments", "h2d", "batch");
  const calib::Law node =
      named(law_with(5e-6, {{"rate", {{Feature::operations, 1.2e-6}}}}), "overhead", "graph_node", "");
  for (double pieces : octaves(1, 16384)) {
    for (double each : octaves(4096, 2 << 20, 1)) {
      out.push_back(sample_of(batch, {.bytes = pieces * each, .operations = pieces}, {{"operations", pieces}}, rng));
    }
    out.push_back(sample_of(node, {.operations = pieces}, {{"operations", pieces}}, rng));
  }
  return out;
}

inline calib::Fingerprint gpu_fingerprint() {
  return {{"device", "GPU 9"},
          {"kind", "cuda"},
          {"multiprocessors", "132"},
          {"memory_bytes", "85520809984"},
          {"l2_bytes", "52428800"}};
}

inline std::vector<calib::Sample> host_samples() {
  Rng rng(77);
  std::vector<calib::Sample> out = ceilings(20e9, 100e9);
  add_products(out, rng);
  add_attention(out, rng);
  add_memory(out, rng);
  add_drive(out, rng);
  return out;
}

inline calib::Fingerprint host_fingerprint() {
  return {{"device", "Processor: model 5, 2.6 GHz"},
          {"kind", "host"},
          {"processors", "2"},
          {"memory_bytes", "8589934592"},
          {"cache_bytes", "33554432"},
          {"drive_bytes", "40000000000"},
          {"date", "2025-01-31"}};
}

}  // namespace tiersim::test
