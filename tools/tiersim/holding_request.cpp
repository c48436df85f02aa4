#include "tools/tiersim/holding_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "sim/config/units_text.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/cache_request.hpp"
#include "tools/tiersim/scenario_input.hpp"

namespace tiersim::cli {
namespace {

constexpr Tokens kBudget(8192);      // of a step: serving.max_batched_tokens where nothing else is said
constexpr Tokens kEngineBlock(16);   // what moves in one piece: serving.block, likewise
constexpr double kForWeights = 0.9;  // of a GPU's memory: utilisation where nothing else is said
// Assumed, as the GPUs' example prices are: a fifteenth of what it costs to buy, a month. 5 USD/GB of DRAM, 0.15 of
// flash: recalled.
constexpr Dollars kMemoryMonth(0.33), kDriveMonth(0.01);

/// Blocks of prompts, all together.
struct PromptBlocks {
  double count = 0, depth = 0;  // mean of the tokens before a block's middle
};

PromptBlocks prompt_blocks_of(const traces::Trace& trace) {
  PromptBlocks out;
  double depths = 0;
  for (std::size_t r = 0; r < trace.size(); ++r) {
    const auto blocks = static_cast<double>(trace.prompt_blocks(RequestId(r)));
    out.count += blocks;
    depths += blocks * blocks / 2;
  }
  out.depth = depths / out.count * trace.block_tokens();
  return out;
}

/// What reads and writes in I/Os of its own is a drive.
bool is_drive(const hw::StorageSpec& storage) {
  return storage.link.queue_depth > 0 || storage.link.single_stream.value() > 0;
}

Dollars hbm_month(const hw::MachineSpec& machine, DollarsPerHour gpu) {
  return Dollars(gpu.value() * kHoursAMonth * 1e9 / static_cast<double>(machine.gpu.memory.value()));
}

/// What a GPU's memory has beside the weights.
Bytes room_of(const System& system, const models::Ranks& ranks) {
  const Bytes weights = system.model.layers == 0 ? Bytes(0) : system.model.weights_per_gpu(ranks, 0);
  const auto usable = static_cast<double>(system.machine.gpu.memory.value()) * kForWeights;
  return Bytes(static_cast<std::int64_t>(usable)) - weights;
}

std::string dollars(double amount) { return human::number(amount) + " USD"; }

}  // namespace

void HoldingRequest::declare(Options& options) {
  options.group("What a block costs");
  options.text("model", "NAME", "whose keys and values the blocks hold ('tiersim models')", model_);
  options.text("machine", "NAME", "where they are held: break-even intervals ('tiersim list hardware')", machine_);
  options.text("profile", "NAME", "of the machine, for times (default: its datasheet)", profile_);
  options.count("tensor-parallel", "N", "GPUs of a replica (default: the fewest that hold the weights)", tensor_, 1);
  options.texts("price", "PLACE=AMOUNT",
                "USD for a GB and a month in a place of the machine, as in dram=0.5; gpu=2.5 is for a GPU and an hour; "
                "several times",
                prices_);
  options.text("block-bytes", "SIZE", "of one block, instead of a model", block_bytes_);
  options.text("recompute", "TIME", "to compute one block again, with --block-bytes", recompute_);
  declare_library(options, library_);
}

void HoldingRequest::check() const {
  if (!model_.empty() && !block_bytes_.empty())
    misuse(command_, "--model and --block-bytes exclude each other", {"the model says how large a block is"});
  if (!recompute_.empty() && block_bytes_.empty())
    misuse(command_, "--recompute goes with --block-bytes", {"of a model it is computed"});
  if (!machine_.empty() && model_.empty() && block_bytes_.empty())
    misuse(command_, "--machine needs --model or --block-bytes: nothing says how large a block is");
  if (machine_.empty() && (!prices_.empty() || !recompute_.empty() || !profile_.empty() || tensor_ > 0))
    misuse(command_, "break-even intervals need --machine", {"its tiers and links: 'tiersim list hardware'"});
}

System HoldingRequest::system() const {
  config::Value map;
  map.kind = config::Kind::map;
  SourceMark mark;
  const auto add = [&](const char* key, const std::string& name) {
    mark.file = fmt::format("{} --{}", command_, key);
    if (name.empty()) return;
    map.entries.emplace_back(key, config::scalar(name, mark));
    map.key_marks.push_back(mark);
  };
  add("model", model_);
  add("machine", machine_);
  add("profile", profile_);
  Diagnostics diagnostics;
  System out = resolve_system(map, environment(command_, library_), diagnostics);
  throw_if_errors(diagnostics);
  fmt::print(stderr, "{}", diagnostics.render());
  return out;
}

Bytes HoldingRequest::block_of(const System& system, const traces::Trace& trace) const {
  if (!model_.empty()) {
    const Bytes block = system.model.kv_per_token() * trace.block_tokens();
    if (block <= Bytes(0)) misuse(command_, fmt::format("model {} keeps no keys and values", system.model.name));
    return block;
  }
  return block_bytes_of(command_, block_bytes_);
}

models::Ranks HoldingRequest::ranks_of(const System& system) const {
  const std::int64_t most = system.machine.gpus;
  if (tensor_ > most)
    misuse(command_, fmt::format("--tensor-parallel is {}, but machine {} has {}", tensor_, system.machine.name,
                                 human::counted(most, "GPU")));
  models::Ranks ranks{.tensor = std::max<std::int64_t>(1, tensor_)};
  if (model_.empty()) return ranks;
  const auto rest = models::undivided_by_tensor(system.model, ranks);
  if (!rest.empty())
    misuse(command_, fmt::format("--tensor-parallel {} does not divide the {} of {}", ranks.tensor,
                                 joined({rest.begin(), rest.end()}, ", the "), system.model.name));
  for (; ranks.tensor <= (tensor_ > 0 ? tensor_ : most); ++ranks.tensor)
    if (models::can_split(system.model, ranks) && room_of(system, ranks) > Bytes(0)) return ranks;
  misuse(command_,
         fmt::format("{} does not fit on {} of machine {}", system.model.name, human::counted(ranks.tensor - 1, "GPU"),
                     system.machine.name),
         {"try one with more GPUs or more memory, a smaller model, or narrower weights"});
}

std::optional<Seconds> HoldingRequest::recompute_of(const System& system, const models::Ranks& ranks,
                                                    const traces::Trace& trace) const {
  if (model_.empty()) {
    if (recompute_.empty()) return {};
    std::string problem;
    const auto time = config::parse_duration(recompute_, problem);
    if (!time || *time <= Duration(0)) misuse(command_, fmt::format("--recompute '{}' is no time", recompute_));
    return in_seconds(*time);
  }
  CostModel cost(system.model, system.machine, system.profile, ranks);
  const auto depth = static_cast<std::int64_t>(prompt_blocks_of(trace).depth);
  const Tokens from(std::max<std::int64_t>(0, depth - kBudget.value() / 2));
  const Seconds step = in_seconds(cost.prefill_alone(from, from + kBudget, kBudget));
  return step * (static_cast<double>(trace.block_tokens()) / static_cast<double>(kBudget.value()));
}

HoldingRequest::Prices HoldingRequest::prices(const System& system) const {
  std::vector<std::string_view> places{"gpu", "hbm"};
  for (const hw::StorageSpec& storage : system.machine.storage) places.emplace_back(storage.name);
  Prices out;
  for (const std::string& text : prices_) {
    const auto at = text.find('=');
    std::string problem;
    const std::string amount = at == std::string::npos ? "" : text.substr(at + 1);
    const auto price = config::parse_money(
        amount.find_first_not_of("0123456789.") == std::string::npos ? amount + " USD" : amount, problem);
    if (!price || price->value() <= 0)
      misuse(command_, fmt::format("--price '{}' is no price", text), {"as in dram=0.5, or 'dram=0.5 USD'"});
    const std::string place = text.substr(0, at);
    if (std::find(places.begin(), places.end(), place) == places.end())
      misuse(command_, fmt::format("--price: machine {} has no '{}'", system.machine.name, place),
             suggestions(place, places, "prices"));
    if (place == "gpu") {
      out.gpu_hour = price;
    } else {
      out.gigabyte_months.emplace_back(place, *price);
    }
  }
  if (!out.gpu_hour && system.machine.price_per_hour.value() > 0)
    out.gpu_hour = system.machine.price_per_hour / static_cast<double>(system.machine.gpus);
  if (!out.gpu_hour)
    misuse(command_, fmt::format("machine {} states no price", system.machine.name),
           {"--price gpu=2.5 is 2.5 USD for a GPU and an hour"});
  return out;
}

HoldingCosts HoldingRequest::costs_of(const System& system, const models::Ranks& ranks, Bytes block,
                                      const traces::Trace& trace) const {
  const Prices given = prices(system);
  const auto price_of = [&](const std::string& place, Dollars otherwise) {
    const auto& all = given.gigabyte_months;
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.first == place; });
    return at == all.end() ? otherwise : at->second;
  };
  const DollarsPerHour gpu(given.gpu_hour->value());
  HoldingCosts costs{block, recompute_of(system, ranks, trace), gpu * static_cast<double>(ranks.gpus()), {}};
  const Dollars hbm = price_of("hbm", hbm_month(system.machine, gpu));
  costs.places.push_back({"hbm", room_of(system, ranks) * ranks.gpus(), hbm, Seconds(0)});
  const hw::Topology topology(system.machine);
  const double a_prompt = prompt_blocks_of(trace).count / static_cast<double>(trace.size());
  const Load load{block, std::max<std::int64_t>(1, static_cast<std::int64_t>(a_prompt)),
                  std::max<std::int64_t>(1, trace.block_tokens() / kEngineBlock.value())};
  for (std::size_t i = 0; i < system.machine.storage.size(); ++i) {
    const hw::StorageSpec& storage = system.machine.storage[i];
    const Dollars otherwise = storage.over_nvlink ? hbm : is_drive(storage) ? kDriveMonth : kMemoryMonth;
    costs.places.push_back({storage.name, storage.capacity, price_of(storage.name, otherwise),
                            fetch_time(topology, i, ranks.gpus(), load)});
  }
  std::stable_sort(costs.places.begin(), costs.places.end(),
                   [](const HoldingPlace& a, const HoldingPlace& b) { return a.fetch < b.fetch; });
  return costs;
}

