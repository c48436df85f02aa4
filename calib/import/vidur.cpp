#include "calib/import/vidur.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "calib/import/csv_table.hpp"
#include "calib/import/kernel_work.hpp"

namespace tiersim::calib {
namespace {

namespace fs = std::filesystem;

constexpr double kMilliseconds = 1e-3;

struct Collective {
  const char *column, *kernel;
};
constexpr Collective kAllReduce{"all_reduce", "all_reduce"}, kSendReceive{"send_recv", "send_receive"};

void read_collective(const std::string& path, const Collective& collective, std::vector<Sample>& samples) {
  CsvTable table(path);
  const std::size_t median = table.column(fmt::format("time_stats.{}.median", collective.column)),
                    workers = table.column("num_workers"), size = table.column("size"),
                    of_node = table.column("devices_per_node");
  while (table.next()) {
    const double ranks = table.positive(workers), nodes = ranks / table.positive(of_node);
    std::string kernel = collective.kernel;
    if (nodes > 1) kernel += fmt::format("_{:g}_nodes", nodes);
    samples.push_back(collective_sample(collective.kernel, kernel, ranks, table.positive(size),
                                        table.positive(median) * kMilliseconds));
  }
}

/// "a100-nvswitch" of "a100-nvswitch-all_reduce.csv.gz"; null where the file is no such table.
const Collective* collective_in(std::string name, std::string& device) {
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  for (const Collective* collective : {&kAllReduce, &kSendReceive}) {
    const std::string ending = std::string(collective->column) + ".csv";
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    while (name.ends_with('-') || name.ends_with('_')) name.pop_back();
    if (device.empty()) device = name;
    return collective;
  }
  return nullptr;
}

std::vector<fs::path> files_in(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) files.push_back(entry.path());
  if (error) throw std::runtime_error(fmt::format("'{}': {}", folder, error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

ImportedTables read_vidur(const std::string& folder) {
  ImportedTables out;
  out.shapes = {{"all_reduce", {"bytes"}}, {"send_receive", {"bytes"}}};
  std::string device;
  for (const fs::path& file : files_in(folder)) {
    if (const Collective* collective = collective_in(file.filename().string(), device))
      read_collective(file.string(), *collective, out.samples);
  }
  if (out.samples.empty()) throw std::runtime_error(fmt::format("'{}' has none of the tables", folder));
  out.fingerprint = {{"kind", "cuda"},
                     {"device", device.empty() ? fs::path(folder).filename().string() : device},
                     {"source", "network profiles of microsoft/vidur (MIT)"}};
  return out;
}

}  // namespace tiersim::calib
