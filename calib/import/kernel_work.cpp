#include "calib/import/kernel_work.hpp"

#include <algorithm>

#include "sim/cost/operator_parts.hpp"

namespace tiersim::calib {
namespace {

constexpr double kOutputBytes = 2;  // of an element: bf16, as queries are

Sample timed(Point point, double flops, double bytes, double seconds) {
  Sample sample;
  sample.point = std::move(point);
  sample.flops = flops, sample.bytes = bytes;
  sample.seconds = sample.low = sample.high = seconds;
  sample.batches = 1;
  return sample;
}

const char* family_of(const Operator& op) {
  switch (op.kind) {
    case OperatorKind::gemm:
      return op.experts > 0 ? "experts" : "gemm";
    case OperatorKind::prefill_attention:
    case OperatorKind::decode_attention:
      return "attention";
    case OperatorKind::all_reduce:
    case OperatorKind::all_to_all:
    case OperatorKind::send:
      return "all_reduce";
    case OperatorKind::elementwise:
      break;
  }
  return "elementwise";
}

/// Pairs of a query and a key that it sees: the last `queries` of `context` tokens, over at most `window` of them.
double pairs_of(double queries, double context, double window) {
  const auto causal = [](double tokens) { return tokens * (tokens + 1) / 2; };
  const double before = context - queries;
  if (window <= 0 || context <= window) return causal(context) - causal(before);
  const double growing = std::max(0.0, window - before);  // queries that see less than a window
  return causal(before + growing) - causal(before) + (queries - growing) * window;
}

}  // namespace

Sample product_sample(const ProductTable& table, double m, double n, double k, double seconds) {
  std::string kernel = detail::product_of(static_cast<std::int64_t>(m));
  if (table.eager) kernel += "_eager";
  Point point{"gemm", kernel, table.variant, {{"m", m}, {"n", n}, {"k", k}}};
  const double bytes = table.weight_bytes * n * k + table.activation_bytes * m * k + kOutputBytes * m * n;
  return timed(std::move(point), 2 * m * n * k, bytes, seconds);
}

Sample attention_sample(const AttentionTable& t, double seconds) {
  std::string kernel = t.decode ? "decode_attention" : "prefill_attention";
  if (t.window > 0) {
    kernel += "_window";
  } else if (t.head_dim > static_cast<double>(detail::kWidestHead)) {
    kernel += "_wide";
  }
  const double seen = t.decode && t.window > 0 ? std::min(t.context, t.window) : t.context;
  Point point{"attention",
              kernel,
              t.variant,
              {{"m", t.batch * t.queries},
               {"n", t.batch * seen},
               {"k", t.head_dim},
               {"sequences", t.batch},
               {"heads", t.heads},
               {"kv_heads", t.kv_heads},
               {"window", t.window}}};
  const double scores = t.batch * pairs_of(t.queries, t.context, t.window);
  const double bytes = 2 * t.batch * t.queries * t.heads * t.head_dim * kOutputBytes +
                       2 * t.batch * seen * t.kv_heads * t.head_dim * t.kv_bytes;
  return timed(std::move(point), 4 * scores * t.heads * t.head_dim, bytes, seconds);
}

Sample operator_sample(const Operator& op, const std::string& variant, double seconds) {
  Point point{family_of(op), op.kernel, variant, {}};
  const auto add = [&](const char* name, double value) {
    if (value != 0) point.parameters.push_back({name, value});
  };
  const auto count = [](std::int64_t n) { return static_cast<double>(n); };
  add("m", count(op.m)), add("n", count(op.n)), add("k", count(op.k));
  add("sequences", count(op.sequences)), add("longest", count(op.longest));
  add("heads", count(op.heads)), add("kv_heads", count(op.kv_heads)), add("window", count(op.window));
  add("decode_flops", op.decode_flops.value()), add("chunk", op.chunk), add("offset", op.offset);
  if (op.blocks != 1) add("operations", count(op.blocks));
  add("experts", op.experts), add("weight_bytes", op.weight_bytes);
  add("rows_per_expert", op.rows_per_expert), add("tiles_per_expert", op.tiles_per_expert);
  return timed(std::move(point), op.flops.value(), op.bytes, seconds);
}

Sample collective_sample(const std::string& family, const std::string& kernel, double ranks, double bytes,
                         double seconds) {
  return timed({family, kernel, "bf16", {{"ranks", ranks}, {"bytes", bytes}}}, 0, bytes, seconds);
}

}  // namespace tiersim::calib
