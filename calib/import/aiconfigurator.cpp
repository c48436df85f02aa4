#include "calib/import/aiconfigurator.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <stdexcept>

#include "calib/import/aiconfigurator_parts.hpp"
#include "calib/import/kernel_work.hpp"

namespace tiersim::calib {
namespace detail {

constexpr std::array kTypes = {NamedType{"bfloat16", "bf16", 2}, NamedType{"fp8", "fp8", 1},
                               NamedType{"fp8_block", "fp8_block", 1 + 4.0 / (128 * 128), true}};

const NamedType& type_named(std::string_view name, const CsvTable& table) {
  for (const NamedType& type : kTypes) {
    if (type.name == name) return type;
  }
  throw std::runtime_error(fmt::format("{}: unknown type '{}'", table.place(), name));
}

void note_origin(const CsvTable& table, Fingerprint& fingerprint) {
  if (!fingerprint.empty()) return;
  fingerprint = {
      {"kind", "cuda"},
      {"device", std::string(table.text(table.column("device")))},
      {"software", fmt::format("{} {}", table.text(table.column("framework")), table.text(table.column("version")))},
      {"source", "tables of ai-dynamo/aiconfigurator (Apache-2.0)"}};
}

}  // namespace detail

namespace {

using detail::kMilliseconds;
using detail::NamedType;
using detail::note_origin;
using detail::type_named;

void read_products(CsvTable& table, ImportedTables& out) {
  const std::size_t type = table.column("gemm_dtype"), m = table.column("m"), n = table.column("n"),
                    k = table.column("k"), latency = table.column("latency");
  while (table.next()) {
    note_origin(table, out.fingerprint);
    const NamedType& t = type_named(table.text(type), table);
    const ProductTable of{t.variant, t.bytes, t.bytes, t.eager_products};
    out.samples.push_back(product_sample(of, table.positive(m), table.positive(n), table.positive(k),
                                         table.positive(latency) * kMilliseconds));
  }
}

/// isl: new tokens of a sequence; step: tokens before them.
void read_attention(CsvTable& table, bool decode, ImportedTables& out) {
  const std::size_t batch = table.column("batch_size"), isl = table.column("isl"), heads = table.column("num_heads"),
                    kv_heads = table.column("num_key_value_heads"), dim = table.column("head_dim"),
                    type = table.column("kv_cache_dtype"), step = table.column("step"),
                    window = table.column("window_size"), latency = table.column("latency");
  while (table.next()) {
    note_origin(table, out.fingerprint);
    const NamedType& t = type_named(table.text(type), table);
    const double queries = table.positive(isl);
    out.samples.push_back(attention_sample({.decode = decode,
                                            .batch = table.positive(batch),
                                            .queries = queries,
                                            .context = queries + table.number(step),
                                            .heads = table.positive(heads),
                                            .kv_heads = table.positive(kv_heads),
                                            .head_dim = table.positive(dim),
                                            .window = table.number(window),
                                            .variant = t.variant,
                                            .kv_bytes = t.bytes},
                                           table.positive(latency) * kMilliseconds));
  }
}

void read_all_reduces(CsvTable& table, ImportedTables& out) {
  const std::size_t ranks = table.column("num_gpus"), bytes = table.column("message_size"),
                    latency = table.column("latency"), backend = table.column("backend");
  while (table.next()) {
    note_origin(table, out.fingerprint);
    const char* kernel = table.text(backend).ends_with("graph") ? "all_reduce" : "all_reduce_eager";
    out.samples.push_back(collective_sample("all_reduce", kernel, table.positive(ranks), table.positive(bytes),
                                            table.positive(latency) * kMilliseconds));
  }
}

template <class Read>
void read_if_there(const std::string& path, Read read) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored) && !std::filesystem::exists(path + ".gz", ignored)) return;
  CsvTable table(path);
  read(table);
}

}  // namespace

ImportedTables read_aiconfigurator(const std::string& folder) {
  ImportedTables out;
  out.shapes = {{"gemm", {"n", "k"}},
                {"attention", {"heads", "kv_heads", "k", "window"}},
                {"all_reduce", {"bytes"}},
                {"experts", {"n", "k", "active", "of", "ranks"}}};
  read_if_there(folder + "/gemm_perf.csv", [&](CsvTable& table) { read_products(table, out); });
  read_if_there(folder + "/context_attention_perf.csv", [&](CsvTable& table) { read_attention(table, false, out); });
  read_if_there(folder + "/generation_attention_perf.csv", [&](CsvTable& table) { read_attention(table, true, out); });
  read_if_there(folder + "/custom_allreduce_perf.csv", [&](CsvTable& table) { read_all_reduces(table, out); });
  read_if_there(folder + "/moe_perf.csv", [&](CsvTable& table) { detail::read_experts(table, out); });
  if (out.samples.empty()) throw std::runtime_error(fmt::format("'{}' has none of the tables", folder));
  return out;
}

}  // namespace tiersim::calib
