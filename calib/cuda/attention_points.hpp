#pragma once
/// The sizes at which attention is measured, and the batches that they stand for.
///
/// Called by the attention family and by the test on the host. A point says m (new tokens of all sequences), n (sum of
/// contexts), k (head_dim), sequences, heads, kv_heads, block (tokens), context (mean, new tokens included) and ragged
/// (1: contexts spread over a quarter to seven quarters of the mean, drawn from the sizes themselves, so that a point
/// always means the same batch). Shapes are those of Llama 3 (8B; 70B on 8 GPUs; 1B with its heads of 64), Qwen2.5-7B
/// (7 query heads to a kv head) and Llama-2-7B (one to one).
#include <algorithm>
#include <cmath>
#include <vector>

#include "calib/cuda/draws.hpp"
#include "calib/cuda/paging.hpp"
#include "calib/measure/sample.hpp"

namespace tiersim::calib {

inline constexpr PagedShape attention_shapes[] = {
    {32, 8, 128, 16}, {8, 1, 128, 16}, {28, 4, 128, 32}, {32, 32, 128, 16}, {32, 8, 64, 64}};
inline constexpr double most_attention_bytes = 8e9;   ///< of keys and values
inline constexpr double most_attention_flops = 2e13;  ///< tens of ms

inline std::vector<int> spread_contexts(int sequences, int mean, bool ragged) {
  Rng rng(static_cast<std::uint64_t>(sequences) * 1'000'003 + static_cast<std::uint64_t>(mean));
  std::vector<int> contexts;
  for (int i = 0; i < sequences; ++i) {
    const double part = ragged ? 0.25 + 1.5 * rng.uniform() : 1.0;
    contexts.push_back(std::max(1, static_cast<int>(std::lround(part * mean))));
  }
  return contexts;
}

inline PagedShape shape_of(const Point& point) {
  return {static_cast<int>(point.at("heads")), static_cast<int>(point.at("kv_heads")), static_cast<int>(point.at("k")),
          static_cast<int>(point.at("block"))};
}

/// Laid one after the other in queries and in the table, each sequence's blocks whole.
inline std::vector<BatchSequence> sequences_of(const Point& point) {
  const int count = static_cast<int>(point.at("sequences")), block = static_cast<int>(point.at("block"));
  const int queries = static_cast<int>(point.at("m")) / count;
  std::vector<BatchSequence> sequences;
  BatchSequence next;
  for (const int context : spread_contexts(count, static_cast<int>(point.at("context")), point.at("ragged") != 0)) {
    next.context = context;
    next.queries = queries;
    sequences.push_back(next);
    next.table += (context + block - 1) / block;
    next.first_query += queries;
  }
  return sequences;
}

inline std::int64_t blocks_of(const std::vector<BatchSequence>& sequences, int block) {
  return sequences.back().table + (sequences.back().context + block - 1) / block;
}

inline Point attention_point(const PagedShape& shape, int sequences, int queries, int context, bool ragged) {
  double tokens = 0;
  for (const int each : spread_contexts(sequences, context, ragged)) tokens += each;
  const char* kernel = queries == 1 ? "decode_attention" : "prefill_attention";
  return {"attention",
          kernel,
          "bf16",
          {{"m", static_cast<double>(queries) * sequences},
           {"n", tokens},
           {"k", static_cast<double>(shape.head_dim)},
           {"sequences", static_cast<double>(sequences)},
           {"heads", static_cast<double>(shape.query_heads)},
           {"kv_heads", static_cast<double>(shape.kv_heads)},
           {"block", static_cast<double>(shape.block)},
           {"context", static_cast<double>(context)},
           {"ragged", ragged ? 1.0 : 0.0}}};
}

struct AttentionWork {
  double flops = 0, bytes = 0;
};
inline AttentionWork attention_work(const Point& point) {
  AttentionWork work;
  for (const BatchSequence& sequence : sequences_of(point)) {
    work.flops += attention_flops(shape_of(point), sequence);
    work.bytes += attention_bytes(shape_of(point), sequence);
  }
  return work;
}

/// `most_bytes`: what keys and values may take on this device.
inline bool is_feasible(const Point& point, double most_bytes) {
  const AttentionWork work = attention_work(point);
  return work.bytes <= std::min(most_attention_bytes, most_bytes) && work.flops <= most_attention_flops;
}

inline std::vector<Point> decode_grid(double most_bytes) {
  std::vector<Point> points;
  int batches = 0;  // of several sequences; every third has them equally long
  for (const PagedShape& shape : attention_shapes) {
    for (int context = 128; context <= 131'072; context *= 4) {
      for (int sequences = 1; sequences <= 256; sequences *= 4) {
        const bool ragged = sequences > 1 && batches++ % 3 != 0;
        const Point point = attention_point(shape, sequences, 1, context, ragged);
        if (is_feasible(point, most_bytes)) points.push_back(point);
      }
    }
  }
  return points;
}

inline std::vector<Point> prefill_grid(double most_bytes) {
  std::vector<Point> points;
  for (const PagedShape& shape : attention_shapes) {
    for (const int chunk : {64, 256, 1024, 2048, 4096, 8192, 16'384, 32'768}) {
      for (const int before : {0, 2048, 16'384, 122'880}) {
        for (const int sequences : {1, 4}) {
          const Point point = attention_point(shape, sequences, chunk, before + chunk, false);
          const bool wanted = sequences == 1 || before == 2048;
          if (wanted && sequences * chunk <= 32'768 && is_feasible(point, most_bytes)) points.push_back(point);
        }
      }
    }
  }
  return points;
}

inline Point fresh_decode(Rng& rng, double most_bytes) {
  for (;;) {
    const PagedShape shape = any_of(rng, std::span<const PagedShape>(attention_shapes));
    const int sequences = static_cast<int>(log_uniform(rng, 1, 256));
    const Point point = attention_point(shape, sequences, 1, static_cast<int>(log_uniform(rng, 128, 131'072)),
                                        sequences > 1 && rng.uniform() < 0.5);
    if (is_feasible(point, most_bytes)) return point;
  }
}

inline Point fresh_prefill(Rng& rng, double most_bytes) {
  for (;;) {
    const PagedShape shape = any_of(rng, std::span<const PagedShape>(attention_shapes));
    const int chunk = static_cast<int>(log_uniform(rng, 64, 32'768));
    const int before = rng.uniform() < 0.5 ? 0 : static_cast<int>(log_uniform(rng, 256, 122'880));
    const int sequences = static_cast<int>(log_uniform(rng, 1, 16));
    const Point point = attention_point(shape, sequences, chunk, before + chunk, false);
    if (sequences * chunk <= 32'768 && is_feasible(point, most_bytes)) return point;
  }
}

}  // namespace tiersim::calib
