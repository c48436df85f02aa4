// tiersim models: the library as a table; its subcommand makes a model's file from a published configuration.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/model_spec.hpp"
#include "sim/config/library.hpp"
#include "sim/config/yaml.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/model_words.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {
namespace {

constexpr std::array kCommands = {
    Command{"list", "the library: parameters, KV and kind of each model (also without a subcommand)",
            models_list_command},
    Command{"import", "a model's file from a Hugging Face config.json", models_import_command},
};

}  // namespace

int models_list_command(const Arguments& arguments) {
  Options options(
      {"tiersim models list",
       "Lists the models of the library: parameters, those that one token passes, bytes of KV that a token\n"
       "takes (windows not yet full), and what kind of layers they have.",
       "tiersim models list"});
  std::string library;
  options.group("Options");
  declare_library(options, library);
  if (!options.parse(arguments)) return 0;
  const std::string folder = environment("tiersim models list", library).library + "/models";
  fmt::print("{:<18} {:>10} {:>10} {:>12}  {}\n", "model", "parameters", "active", "KV a token", "kind");
  Diagnostics diagnostics;
  for (const std::string& name : config::names_in(folder)) {
    const config::Value map = config::load_yaml(config::path_in(folder, name), diagnostics);
    config::Fields fields(map, fmt::format("'{}'", name), diagnostics);
    const models::ModelSpec m = models::read_model(fields);
    fmt::print("{:<18} {:>10} {:>10} {:>12}  {}\n", name, in_billions(m.parameters()),
               in_billions(m.active_parameters()), human::grouped(m.kv_per_token().value()) + " B", kind_of(m));
  }
  throw_if_errors(diagnostics);
  return 0;
}

int models_command(const Arguments& arguments) {
  if (arguments.empty()) return models_list_command(arguments);
  return dispatch({"tiersim models", "Lists the library of models, or adds one to it.", "tiersim models"}, kCommands,
                  arguments);
}

}  // namespace tiersim::cli
