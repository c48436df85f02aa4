#include "calib/import/imported_tables.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "calib/import/aiconfigurator.hpp"
#include "calib/import/llmservingsim.hpp"
#include "calib/import/vidur.hpp"

namespace tiersim::calib {
namespace {

struct Format {
  const char* name;
  ImportedTables (*read)(const std::string& folder, const ModelNamed& model_named);
};
constexpr std::array kFormats = {
    Format{"aiconfigurator", [](const std::string& folder, const ModelNamed&) { return read_aiconfigurator(folder); }},
    Format{"llmservingsim", read_llmservingsim},
    Format{"vidur", [](const std::string& folder, const ModelNamed&) { return read_vidur(folder); }}};

}  // namespace

ImportedTables read_tables(const std::string& format, const std::string& folder, const ModelNamed& model_named) {
  for (const Format& known : kFormats) {
    if (format == known.name) return known.read(folder, model_named);
  }
  throw std::invalid_argument(
      fmt::format("unknown format '{}' of tables; known: {}", format, fmt::join(table_formats(), ", ")));
}

std::vector<std::string> table_formats() {
  std::vector<std::string> names;
  names.reserve(kFormats.size());
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

}  // namespace tiersim::calib
