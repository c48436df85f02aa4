// `serving:` the engines.
#include <fmt/format.h>

#include "sim/resolve/parts.hpp"

namespace tiersim::detail {
namespace {

using config::Fields;
using config::Range;

}  // namespace

void resolve_serving(Fields& root, ResolvedScenario& out) {
  const config::Value none{};
  const config::Value* value = root.child("serving");
  Fields fields(value == nullptr ? none : *value, "serving", root.diagnostics());
  ServingSettings& s = out.settings;
  EngineSettings& e = s.engine;
  resolve_parallelism(fields, s);
  s.router = resolve_policy(fields, "router", router_menu(), "least_loaded");
  s.block = fields.tokens("block", Tokens(16), Range{1, 65536});
  e.max_batched_tokens = fields.tokens("max_batched_tokens", Tokens(8192), Range{1, 1 << 20});
  e.max_sequences = fields.count("max_sequences", 256, Range{1, 1 << 20});
  e.max_context = fields.tokens("max_context", s.model.max_context, Range{1, 1e9});
  if (e.max_context > s.model.max_context && s.model.max_context > Tokens(0)) {
    fields.diagnostics().warning(
        fields.mark_of("max_context"),
        fmt::format("max_context is {}, but {} was made for {}", config::text_of(e.max_context), s.model.name,
                    config::text_of(s.model.max_context)));
  }
  e.reserve_whole_prompt = fields.flag("reserve_whole_prompt", true);
  e.load = fields.choice("load", {"always", "cheaper"}, "cheaper") == "always" ? LoadWhen::always : LoadWhen::cheaper;
  e.captured = fields.tokens("cuda_graph_tokens", Tokens(512), Range{0, 1 << 20});
  e.layerwise = fields.flag("layerwise", false);
  s.placement = resolve_policy(fields, "placement", placement_menu(), "waterfall");
  s.prefetch = resolve_policy(fields, "prefetch", prefetch_menu(), "none");
  e.layers = s.model.layers;
  if (e.max_sequences > e.max_batched_tokens.value()) {
    fields.error("max_sequences",
                 fmt::format("max_sequences = {} exceeds max_batched_tokens = {}: a step could not give each its token",
                             e.max_sequences, e.max_batched_tokens.value()));
  }
  fields.finish();
  root.record("serving", fields.resolved());
}

}  // namespace tiersim::detail
