// `block` of lower tiers: the engine blocks that they hold, move and evict together.
#include <fmt/format.h>

#include "sim/resolve/parts.hpp"

namespace tiersim::detail {
namespace {

using config::Fields;
using config::Range;

/// What a tier's block can be, in tokens.
std::string fitting_blocks(std::int64_t trace_block, std::int64_t engine_block) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = engine_block; size <= trace_block; size += engine_block)
    if (trace_block % size == 0) sizes.push_back(size);
  return fmt::format("{}", fmt::join(sizes, ", "));
}

class TierBlocks {
 public:
  TierBlocks(Fields& root, const ResolvedScenario& out)
      : root_(root), trace_(out.trace), settings_(out.settings), list_(root.child("hierarchy")) {}

  void check() {
    for (std::size_t t = 1; t <= settings_.lower.size(); ++t) {
      check_trace(t);
      check_above(t);
      check_write_back(t);
      check_prefetch(t);
      check_backlog(t);
    }
  }

 private:
  [[nodiscard]] const LowerTierSettings& lower(std::size_t tier) const { return settings_.lower[tier - 1]; }
  [[nodiscard]] std::uint32_t chunk(std::size_t tier) const { return tier == 0 ? 1 : lower(tier).chunk; }
  [[nodiscard]] std::int64_t tokens(std::size_t tier) const { return chunk(tier) * settings_.block.value(); }
  [[nodiscard]] std::string name(std::size_t tier) const { return tier == 0 ? "hbm" : lower(tier).name; }
  Diagnostic& error(std::size_t tier, std::string text) {
    return root_.diagnostics().error(list_->items[tier].mark, std::move(text));
  }

  void check_trace(std::size_t tier) {
    if (!trace_.has_blocks() || trace_.block_tokens() % tokens(tier) == 0) return;
    error(tier, fmt::format("tier '{}' has blocks of {} tokens, which do not divide the trace's blocks of {}",
                            name(tier), tokens(tier), trace_.block_tokens()))
        .notes.push_back(
            fmt::format("expected one of {} tokens", fitting_blocks(trace_.block_tokens(), settings_.block.value())));
  }
  void check_above(std::size_t tier) {
    if (chunk(tier) % chunk(tier - 1) == 0) return;
    error(tier, fmt::format("tier '{}' has blocks of {} tokens, which hold no whole blocks of '{}' above it: those "
                            "have {}",
                            name(tier), tokens(tier), name(tier - 1), tokens(tier - 1)))
        .notes.push_back(fmt::format(
            "a tier's block is a multiple of the block of the tier above: try block: {} tokens", tokens(tier - 1)));
  }
  void check_write_back(std::size_t tier) {
    if (lower(tier).write != WriteMode::back) return;
    for (std::size_t above = 0; above < tier; ++above) {
      if (settings_.feeds[above] != tier || chunk(tier) <= chunk(above)) continue;
      error(tier, fmt::format("tier '{}' is written back with blocks of {} tokens, but '{}' gives up single blocks of "
                              "{}",
                              name(tier), tokens(tier), name(above), tokens(above)))
          .notes.emplace_back("a tier with larger blocks than the tier above is to be written through: write: through");
    }
  }
  void check_prefetch(std::size_t tier) {
    if (settings_.prefetch.name == "none" || chunk(tier) == chunk(1)) return;
    error(tier, fmt::format("prefetch brings blocks of '{}' up to '{}', but those have {} tokens and these {}",
                            name(tier), name(1), tokens(tier), tokens(1)))
        .notes.emplace_back("prefetch moves between tiers of equal blocks: give both the same, or prefetch: none");
  }
  void check_backlog(std::size_t tier) {
    if (chunk(tier) == 1 || lower(tier).backlog >= lower(tier).chunk_bytes()) return;
    error(tier, fmt::format("tier '{}' takes no write: its backlog of {} is less than one block of {}", name(tier),
                            config::text_of(lower(tier).backlog), config::text_of(lower(tier).chunk_bytes())))
        .notes.emplace_back("choose a backlog of several blocks");
  }

  Fields& root_;
  const traces::Trace& trace_;
  const ServingSettings& settings_;
  const config::Value* list_;
};

}  // namespace

std::uint32_t read_chunk(Fields& fields, Tokens engine_block) {
  if (!fields.has("block")) return 1;
  const Tokens block = fields.tokens("block", engine_block, Range{1, 1e9});
  const std::int64_t chunk = block / engine_block;
  if (chunk > 0 && engine_block * chunk == block) return static_cast<std::uint32_t>(chunk);
  fields
      .error("block", fmt::format("'block' in {} is {}, no multiple of serving.block = {}", fields.what(),
                                  config::text_of(block), engine_block.value()))
      .notes.emplace_back("a tier holds whole blocks of the engine");
  return 1;
}

void check_tier_blocks(Fields& root, const ResolvedScenario& out) {
  if (!root.diagnostics().has_errors()) TierBlocks(root, out).check();
}

}  // namespace tiersim::detail
