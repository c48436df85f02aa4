// `workload:` what is asked of the system, when, and which part of it is measured.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "sim/core/registry.hpp"
#include "sim/resolve/parts.hpp"
#include "traces/generators.hpp"
#include "traces/readers.hpp"
#include "traces/repeat.hpp"
#include "traces/sharing.hpp"

namespace tiersim::detail {
namespace {

using config::Fields;
using config::Range;

config::Value empty_map(const SourceMark& mark) {
  config::Value v;
  v.kind = config::Kind::map;
  v.mark = mark;
  return v;
}

/// `format`, a name or {name: {parameter: value}}; by default what the file looks like. Empty if that is unknown.
PolicyChoice read_format(Fields& requests, const std::string& path) {
  const auto& registry = Registry<traces::TraceReader>::instance();
  const PolicyMenu menu{
      "trace format", registry.names(),
      [&](std::string_view name) -> const std::vector<ParameterSpec>& { return registry.find(name)->parameters; }};
  const std::string guessed = traces::guess_format(path);
  if (guessed.empty() && !requests.has("format")) return {};
  return resolve_policy(requests, "format", menu, guessed);
}

void read_requests(Fields& workload, const config::Value& map, const Environment& environment,
                   const std::string& folder, ResolvedScenario& out) {
  Fields fields(map, "workload.requests", workload.diagnostics());
  const std::string name = fields.text("trace");
  const std::string path = traces::find_trace(name, folder, environment.data);
  const Diagnostics& before = workload.diagnostics();
  const std::size_t messages = before.all().size();
  const PolicyChoice format = read_format(fields, path);
  const bool format_known = before.all().size() == messages;
  const traces::ReaderSetup setup{static_cast<std::uint32_t>(out.settings.block.value()), format.parameters};
  if (!name.empty() && (format_known || path.empty()))
    out.trace = traces::load_trace(name, format.name, setup, folder, environment.data, fields.mark_of("trace"),
                                   workload.diagnostics());
  const std::filesystem::path named(name);  // a folder's may end in a slash
  out.trace_name = (named.has_filename() ? named : named.parent_path()).filename().string();
  if (!path.empty() && traces::find_trace(name, "/nowhere", environment.data) != path) {
    // Found beside the scenario: a rerun from elsewhere needs to know where that was.
    fields.record("trace",
                  config::scalar(std::filesystem::absolute(path).lexically_normal().string(), fields.mark_of("trace")));
  }
  const std::string hash = out.trace.origin().hash;
  if (out.trace.size() > 0) {
    const std::string wanted = fields.text("hash", hash);
    if (wanted != hash) {
      fields.error("hash", fmt::format("the trace '{}' is not the one that this scenario was resolved with", name))
          .notes.push_back(fmt::format("its hash is {}; drop the key to use it all the same", hash));
    }
  } else {
    static_cast<void>(fields.has("hash"));
  }
  const auto size = static_cast<std::int64_t>(out.trace.size());
  const std::int64_t first = fields.count("first", size, Range::at_least(1));
  if (first < size) out.trace = traces::first_requests(out.trace, static_cast<std::size_t>(first));
  fields.finish();
  workload.record("requests", fields.resolved());
}

/// `generate` without `chat`: a generator that there is not, or none at all.
void report_no_generator(Fields& fields, const config::Value& map) {
  constexpr std::string_view kHow = "it is the one generator so far; 'chat: {}' takes all its defaults";
  if (map.kind != config::Kind::map) return;  // said already
  if (map.find("chat") != nullptr) {
    fields.error("chat", "key 'chat' in workload.generate has no value").notes.emplace_back(kHow);
  } else if (map.entries.empty()) {
    fields.error("chat", "missing key 'chat' in workload.generate").notes.emplace_back(kHow);
  } else {
    const std::string& name = map.entries[0].first;
    static_cast<void>(fields.child(name));  // reported here, as a generator and not as a key
    Diagnostic& d =
        fields.diagnostics().error(map.key_marks[0], fmt::format("unknown generator '{}' in workload.generate", name));
    if (!nearest(name, {"chat"}).empty()) d.notes.emplace_back("did you mean 'chat'?");
    d.notes.emplace_back("known: chat");
  }
}

void read_generator(Fields& workload, const config::Value& map, ResolvedScenario& out) {
  Fields fields(map, "workload.generate", workload.diagnostics());
  const config::Value* chat = fields.child("chat");
  if (chat == nullptr) {
    report_no_generator(fields, map);
  } else {
    Fields inner(*chat, "workload.generate.chat", workload.diagnostics());
    const traces::ChatWorkload settings = traces::read_chat_workload(inner);
    fields.record("chat", inner.resolved());
    if (!workload.diagnostics().has_errors()) out.trace = traces::generate_chat(settings, out.settings.seed);
    out.trace_name = "chat (generated)";
  }
  fields.finish();
  workload.record("generate", fields.resolved());
}

void read_load(Fields& workload, ResolvedScenario& out) {
  const config::Value none = empty_map(workload.mark());
  const config::Value* value = workload.child("load");
  Fields fields(value == nullptr ? none : *value, "workload.load", workload.diagnostics());
  LoadSettings& load = out.settings.load;
  const std::string kind = fields.choice("kind", {"open", "poisson", "concurrency", "sessions"}, "open");
  if (kind == "open" || kind == "sessions") {
    load.kind = kind == "open" ? LoadKind::open : LoadKind::sessions;
    load.rate = fields.multiple("rate", 1.0, Range{1e-6, 1e6});
    if (kind == "open") load.jitter = fields.duration("jitter", Duration(0), Range{0, 1e15});
    if (kind == "sessions" && out.trace.size() > 0 && !out.trace.has_sessions()) {
      fields.error("kind", "the trace has no sessions to close the loop over")
          .notes.push_back("use 'open', 'poisson' or 'concurrency'");
    }
  } else if (kind == "poisson") {
    load.kind = LoadKind::poisson;
    load.per_second = fields.per_second("per_second", {}, Range{1e-6, 1e9});
  } else {
    load.kind = LoadKind::concurrency;
    load.concurrency = fields.count("concurrency", {}, Range{1, 1e7});
  }
  load.seed = out.settings.seed;
  fields.finish();
  workload.record("load", fields.resolved());
}

/// "60 s", "1000 requests" or "10%": one end of the measurement window.
void read_end(Fields& fields, std::string_view key, std::size_t requests, Duration& time, std::int64_t& count) {
  const std::string text = fields.text(key, "none");
  time = Duration(0);
  count = 0;
  std::string problem;
  if (text == "none") return;
  if (text.ends_with("requests")) {
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    if (error == std::errc() && (unit == " requests" || unit == "requests") && count >= 0) {
      if (count >= static_cast<std::int64_t>(requests) && requests > 0)
        fields.error(key,
                     fmt::format("'{}' in {} leaves none of the {} requests to measure", key, fields.what(), requests));
      return;
    }
    count = 0;
  } else if (text.ends_with('%')) {
    if (const auto share = config::parse_fraction(text, problem); share && *share >= 0 && *share < 1) {
      count = static_cast<std::int64_t>(*share * static_cast<double>(requests));
      return;
    }
  } else if (const auto duration = config::parse_duration(text, problem); duration && *duration >= Duration(0)) {
    time = *duration;
    return;
  }
  fields.error(key, fmt::format("'{}' in {}: '{}' is no part of a run", key, fields.what(), text))
      .notes.push_back(
          "expected a time such as '60 s', a count such as '1000 requests', a share such as '10%', or 'none'");
}

void read_window(Fields& workload, ResolvedScenario& out) {
  const config::Value none = empty_map(workload.mark());
  const config::Value* value = workload.child("window");
  Fields fields(value == nullptr ? none : *value, "workload.window", workload.diagnostics());
  WindowSettings& window = out.settings.window;
  const std::size_t requests = out.trace.size();
  read_end(fields, "warm_up", requests, window.warm_up_time, window.warm_up_requests);
  read_end(fields, "drain", requests, window.drain_time, window.drain_requests);
  if (window.warm_up_requests + window.drain_requests >= static_cast<std::int64_t>(requests) && requests > 0)
    fields.error("drain", fmt::format("warm-up and drain leave none of the {} requests to measure", requests));
  const bool closed_loop =
      out.settings.load.kind == LoadKind::concurrency || out.settings.load.kind == LoadKind::sessions;
  if (window.drain_time > Duration(0) && closed_loop)
    fields.error("drain", "a drain by time needs arrivals that are known in advance (load open or poisson)")
        .notes.push_back("give it in requests or as a share");
  if (out.settings.load.kind == LoadKind::open && requests > 0) {
    const double last = static_cast<double>(out.trace.columns().arrival.back()) / out.settings.load.rate;
    if (static_cast<double>((window.warm_up_time + window.drain_time).value()) > last && last > 0)
      fields.error(window.warm_up_time > Duration(0) ? "warm_up" : "drain",
                   fmt::format("warm-up and drain leave nothing to measure: the last request comes after {:.1f} s",
                               last * 1e-9));
  }
  const bool warm = fields.flag("warm_caches", false);
  out.warm_caches = warm;
  if (warm && requests > 0) {
    // A first pass fills the caches; the second, after it, is measured.
    if (window.warm_up_time > Duration(0))
      fields.error("warm_up", "with warm_caches, give warm_up in requests or as a share");
    window.warm_up_requests += static_cast<std::int64_t>(requests);
    out.trace = traces::repeated(out.trace, Duration(static_cast<std::int64_t>(60e9 * out.settings.load.rate)));
  }
  fields.finish();
  workload.record("window", fields.resolved());
}

}  // namespace

void resolve_workload(Fields& root, const Environment& environment, const std::string& folder, ResolvedScenario& out) {
  const config::Value* value = root.child("workload");
  if (value == nullptr) {
    root.error("workload", "missing key 'workload' in the scenario")
        .notes.push_back("expected a map with 'requests' (a trace) or 'generate' (a synthetic workload)");
    return;
  }
  Fields fields(*value, "workload", root.diagnostics());
  const config::Value* requests = fields.child("requests");
  const config::Value* generate = fields.child("generate");
  if (requests != nullptr && generate != nullptr) {
    fields.error("generate", "'requests' and 'generate' in workload exclude each other");
  } else if (requests != nullptr) {
    read_requests(fields, *requests, environment, folder, out);
  } else if (generate != nullptr) {
    read_generator(fields, *generate, out);
  } else if (value->kind == config::Kind::map) {
    root.error("workload", "workload needs 'requests' (a trace) or 'generate' (a synthetic workload)");
  }
  read_load(fields, out);
  read_window(fields, out);
  fields.finish();
  root.record("workload", fields.resolved());
  if (out.trace.size() == 0 || root.diagnostics().has_errors()) return;
  const std::int64_t block = out.settings.block.value();
  if (out.trace.has_blocks() && out.trace.block_tokens() % block != 0) {
    root.error("workload",
               fmt::format("the trace identifies blocks of {} tokens, which serving.block = {} does not divide",
                           out.trace.block_tokens(), block))
        .notes.push_back("an engine block must lie within one trace block: choose a divisor");
    return;
  }
  if (!traces::ids_are_prefixes(out.trace))
    root.diagnostics()
        .warning(root.mark_of("workload"),
                 "the trace's block ids are no prefixes (one block follows different blocks), but serving takes them "
                 "for such")
        .notes.push_back("hits are overestimated; a format that chains ids, as ragpulse does, gives a prefix cache's");
  if (!ids_fit(out.trace, out.settings.block))
    root.error("workload", "the trace has more engine blocks than 32-bit ids can number")
        .notes.push_back("use a larger serving.block, or fewer requests (workload.requests.first)");
}

}  // namespace tiersim::detail
