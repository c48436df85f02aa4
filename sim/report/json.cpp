#include "sim/report/json.hpp"

#include "sim/report/json_text.hpp"

namespace tiersim {
namespace {

void write_profile(const Result& r, JsonText& json) {
  json.key("profile").begin_object().member("name", r.profile).member("provenance", r.provenance);
  if (!r.profile_errors.empty()) json.key("errors").begin_array();
  for (const calib::ErrorRow& row : r.profile_errors) {
    json.begin_object().member("family", row.family).member("set", row.set).member("points", row.points);
    json.member("mape", row.mape).member("median", row.median).member("p90", row.p90);
    json.member("worst", row.worst).member("bias", row.bias).end_object();
  }
  if (!r.profile_errors.empty()) json.end_array();
  json.end_object();
}

void write_identity(const Result& r, JsonText& json) {
  json.member("scenario", r.scenario).member("question", r.question).member("seed", r.seed);
  json.member("model", r.model).member("machine", r.machine);
  write_profile(r, json);
  json.key("trace").begin_object();
  json.member("name", r.trace_name).member("format", r.trace_format).member("hash", r.trace_hash).end_object();
  json.member("semantics", r.semantics);
}

void write_memory(const MemoryMap& map, JsonText& json) {
  json.key("memory_map").begin_object();
  json.member("gpu_memory_bytes", map.memory.value()).member("utilisation", map.utilisation);
  json.member("weights_bytes", map.weights.value()).member("runtime_bytes", map.runtime.value());
  json.member("activations_bytes", map.activations.value()).member("block_bytes", map.block_bytes.value());
  json.member("blocks", map.blocks).member("blocks_given", map.blocks_given);
  json.end_object();
}

void write_engines(const RunContext& context, JsonText& json) {
  json.key("engines").begin_object();
  json.member("replicas", context.replicas).member("ranks", context.ranks);
  json.member("block_tokens", context.block.value()).member("max_sequences", context.max_sequences);
  json.end_object();
}

void write_limits(const GoodputLimits& limits, JsonText& json) {
  const auto limit = [&](const char* name, Duration d) {
    if (d.value() != INT64_MAX) json.member(name, static_cast<double>(d.value()) / 1e9);
  };
  json.key("limits_s").begin_object();
  limit("ttft", limits.ttft);
  limit("tpot", limits.tpot);
  limit("end_to_end", limits.end_to_end);
  json.end_object();
}

void write_tiers(const std::vector<TierInfo>& tiers, JsonText& json) {
  json.key("tiers").begin_array();
  for (const TierInfo& t : tiers) {
    json.begin_object().member("name", t.name).member("capacity_bytes", t.capacity.value());
    json.member("block_bytes", t.block_bytes.value()).member("eviction", t.eviction);
    json.member("admission", t.admission).member("write", t.write).end_object();
  }
  json.end_array();
}

void write_verdicts(const Report& report, JsonText& json) {
  json.key("stability").begin_object();
  json.member("state", word_of(report.stability.state)).member("text", report.stability.text);
  json.key("queue_by_quarter").begin_array();
  for (const double q : report.stability.queue) json.value(q);
  json.end_array().end_object();
  json.key("verdicts").begin_array();
  for (const TierVerdict& v : report.tiers) {
    json.begin_object().member("tier", v.tier).member("limited_by", word_of(v.limit));
    json.member("figure", v.figure).member("advice", v.advice).end_object();
  }
  json.end_array();
  json.member("warnings", report.warnings);
}

void write_metrics(const Metrics& metrics, JsonText& json) {
  json.key("metrics").begin_object();
  for (const Metric& m : metrics.all)
    json.key(m.name).begin_object().member("value", m.value).member("unit", m.unit).end_object();
  json.end_object();
}

}  // namespace

std::string summary_json(const Report& report) {
  const Result& r = report.result;
  JsonText json;
  json.begin_object();
  write_identity(r, json);
  json.member("finished", r.run.outcome.finished);
  write_engines(r.run.context, json);
  write_limits(r.run.context.limits, json);
  write_memory(r.memory, json);
  write_tiers(r.run.context.tiers, json);
  write_verdicts(report, json);
  write_metrics(report.metrics, json);
  json.key("references").begin_array();
  for (std::size_t i = 0; i < r.references.size(); ++i) {
    json.begin_object().member("name", r.references[i].name);
    write_metrics(report.references[i], json);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string run_info_json(const RunInfo& info) {
  const auto rate = [&](std::int64_t n) {
    return info.seconds > 0 ? std::optional(static_cast<double>(n) / info.seconds) : std::nullopt;
  };
  JsonText json;
  json.begin_object().member("version", info.version).member("threads", info.threads);
  json.member("seconds_reading", info.seconds_reading).member("seconds_simulating", info.seconds);
  json.member("requests_simulated", info.requests).member("events_simulated", info.events);
  json.member("requests_per_second", rate(info.requests)).member("events_per_second", rate(info.events));
  return json.end_object().take();
}

}  // namespace tiersim