std::string HoldingRequest::origin_of(const System& system, const models::Ranks& ranks, const HoldingCosts& costs,
                                      const traces::Trace& trace) const {
  const std::string who = model_.empty() ? std::string("blocks") : "KV of " + system.model.name;
  std::string out = fmt::format("{} on {} of {}, {} an hour; a block is {}\n", who, human::counted(ranks.gpus(), "GPU"),
                                system.machine.name, dollars(costs.gpus.value()), human::capacity(costs.block));
  if (!model_.empty())
    out += fmt::format(
        "computed again: its share of a step of {} tokens around the mean depth of {}\n"
        "steps: by profile {}\n",
        human::grouped(kBudget.value()), human::grouped(static_cast<std::int64_t>(prompt_blocks_of(trace).depth)),
        system.profile.name);
  return out +
         "fetched: its share of a load of the mean prompt in blocks of 16 tokens, links idle; the GPUs wait\n"
         "prices of memory are examples, no offers (--price): hbm is the GPUs' own price over their memory,\n"
         "the others a fifteenth of recalled prices of DRAM and flash, a month\n";
}

Holding HoldingRequest::resolved(const traces::Trace& trace) const {
  check();
  if (model_.empty() && block_bytes_.empty()) return {};
  const System known = system();
  const Bytes block = block_of(known, trace);
  if (machine_.empty()) return {block, {}, {}};
  const models::Ranks ranks = ranks_of(known);
  HoldingCosts costs = costs_of(known, ranks, block, trace);
  std::string origin = origin_of(known, ranks, costs, trace);
  return {block, std::move(costs), std::move(origin)};
}

}  // namespace tiersim::cli
