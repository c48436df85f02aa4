#include "calib/offload/text.hpp"

#include <algorithm>

#include "sim/core/rng.hpp"

namespace tiersim::calib {

std::vector<std::uint32_t> text_of(const Workload& workload, RequestId request, std::int64_t vocabulary) {
  const std::int64_t block = workload.block_tokens();
  const std::int64_t total = workload.prompt(request) + workload.output(request);
  const std::int64_t identified = workload.trace().identified_tokens(request);
  std::vector<BlockId> names;
  workload.append_blocks(request, workload.blocks_for(identified), names);
  std::vector<std::uint32_t> text;
  text.reserve(static_cast<std::size_t>(total));
  const auto say = [&](std::uint64_t seed, std::int64_t tokens) {
    Rng rng(seed);
    for (std::int64_t i = 0; i < tokens; ++i)
      text.push_back(static_cast<std::uint32_t>(rng.below(static_cast<std::uint64_t>(vocabulary))));
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto said = static_cast<std::int64_t>(i) * block;
    say(names[i].value(), std::min(block, identified - said));
  }
  say(~std::uint64_t{request.value()}, total - identified);
  return text;
}

}  // namespace tiersim::calib
