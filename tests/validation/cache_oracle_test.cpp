// Cache replays of the Mooncake conversations against the integers of an independent reference: 17 definitions at 16
// capacities, hit for hit.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <simdjson.h>
#include <string>

#include "sim/replay/miss_ratio_curve.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/scenarios.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

struct Definition {
  std::string policy;
  HitRule rule = HitRule::prefix;
  TouchOrder order = TouchOrder::head_first;
};

/// "prefix.rev.lru" and its kin.
Definition definition_of(const std::string& name) {
  static const std::map<std::string, std::string> kOurs{{"opt_forced", "belady"}, {"opt_bypass", "belady_bypass"}};
  if (name == "leaf.lru") return {"vllm"};
  if (name == "leaf.opt") return {"belady_leaf"};
  std::string policy = name.substr(name.rfind('.') + 1);
  if (const auto ours = kOurs.find(policy); ours != kOurs.end()) policy = ours->second;
  return {policy, name.starts_with("plain") ? HitRule::block : HitRule::prefix,
          name.starts_with("prefix.rev") ? TouchOrder::tail_first : TouchOrder::head_first};
}

struct OracleRow {
  std::string name;
  std::size_t capacity = 0;
  std::uint64_t hits = 0, accesses = 0;
  std::uint64_t hit_tokens = 0;  // 0: not given
};

std::vector<OracleRow> references(const std::string& path) {
  simdjson::dom::parser parser;
  std::vector<OracleRow> out;
  for (const auto row : parser.load(path)["results"].get_array()) {
    OracleRow r{std::string(std::string_view(row["def"])), std::uint64_t(row["capacity_blocks"]),
                std::uint64_t(row["hits"]), std::uint64_t(row["accesses"])};
    std::uint64_t tokens = 0;
    if (row["hit_tokens"].get(tokens) == simdjson::SUCCESS) r.hit_tokens = tokens;
    out.push_back(r);
  }
  return out;
}

struct Mooncake {
  traces::Trace trace;
  std::vector<OracleRow> rows;
};

/// Nothing, after saying so, where the trace or the reference is absent.
std::optional<Mooncake> mooncake() {
  const std::string path = data_file("traces/mooncake/conversation_trace.jsonl");
  const std::string oracle = data_file("../oracle/mooncake_conversation.json");
  if (path.empty() || oracle.empty()) return std::nullopt;
  Diagnostics diagnostics;
  Mooncake out{read_trace(path, "mooncake", diagnostics), references(oracle)};
  REQUIRE(diagnostics.render() == "");
  return out;
}

}  // namespace

TEST_CASE("do cache replays hit exactly what an independent reference hits, by every definition at every capacity?") {
  const std::optional<Mooncake> given = mooncake();
  if (!given) return;
  const auto& [trace, rows] = *given;
  const auto forwards = next_accesses(trace, TouchOrder::head_first);
  const auto backwards = next_accesses(trace, TouchOrder::tail_first);
  REQUIRE(rows.size() == 272);
  for (const OracleRow& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.capacity);
    const auto [policy, rule, order] = definition_of(row.name);
    const ReplayCounts counts =
        replay(trace, {{policy, default_parameters<BlockCache>(policy)}, row.capacity, rule, order, 1},
               order == TouchOrder::head_first ? forwards : backwards);
    CHECK(counts.hits == row.hits);
    CHECK(counts.accesses == row.accesses);
    if (row.hit_tokens > 0) CHECK(counts.hit_tokens == row.hit_tokens);
  }
}

TEST_CASE("does the one-pass curve of the Mooncake conversations go through the reference's points?") {
  const std::optional<Mooncake> given = mooncake();
  if (!given) return;
  const auto& [trace, rows] = *given;
  const std::map<std::string, MissRatioCurve> curves{
      {"plain.lru", lru_curve(trace, HitRule::block, TouchOrder::head_first)},
      {"prefix.fwd.lru", lru_curve(trace, HitRule::prefix, TouchOrder::head_first)},
      {"prefix.rev.lru", lru_curve(trace, HitRule::prefix, TouchOrder::tail_first)},
      {"leaf.lru", lru_curve(trace, HitRule::prefix, TouchOrder::tail_first)}};
  int compared = 0;
  for (const OracleRow& row : rows) {
    const auto curve = curves.find(row.name);
    if (curve == curves.end()) continue;
    CAPTURE(row.name);
    CAPTURE(row.capacity);
    CHECK(curve->second.hits_at(row.capacity) == row.hits);
    if (row.hit_tokens > 0) CHECK(curve->second.hit_tokens_at(row.capacity) == row.hit_tokens);
    ++compared;
  }
  CHECK(compared == 64);
}
