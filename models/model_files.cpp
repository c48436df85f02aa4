#include "models/model_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"

namespace tiersim::models {

ModelSpec load_model(const std::string& library, const std::string& name) {
  const std::string path = config::path_in(library + "/models", name);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored))
    throw std::runtime_error(fmt::format("the library has no model '{}'", name));
  Diagnostics diagnostics;
  const config::Value map = config::load_yaml(path, diagnostics);
  config::Fields fields(map, fmt::format("model '{}'", name), diagnostics);
  ModelSpec model = read_model(fields);
  if (diagnostics.has_errors()) throw std::runtime_error(diagnostics.render());
  return model;
}

}  // namespace tiersim::models
