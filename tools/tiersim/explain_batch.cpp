#include "tools/tiersim/explain_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/config/units_text.hpp"
#include "sim/report/human.hpp"
#include "tools/tiersim/options.hpp"

namespace tiersim::cli {
namespace {

struct Prefill {
  std::int64_t tokens = 0, context = 0;
};
struct Decode {
  std::int64_t sequences = 0, context = 0;
};

[[noreturn]] void bad(const char* option, const std::string& text, const char* form, const char* example) {
  misuse("tiersim explain", fmt::format("--{} is '{}', expected {}", option, text, form),
         {fmt::format("as in --{} {}", option, example)});
}

std::optional<std::int64_t> count_of(const std::string& text) {
  constexpr std::int64_t kMost = 100'000'000;
  std::string problem;
  const auto count = config::parse_count(text, problem);
  return count && *count >= 0 && *count <= kMost ? count : std::nullopt;
}

/// The counts before and behind the @; nothing for what is missing or no count.
struct Parts {
  std::optional<std::int64_t> before, behind;
  bool has_at = false;
};
Parts parts_of(const std::string& text) {
  const auto at = text.find('@');
  if (at == std::string::npos) return {count_of(text), {}, false};
  return {count_of(text.substr(0, at)), count_of(text.substr(at + 1)), true};
}

/// Contexts end where a sequence of the scenario does.
void check_context(const char* option, const std::string& text, std::int64_t tokens, const ResolvedScenario& scenario) {
  const std::int64_t most = scenario.settings.engine.max_context.value();
  if (tokens > most)
    misuse("tiersim explain", fmt::format("--{} {} takes a context of {} tokens, beyond the {} of serving.max_context",
                                          option, text, human::grouped(tokens), human::grouped(most)));
}

Prefill parse_prefill(const std::string& text, const ResolvedScenario& scenario) {
  const auto [tokens, context, has_at] = parts_of(text);
  if (!tokens || *tokens == 0 || (has_at && !context))
    bad("prefill", text, "tokens, or tokens@context", "2048, --prefill 2048@6144");
  const Prefill prefill{*tokens, context.value_or(0)};
  check_context("prefill", text, prefill.tokens + prefill.context, scenario);
  return prefill;
}

Decode parse_decode(const std::string& text, const ResolvedScenario& scenario) {
  const auto [sequences, context, has_at] = parts_of(text);
  if (!sequences || *sequences == 0 || !context || *context == 0) bad("decode", text, "sequences@context", "64@4000");
  check_context("decode", text, *context, scenario);
  return {*sequences, *context};
}

/// A sequence's context half-way through its answer, on average over the trace.
std::int64_t mean_context(const ResolvedScenario& scenario) {
  const auto requests = static_cast<std::int64_t>(scenario.trace.size());
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < requests; ++i) {
    const RequestId request(static_cast<std::uint32_t>(i));
    sum += scenario.trace.prompt_tokens(request) + scenario.trace.output_tokens(request) / 2;
  }
  const std::int64_t mean = sum / std::max<std::int64_t>(1, requests);
  return std::clamp<std::int64_t>(mean, 1, scenario.settings.engine.max_context.value());
}

/// All that the seats and the blocks of a replica can hold at once.
Decode typical_decode(const ResolvedScenario& scenario) {
  const ServingSettings& s = scenario.settings;
  const std::int64_t context = mean_context(scenario), held = s.hbm.blocks * s.block.value() / context;
  return {std::clamp<std::int64_t>(held, 1, s.engine.max_sequences), context};
}

Prefill typical_prefill(const ServingSettings& s, std::int64_t decodes) {
  const std::int64_t budget = s.engine.max_batched_tokens.value() - decodes;
  return {std::clamp<std::int64_t>(budget, 1, s.engine.max_context.value()), 0};
}

NamedBatch batch_of(const std::optional<Prefill>& prefill, const std::optional<Decode>& decode, const CostModel& cost) {
  NamedBatch out{prefill && decode ? "mixed" : prefill ? "prefill" : "decode", {}, cost.empty_batch()};
  Batch& b = out.batch;
  if (prefill) {
    b.add_chunk(Tokens(prefill->tokens), Tokens(prefill->context));
    b.sampled = 1;
    out.what = fmt::format("{} of a prompt{}", human::counted(prefill->tokens, "token"),
                           prefill->context > 0 ? fmt::format(" behind {}", human::grouped(prefill->context)) : "");
  }
  if (decode) {
    b.add_decodes(decode->sequences, Tokens(decode->context));
    b.sampled += decode->sequences;
    out.what += fmt::format("{}{} of {} each", prefill ? " and " : "", human::counted(decode->sequences, "sequence"),
                            human::counted(decode->context, "token"));
  }
  return out;
}

}  // namespace

std::vector<NamedBatch> batches_to_explain(const std::string& prefill, const std::string& decode,
                                           const ResolvedScenario& scenario, const CostModel& cost) {
  std::optional<Prefill> p;
  std::optional<Decode> d;
  if (!prefill.empty()) p = parse_prefill(prefill, scenario);
  if (!decode.empty()) d = parse_decode(decode, scenario);
  if (p || d) return {batch_of(p, d, cost)};
  const ServingSettings& s = scenario.settings;
  const Decode decoding = typical_decode(scenario);
  return {batch_of(typical_prefill(s, 0), {}, cost), batch_of({}, decoding, cost),
          batch_of(typical_prefill(s, decoding.sequences), decoding, cost)};
}

}  // namespace tiersim::cli
