#include "calib/fit/machine_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "calib/fit/drive_text.hpp"
#include "calib/fit/figures.hpp"
#include "calib/profile_text.hpp"
#include "sim/config/units_text.hpp"

namespace tiersim::calib {
namespace {

/// Both directions of the link between the engine and its host, as far as measured.
struct LinkFigures {
  double up = 0, down = 0, both = 0;  ///< B/s
  double latency = 0;                 ///< s
  double per_operation = 0;           ///< s
  std::string of_up, of_down, of_both, of_latency, of_operation;
};

LinkFigures host_link(const FittedSeriesList& series, const Ceilings& ceilings) {
  LinkFigures link;
  if (const FittedSeries* copy = find_series(series, "memcpy", "memcpy", {"all threads"}); copy != nullptr) {
    // The law counts each byte twice, read and written.
    link.up = rate_of(copy->law) / 2, link.latency = copy->law.fixed;
    link.of_up = "measured: " + name_of(copy->law) + ", copied bytes", link.of_latency = "measured: the same law";
  } else {
    link.up = ceilings.bytes_per_second / 2, link.latency = 1e-6;
    link.of_up = "measured: half of the copy ceiling", link.of_latency = "assumed";
  }
  link.down = link.both = link.up;
  link.of_down = "the same copies", link.of_both = "both ways use one memory";
  return link;
}

void take_rate(const FittedSeriesList& all, const char* kernel, double& rate, std::string& source) {
  const FittedSeries* series = find_series(all, "transfer", kernel, {"pinned"});
  if (series == nullptr) return;
  rate = rate_of(series->law);
  source = "measured: " + name_of(series->law);
}

/// By the copy engines, in one call where there is one.
void take_fragments(const FittedSeriesList& all, LinkFigures& link) {
  const FittedSeries* series = find_series(all, "fragments", "h2d", {"batch", "loop"});
  if (series == nullptr) return;
  link.per_operation = coefficient_of(series->law, Feature::operations);
  link.of_operation = "measured: " + name_of(series->law);
}

LinkFigures gpu_link(const FittedSeriesList& series) {
  LinkFigures link{25e9, 25e9, 0, 10e-6, 0, "assumed", "assumed", "", "assumed", ""};
  take_rate(series, "h2d", link.up, link.of_up);
  take_rate(series, "d2h", link.down, link.of_down);
  take_rate(series, "both", link.both, link.of_both);
  if (const FittedSeries* up = find_series(series, "transfer", "h2d", {"pinned"}); up != nullptr) {
    link.latency = up->law.fixed, link.of_latency = "measured: the same law as h2d";
  }
  take_fragments(series, link);
  return link;
}

std::string link_text(const LinkFigures& link) {
  std::string out = "gpu_link:\n";
  out += figure("  h2d", rate_text(link.up), link.of_up);
  out += figure("  d2h", rate_text(link.down), link.of_down);
  // A sum below one direction alone would be noise.
  if (link.both > 0) out += figure("  duplex_cap", rate_text(std::max({link.both, link.up, link.down})), link.of_both);
  out += figure("  latency", time_text(link.latency), link.of_latency);
  if (link.per_operation > 0) out += figure("  per_operation", time_text(link.per_operation), link.of_operation);
  return out + "  sharing: fifo\n";
}

std::string engine_text(const Ceilings& ceilings, const Fingerprint& fingerprint) {
  const std::string cache = text_in(fingerprint, "cache_bytes");
  const bool knows_cache = !cache.empty() && cache.find_first_not_of("0123456789") == std::string::npos && cache != "0";
  std::string out = "gpu:\n";
  out += figure("  name", scalar_text(text_in(fingerprint, "device")), "");
  out += figure("  dense_bf16", fmt::format("{:.4g} GFLOP/s", ceilings.flops_per_second / 1e9),
                "measured: ceiling/product, the widest type that every kernel may use");
  out += figure("  memory", size_text(number_in(fingerprint, "memory_bytes")), "as the system reports it");
  out +=
      figure("  memory_bandwidth", rate_text(ceilings.bytes_per_second), "measured: ceiling/copy, read plus written");
  out += figure("  l2", knows_cache ? size_text(number_in(fingerprint, "cache_bytes")) : "1 MiB",
                knows_cache ? "the last-level cache that the system reports" : "assumed: the system does not tell");
  return out + figure("  sms", fmt::format("{:.0f}", number_in(fingerprint, "processors")), "processors");
}

/// The memory below a GPU.
std::string dram_text(const FittedSeriesList& series, const LinkFigures& link, const Fingerprint& fingerprint) {
  const bool knows_size = !text_in(fingerprint, "host_memory_bytes").empty();
  const FittedSeries* copy = find_series(series, "memcpy", "memcpy", {"all threads"});
  const double rate = copy != nullptr ? rate_of(copy->law) : link.up + link.down;
  const std::string source = copy != nullptr ? "measured: " + name_of(copy->law) : "assumed: what the link can carry";
  std::string out = "  - name: dram\n";
  out += figure("    capacity", size_text(knows_size ? number_in(fingerprint, "host_memory_bytes") : 64.0 * (1 << 30)),
                knows_size ? "as the system reports it" : "assumed");
  out += figure("    read", rate_text(rate), source);
  out += figure("    write", rate_text(rate), source);
  out += figure("    duplex_cap", rate_text(rate), "one bus: reads and writes take turns");
  return out + figure("    latency", "0.1 us", "assumed: a load of local memory") + "    sharing: fair\n";
}

}  // namespace

std::string text_in(const Fingerprint& fingerprint, std::string_view key) {
  // The CUDA program writes the driver's names.
  const std::string_view alias = key == "processors" ? "multiprocessors" : key == "cache_bytes" ? "l2_bytes" : key;
  for (const auto& [name, text] : fingerprint) {
    if (name == key || name == alias) return text;
  }
  return {};
}

double number_in(const Fingerprint& fingerprint, std::string_view key) {
  const std::string text = text_in(fingerprint, key);
  std::string problem;
  const auto value = config::parse_number(text, problem);
  if (value && *value > 0) return *value;
  throw std::runtime_error(fmt::format(
      "the machine's fingerprint has no usable '{}' (found '{}'); measure again with this version", key, text));
}

std::string machine_text(const std::string& name, const FittedSeriesList& series, const Ceilings& ceilings,
                         const Fingerprint& fingerprint) {
  const bool is_host = text_in(fingerprint, "kind") == "host";
  const LinkFigures link = is_host ? host_link(series, ceilings) : gpu_link(series);
  std::string out = fmt::format("# {}, as tiersim calibrate measured it{}.\n", text_in(fingerprint, "device"),
                                text_in(fingerprint, "date").empty() ? "" : " on " + text_in(fingerprint, "date"));
  if (is_host)
    out += "# The processors are the engine and their memory is the first tier; the link stands for copies in it.\n";
  out += "name: " + scalar_text(name) + "\n" + engine_text(ceilings, fingerprint) + "gpus: 1\n" + link_text(link);
  const std::string dram = is_host ? "" : dram_text(series, link, fingerprint);
  const bool has_room = !text_in(fingerprint, "drive_bytes").empty() && text_in(fingerprint, "drive_bytes") != "0";
  const std::string drive = has_room ? drive_text(series, number_in(fingerprint, "drive_bytes")) : "";
  return dram.empty() && drive.empty() ? out : out + "storage:\n" + dram + drive;
}

}  // namespace tiersim::calib
