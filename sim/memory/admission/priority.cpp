// Priority threshold (TensorRT-LLM's secondary_offload_min_priority, 2025): a block may enter when its retention
// priority, 0 to 100, is at least `threshold`. Traces carry no priorities: the first `head` tokens of every sequence
// have `head_priority`, all others `priority`.
#include "sim/core/registry.hpp"
#include "sim/memory/admission.hpp"

namespace tiersim {
namespace {

class PriorityThreshold final : public AdmissionPolicy {
 public:
  explicit PriorityThreshold(const AdmissionSetup& setup)
      : tree_(setup.tree),
        block_(setup.block_tokens.value()),
        head_(static_cast<std::int64_t>(setup.parameters.number("head"))) {
    const double threshold = setup.parameters.number("threshold");
    head_enters_ = setup.parameters.number("head_priority") >= threshold;
    rest_enters_ = setup.parameters.number("priority") >= threshold;
  }

  void decide(std::span<const BlockId> blocks, std::span<std::uint8_t> admit, Time) override {
    for (std::size_t i = 0; i < blocks.size(); ++i)
      admit[i] = (head_ > 0 && in_head(blocks[i]) ? head_enters_ : rest_enters_) ? 1 : 0;
  }

 private:
  [[nodiscard]] bool in_head(BlockId block) const {
    return (std::int64_t{tree_().position(block.value())} + 1) * block_ <= head_;
  }

  std::function<const PrefixTree&()> tree_;
  std::int64_t block_, head_;  // tokens
  bool head_enters_ = false, rest_enters_ = false;
};

TIERSIM_REGISTER(AdmissionPolicy, "priority", PriorityThreshold,
                 "blocks of at least a retention priority (TensorRT-LLM's offload threshold)",
                 {{"threshold", ParameterKind::count, "30", "the least priority that enters"},
                  {"priority", ParameterKind::count, "35", "of every block, 0 to 100"},
                  {"head", ParameterKind::tokens, "0 tokens", "of a sequence, from its start, that have another"},
                  {"head_priority", ParameterKind::count, "100", "of those"}});

}  // namespace
}  // namespace tiersim
