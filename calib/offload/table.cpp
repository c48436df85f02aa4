#include <fmt/format.h>

#include "calib/offload/validate.hpp"
#include "sim/report/human.hpp"

namespace tiersim::calib {
namespace {

std::string percent(double share) { return fmt::format("{:+.1f}%", 100 * share); }

std::string hits_of(const OffloadBlocks& b) { return fmt::format("{} + {}", b.memory, b.drive); }

std::string hits_verdict(const OffloadRow& r) {
  if (r.differing == 0) return "as predicted";
  return fmt::format("predicted {}, other in {}", hits_of(r.predicted), human::counted(r.differing, "request"));
}

std::string row_text(const OffloadRow& r) {
  return fmt::format("  {:<11} {:>6} {:>6} {:>9} {:>9} {:>7} {:>7} {:>7} {:>7} {:>9} {:>8} {:>7} {:>12}  {}\n", r.name,
                     r.frames, r.drive_frames, human::duration(r.total.measured), human::duration(r.total.predicted),
                     percent(r.total.error()), human::share(r.spread), percent(r.first_tokens.error()),
                     percent(r.decode.error()), human::duration(r.load_wait.measured), human::share(r.request_p50),
                     human::share(r.request_p90), hits_of(r.measured), hits_verdict(r));
}

std::string verdict(const OffloadResult& result) {
  int good = 0;
  for (const OffloadRow& row : result.rows) good += row.good() ? 1 : 0;
  return fmt::format(
      "  {} of {} totals within {:.0f}% or twice their spread; order: {} of {} pairs right, {} too close to tell\n",
      good, result.rows.size(), 100 * kOffloadMostError, result.pairs_right, result.pairs - result.pairs_alike,
      result.pairs_alike);
}

}  // namespace

std::string offload_table(const OffloadResult& result) {
  std::string out = fmt::format("KV offload, {} served one at a time, drive by {}\n",
                                human::counted(result.requests, "request"), result.io);
  if (result.stopped) return out + "  stopped: no verdict\n";
  out += fmt::format("  {:<11} {:>6} {:>6} {:>9} {:>9} {:>7} {:>7} {:>7} {:>7} {:>9} {:>8} {:>7} {:>12}\n", "tiers",
                     "frames", "drive", "measured", "predicted", "error", "spread", "TTFT", "decode", "loading",
                     "each p50", "p90", "hits");
  int disturbed = 0;
  for (const OffloadRow& row : result.rows) {
    out += row_text(row);
    disturbed += row.disturbed;
  }
  out += verdict(result);
  if (disturbed > 0)
    out += fmt::format("  something else took the processors during {}: measured times are too long\n",
                       human::counted(disturbed, "round"));
  return out;
}

}  // namespace tiersim::calib
