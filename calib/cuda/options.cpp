#include "calib/cuda/options.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace tiersim::calib {
namespace {

template <class Number>
Number number_of(std::string_view option, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument(std::string(option) + " takes a number that is not negative, not '" +
                                std::string(text) + "'");
  }
  return value;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (comma != 0) words.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return words;
}

/// Whether it is one of the offload loop's.
bool take_offload_value(OffloadOptions& options, std::string_view option, const std::string& value) {
  const auto frames = [&] { return static_cast<std::int64_t>(number_of<std::uint32_t>(option, value)); };
  if (option == "--trace")
    options.trace = value;
  else if (option == "--requests")
    options.requests = frames();
  else if (option == "--folder")
    options.folder = value;
  else if (option == "--hbm-frames")
    options.hbm_frames = frames();
  else if (option == "--dram-frames")
    options.dram_frames = frames();
  else if (option == "--drive-frames")
    options.drive_frames = frames();
  else if (option == "--policy" && (value == "lru" || value == "fifo"))
    options.policy = value;
  else if (option == "--policy")
    throw std::invalid_argument("--policy takes lru or fifo, not '" + value + "'");
  else
    return false;
  return true;
}

void take_value(CudaOptions& options, std::string_view option, const std::string& value) {
  if (options.offload.wanted && take_offload_value(options.offload, option, value)) return;
  if (option == "--device")
    options.device = static_cast<int>(number_of<std::uint16_t>(option, value));
  else if (option == "--budget")
    options.budget = seconds_of(value);
  else if (option == "--family")
    options.families = words_of(value);
  else if (option == "--seed")
    options.seed = number_of<std::uint64_t>(option, value);
  else if (option == "--out")
    options.out = value;
  else if (option == "--fresh")
    options.fresh = number_of<std::uint32_t>(option, value);
  else
    throw std::invalid_argument("unknown option '" + std::string(option) + "'; --help lists what there is");
}

bool take_switch(CudaOptions& options, std::string_view option) {
  if (option == "offload") return options.offload.wanted = true;
  if (option == "--dry-run") return options.dry_run = true;
  if (option == "--list") return options.list = true;
  if (option == "--help" || option == "-h") return options.help = true;
  return false;
}

}  // namespace

double seconds_of(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const double scale = unit.empty() || unit == "s" ? 1 : unit == "min" ? 60 : unit == "h" ? 3600 : 0;
  if (error != std::errc{} || scale == 0 || !(value > 0) || value > 1e6) {
    throw std::invalid_argument("--budget takes a time such as 90s or 5min, not '" + text + "'");
  }
  return value * scale;
}

CudaOptions parse_options(std::span<const char* const> arguments) {
  CudaOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = arguments[i];
    if (take_switch(options, argument)) continue;
    const std::size_t equals = argument.find('=');
    if (equals != std::string::npos) {
      take_value(options, argument.substr(0, equals), argument.substr(equals + 1));
    } else if (i + 1 < arguments.size()) {
      take_value(options, argument, arguments[++i]);
    } else {
      take_value(options, argument, "");
    }
  }
  return options;
}

std::string usage() {
  return "Measures a GPU: times microkernels, family by family, and writes the samples that a profile is fitted to.\n"
         "\n"
         "  --device N       which GPU (0)\n"
         "  --budget TIME    90s, 5min (5min)\n"
         "  --family A,B     these alone; --list names them\n"
         "  --out DIR        for samples.csv, fresh.csv, machine.json, failures.txt (.)\n"
         "  --fresh N        N sizes a family that are not on the grid, into fresh.csv: what validation compares with\n"
         "  --seed S         of data, order and fresh sizes (1)\n"
         "  --dry-run        the plan and how long it takes; needs no GPU\n"
         "  --list           the families; needs no GPU\n"
         "\n"
         "tiersim_cuda offload serves requests over KV in HBM, pinned DRAM and a drive, and writes offload.csv:\n"
         "  --trace FILE     requests (CSV); else a generated chat of --requests N (96)\n"
         "  --policy P       what leaves a tier: lru, fifo (lru)\n"
         "  --hbm-frames N, --dram-frames N, --drive-frames N   tiers, in blocks of 2 MiB (2600, 4096, 8192; 0: none)\n"
         "  --folder DIR     where the drive's test file is made (.)\n"
         "\n"
         "Samples that are in DIR already are not measured again. Exit status: 0 done, 1 an error, 2 no usable GPU or "
         "a\n"
         "wrong option, 3 the GPU stopped working (run again to go on), 130 interrupted.\n";
}

}  // namespace tiersim::calib
