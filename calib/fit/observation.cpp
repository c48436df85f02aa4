#include "calib/fit/observation.hpp"

#include <cmath>

namespace tiersim::calib {

Work work_of(const Sample& sample) {
  const Point& point = sample.point;
  Work work;
  work.flops = sample.flops, work.bytes = sample.bytes;
  work.m = point.at("m", 0), work.n = point.at("n", 0), work.k = point.at("k", 0);
  // A sample of a drive is one I/O of many.
  work.operations = point.at("operations", point.family == "ssd" ? 1 : 0);
  work.depth = point.at("depth", 0);
  work.sequences = point.at("sequences", 0);
  work.heads = point.at("heads", 0), work.kv_heads = point.at("kv_heads", 0);
  work.window = point.at("window", 0), work.ranks = point.at("ranks", 0);
  work.longest = point.at("longest", 0), work.decode_flops = point.at("decode_flops", 0);
  work.chunk = point.at("chunk", 0), work.offset = point.at("offset", 0);
  work.experts = point.at("experts", 0), work.weight_bytes = point.at("weight_bytes", 0);
  work.rows_per_expert = point.at("rows_per_expert", 0), work.tiles_per_expert = point.at("tiles_per_expert", 0);
  return work;
}

Observation observation_of(const Sample& sample) { return {work_of(sample), sample.seconds}; }

bool is_sound(const Sample& sample) {
  constexpr double kMostWrong = 1e-2;
  const bool finite = std::isfinite(sample.seconds) && std::isfinite(sample.flops) && std::isfinite(sample.bytes);
  return !sample.throttled && sample.check <= kMostWrong && sample.seconds > 0 && finite;
}

}  // namespace tiersim::calib
