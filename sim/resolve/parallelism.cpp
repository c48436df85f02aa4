// How replicas are spread over GPUs: `serving.replicas`, `tensor_parallel`, `pipeline_parallel`, `expert_parallel`.
#include <fmt/format.h>

#include "sim/report/human.hpp"
#include "sim/resolve/parts.hpp"

namespace tiersim::detail {
namespace {

using config::Fields;
using config::Range;
using models::Ranks;

constexpr std::int64_t kMostRanks = 64;

/// The next sizes below and above one that does not work: "1 and 2 do"; empty if none does.
template <class Works>
std::string nearest_that_work(std::int64_t size, std::int64_t most, Works works) {
  std::int64_t below = size - 1, above = size + 1;
  while (below >= 1 && !works(below)) --below;
  while (above <= most && !works(above)) ++above;
  if (below < 1 && above > most) return {};
  if (below < 1 || above > most) return fmt::format("the nearest that works: {}", below < 1 ? above : below);
  return fmt::format("the nearest that work: {} and {}", below, above);
}

void note(Diagnostic& d, std::string text) {
  if (!text.empty()) d.notes.push_back(std::move(text));
}

void check_tensor(Fields& fields, const ServingSettings& s) {
  const std::vector<std::string> rest = models::undivided_by_tensor(s.model, s.ranks);
  if (rest.empty()) return;
  note(fields.error("tensor_parallel", fmt::format("tensor_parallel = {} does not divide the {} of {}", s.ranks.tensor,
                                                   joined({rest.begin(), rest.end()}, ", the "), s.model.name)),
       nearest_that_work(s.ranks.tensor, kMostRanks, [&](std::int64_t tensor) {
         const bool experts = tensor % s.ranks.expert == 0;
         return experts && models::undivided_by_tensor(s.model, {tensor, s.ranks.expert}).empty();
       }));
}

void check_pipeline(Fields& fields, const ServingSettings& s) {
  if (s.ranks.pipeline <= s.model.layers) return;
  fields
      .error("pipeline_parallel", fmt::format("pipeline_parallel = {}, but {} has {}", s.ranks.pipeline, s.model.name,
                                              human::counted(s.model.layers, "layer")))
      .notes.push_back(fmt::format("every stage needs a layer: at most {}", s.model.layers));
}

void check_expert(Fields& fields, const ServingSettings& s) {
  const std::int64_t tensor = s.ranks.tensor, expert = s.ranks.expert;
  if (expert == 1) return;
  if (!models::has_experts(s.model)) {
    fields.error("expert_parallel", fmt::format("expert_parallel = {}, but {} has no experts", expert, s.model.name));
    return;
  }
  const std::vector<std::string> rest = models::undivided_by_expert(s.model, s.ranks);
  const auto works = [&](std::int64_t n) {
    return tensor % n == 0 && models::undivided_by_expert(s.model, {tensor, n}).empty();
  };
  if (tensor % expert != 0) {
    Diagnostic& d = fields.error(
        "expert_parallel", fmt::format("expert_parallel = {} does not divide tensor_parallel = {}", expert, tensor));
    d.notes.emplace_back("expert ranks are tensor ranks that hold whole experts");
    note(d, nearest_that_work(expert, tensor, works));
  } else if (!rest.empty()) {
    note(fields.error("expert_parallel", fmt::format("expert_parallel = {} does not divide the {} of {}", expert,
                                                     joined({rest.begin(), rest.end()}, ", the "), s.model.name)),
         nearest_that_work(expert, tensor, works));
  }
}

void check_gpus(Fields& fields, const ServingSettings& s) {
  const std::int64_t each = s.ranks.gpus();
  if (s.replicas * each <= s.machine.gpus) return;
  const char* key = s.ranks.tensor > 1 ? "tensor_parallel" : s.ranks.pipeline > 1 ? "pipeline_parallel" : "replicas";
  Diagnostic& d =
      fields.error(key, fmt::format("{} of {} {} {}, but machine {} has {}", human::counted(s.replicas, "replica"),
                                    human::counted(each, "GPU"), s.replicas == 1 ? "needs" : "need", s.replicas * each,
                                    s.machine.name, s.machine.gpus));
  if (s.ranks.pipeline > 1)
    d.notes.push_back(
        fmt::format("a replica takes tensor_parallel x pipeline_parallel = {} x {}", s.ranks.tensor, s.ranks.pipeline));
}

}  // namespace

void resolve_parallelism(Fields& fields, ServingSettings& s) {
  s.replicas = fields.count("replicas", 1, Range{1, 1024});
  s.ranks.tensor = fields.count("tensor_parallel", 1, Range{1, kMostRanks});
  s.ranks.pipeline = fields.count("pipeline_parallel", 1, Range{1, kMostRanks});
  s.ranks.expert = fields.count("expert_parallel", 1, Range{1, kMostRanks});
  fields.known_elsewhere("data_parallel",
                         "did you mean 'replicas'? Each holds the whole model and serves requests of its own");
  if (s.machine.gpus > 0) check_gpus(fields, s);
  if (s.model.layers == 0) return;
  check_tensor(fields, s);
  check_pipeline(fields, s);
  check_expert(fields, s);
  if (!models::can_split(s.model, s.ranks)) s.ranks = {};
}

}  // namespace tiersim::detail
