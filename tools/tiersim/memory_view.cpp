#include "tools/tiersim/memory_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/report/human.hpp"
#include "tools/tiersim/text.hpp"

namespace tiersim::cli {
namespace {

constexpr double kBarColumns = 40;

std::string row(const std::string& what, Bytes size, Bytes of, const std::string& note = {}) {
  const double share = static_cast<double>(size.value()) / static_cast<double>(of.value());
  const std::string bar(static_cast<std::size_t>(std::lround(std::max(0.0, share) * kBarColumns)), '#');
  const std::string line = fmt::format("  {:<13}{:>10}  {:>5.1f}%  {:<{}}  {}", what, rough(size), share * 100, bar,
                                       static_cast<int>(kBarColumns), note);
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string gpu_list(std::int64_t first, std::int64_t count) {
  return count == 1 ? fmt::format("gpu{}", first) : fmt::format("gpu{} to gpu{}", first, first + count - 1);
}

}  // namespace

std::string memory_view(const ResolvedScenario& scenario) {
  const MemoryMap& map = scenario.memory;
  const ServingSettings& s = scenario.settings;
  const std::int64_t used = s.replicas * s.ranks.gpus();
  const Bytes blocks = map.block_bytes * map.blocks;
  const Bytes rest = map.memory - map.weights - map.activations - map.runtime - blocks;
  std::string out =
      fmt::format("{}: {} with {}{}\n\n", gpu_list(0, used), s.machine.gpu.name, rough(map.memory),
                  map.blocks_given ? "" : fmt::format(", of which {:g}% may be used", map.utilisation * 100));
  out += row("weights", map.weights, map.memory,
             s.ranks.gpus() == 1 ? s.model.name : fmt::format("1/{} of {}", s.ranks.gpus(), s.model.name));
  out += row("activations", map.activations, map.memory,
             fmt::format("the largest step: {} tokens", human::grouped(s.engine.max_batched_tokens.value())));
  out += row("runtime", map.runtime, map.memory, "context, graphs, libraries");
  out += row("KV blocks", blocks, map.memory,
             fmt::format("{} of {} tokens, {} each{}", human::grouped(map.blocks), s.block.value(),
                         rough(map.block_bytes), map.blocks_given ? " (given)" : ""));
  out += row("unused", rest, map.memory);
  if (used < s.machine.gpus) out += fmt::format("\n{}: not used\n", gpu_list(used, s.machine.gpus - used));
  return out;
}

}  // namespace tiersim::cli
