#include "calib/profile_laws.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "calib/profile_law_timer.hpp"

namespace tiersim::calib {
namespace {

constexpr std::array<std::string_view, 33> kNames = {"flops",
                                                     "decode flops",
                                                     "flops/m",
                                                     "flops/n",
                                                     "flops/k",
                                                     "wave flops",
                                                     "bytes",
                                                     "bytes segment",
                                                     "operations",
                                                     "operations/depth",
                                                     "bytes/depth",
                                                     "sequences",
                                                     "m",
                                                     "n",
                                                     "k",
                                                     "sequences x heads",
                                                     "sequences x kv_heads",
                                                     "m/sequences",
                                                     "n/sequences",
                                                     "heads/kv_heads",
                                                     "window",
                                                     "longest",
                                                     "longest/context",
                                                     "chunk",
                                                     "offset",
                                                     "ranks",
                                                     "experts",
                                                     "rows/expert",
                                                     "tiles/expert",
                                                     "weight bytes",
                                                     "other bytes",
                                                     "weight bytes/expert",
                                                     "alignment"};

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

}  // namespace

std::string_view name_of(Feature feature) { return kNames[static_cast<std::size_t>(feature)]; }

double value_of(Feature feature, const Work& w) {
  switch (feature) {
    case Feature::flops:
      return w.flops;
    case Feature::decode_flops:
      return w.decode_flops;
    case Feature::flops_per_m:
      return ratio(w.flops, w.m);
    case Feature::flops_per_n:
      return ratio(w.flops, w.n);
    case Feature::flops_per_k:
      return ratio(w.flops, w.k);
    case Feature::bytes:
      return w.bytes;
    case Feature::operations:
      return w.operations;
    case Feature::operations_share:
      return ratio(w.operations, w.depth);
    case Feature::bytes_share:
      return ratio(w.bytes, w.depth);
    case Feature::sequences:
      return w.sequences;
    case Feature::m:
      return w.m;
    case Feature::n:
      return w.n;
    case Feature::k:
      return w.k;
    case Feature::heads_at_once:
      return w.sequences * w.heads;
    case Feature::kv_heads_at_once:
      return w.sequences * w.kv_heads;
    case Feature::queries:
      return ratio(w.m, w.sequences);
    case Feature::context:
      return ratio(w.n, w.sequences);
    case Feature::group:
      return ratio(w.heads, w.kv_heads);
    case Feature::window:
      return w.window;
    case Feature::longest:
      return w.longest;
    case Feature::raggedness:
      return ratio(w.longest * w.sequences, w.n);
    case Feature::chunk:
      return w.chunk;
    case Feature::offset:
      return w.offset;
    case Feature::ranks:
      return w.ranks;
    case Feature::experts:
      return w.experts;
    case Feature::rows_per_expert:
      return w.rows_per_expert;
    case Feature::tiles_per_expert:
      return w.tiles_per_expert;
    case Feature::weight_bytes:
      return w.weight_bytes;
    case Feature::other_bytes:
      return w.bytes - w.weight_bytes;
    case Feature::expert_bytes:
      return ratio(w.weight_bytes, w.experts);
    case Feature::alignment:
      return static_cast<double>(std::gcd(static_cast<std::int64_t>(w.n), kMostAligned));
    case Feature::wave_flops:
    case Feature::bytes_segment:
      break;
  }
  return 0;
}

double wave_flops_of(const Tiling& tile, const Work& w) {
  if (tile.at_once <= 0) return w.flops;
  const double tiles = std::ceil(w.m / tile.m) * std::ceil(w.n / tile.n);
  return 2 * tile.m * tile.n * w.k * tile.at_once * std::ceil(tiles / tile.at_once);
}

double segment_of(const std::vector<double>& knots, std::int64_t segment, double bytes) {
  const auto i = static_cast<std::size_t>(segment);
  const double low = i == 0 ? 0 : knots[i - 1];
  const double high = i < knots.size() ? knots[i] : bytes;
  return std::max(0.0, std::min(bytes, high) - low);
}

double value_of(const Term& term, const Law& law, const Work& work) {
  if (term.feature == Feature::wave_flops) return wave_flops_of(law.tile, work);
  if (term.feature == Feature::bytes_segment) return segment_of(law.knots, term.segment, work.bytes);
  return value_of(term.feature, work);
}

Seconds Law::time(const Work& work) const { return LawTimer(*this).of(work).time; }

}  // namespace tiersim::calib
