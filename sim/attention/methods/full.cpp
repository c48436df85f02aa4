// The full cache: nothing is dropped. What all others are held against.
#include "sim/attention/method.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

class FullLayer final : public LayerMethod {
 public:
  void on_prompt(const PromptView&, CacheEditor&) override {}
};

class FullCache final : public AttentionMethod {
 public:
  explicit FullCache(const AttentionSetup&) {}
  [[nodiscard]] Scope scope() const override { return Scope::kv_head; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<FullLayer>();
  }
};

TIERSIM_REGISTER(AttentionMethod, "full", FullCache, "nothing is dropped: the reference", {});

}  // namespace
}  // namespace tiersim
