#include "traces/agent_session_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "traces/json_fields.hpp"

namespace tiersim::traces {
namespace {

enum SessionKey : std::size_t { block_size, hash_id_scope, session_requests, session_key_count };
constexpr std::array<std::string_view, session_key_count> kSessionKeys{"block_size", "hash_id_scope", "requests"};

enum Key : std::size_t { t, in, out, hash_ids, think_time, api_time, requests, key_count };
constexpr std::array<std::string_view, key_count> kKeys{"t",          "in",       "out",     "hash_ids",
                                                        "think_time", "api_time", "requests"};
constexpr RequestFieldNames kNames{kKeys[t], kKeys[in], kKeys[out]};

constexpr int kDeepest = 8;  // sub-agents within sub-agents

/// Where an agent is: its last request and when that was answered.
struct Agent {
  int depth = 0;
  std::uint32_t last = kNoRequest;
  std::int64_t last_start = 0, last_end = 0;

  [[nodiscard]] std::int64_t time_since_answer(std::int64_t now) const {
    return last == kNoRequest ? 0 : std::max<std::int64_t>(now - last_end, 0);
  }
};

/// An element of `requests`.
struct Entry {
  std::array<std::uint64_t, hash_ids> tokens{};
  std::int64_t start = 0, think_time = -1, api_time = 0;  // -1: not given
  std::uint32_t seen = 0;                                 // keys
  std::uint64_t blocks = 0;

  [[nodiscard]] bool has(Key key) const { return (seen >> key & 1U) != 0; }
};

class SessionParser {
 public:
  SessionParser(std::string name, std::string_view json, AgentSessionInput& input, RecordErrors& errors)
      : json_(json), input_(input), errors_(errors), fields_(errors, "file"), local_ids_(json.size() / 2) {
    session_.name = std::move(name);
    fields_.begin(json);
  }

  void parse() {
    fields_.at({-1, 0});
    const bool complete = fields_.read_document(
        json_, kSessionKeys, session_key_count,
        [this](std::size_t key, JsonFields::Value value) { return read_field(SessionKey(key), value); });
    if (!complete || errors_.any()) return;
    session_.distinct_blocks = local_ids_.size();
    input_.local_blocks += local_ids_.size();
    input_.sessions.list.push_back(std::move(session_));
  }

 private:
  bool read_field(SessionKey key, JsonFields::Value value) {
    known_ |= 1U << key;
    if (key == block_size) return read_block_size(value);
    if (key == hash_id_scope) return read_scope(value);
    for (const SessionKey before : {block_size, hash_id_scope})
      if ((known_ >> before & 1U) == 0)
        return fields_.fail(fmt::format("'{}' should come before 'requests'", kSessionKeys[before]));
    Agent agent;
    if (!read_requests(value, agent)) return false;
    fields_.at({-1, 0});
    return true;
  }

  bool read_block_size(JsonFields::Value value) {
    std::uint64_t size = 0;
    if (!fields_.read_whole(value, kSessionKeys[block_size], size)) return false;
    if (size == 0 || size > UINT32_MAX) return fields_.fail(fmt::format("'block_size' is {}", size));
    if (input_.block_size != 0 && input_.block_size != size)
      return fields_.fail(fmt::format("'block_size' is {}, but {} in the sessions before", size, input_.block_size));
    input_.block_size = size;
    return true;
  }

  bool read_scope(JsonFields::Value value) {
    std::string_view scope;
    if (!fields_.read_word(value, kSessionKeys[hash_id_scope], scope)) return false;
    session_.global_ids = scope == "global";
    if (scope == "global" || scope == "local") return true;
    return fields_.fail(fmt::format("'hash_id_scope' is '{}', but should be local or global", shown(scope)));
  }

  bool read_requests(JsonFields::Value value, Agent& agent) {
    return fields_.read_objects(value, kKeys[requests], [&](JsonFields::Object object, std::int64_t byte) {
      return read_entry(object, {++entries_, byte}, agent) && !errors_.full();
    });
  }

  bool read_entry(JsonFields::Object object, RecordPlace place, Agent& agent) {
    Entry entry;
    const std::size_t first = session_.requests.size();
    fields_.at(place);
    const bool complete = fields_.read_object(object, kKeys, 1, [&](std::size_t key, JsonFields::Value value) {
      entry.seen |= 1U << key;
      return read_value(Key(key), value, entry, agent.depth);
    });
    fields_.at(place);
    if (!complete) return false;
    if (!errors_.check_arrival(place, kKeys[t], entry.start, agent.last_start)) return true;
    agent.last_start = entry.start;
    return entry.has(requests) ? add_sub_agent(entry, first, agent) : add_request(entry, agent);
  }

  bool read_value(Key key, JsonFields::Value value, Entry& entry, int depth) {
    switch (key) {
      case t:
        return fields_.read_seconds(value, kKeys[t], entry.start);
      case think_time:
        return fields_.read_seconds(value, kKeys[think_time], entry.think_time);
      case api_time:
        return fields_.read_seconds(value, kKeys[api_time], entry.api_time);
      case hash_ids:
        return read_ids(value, entry);
      case requests: {
        if (depth == kDeepest) return fields_.fail(fmt::format("sub-agents more than {} deep", kDeepest));
        Agent agent{.depth = depth + 1};
        return read_requests(value, agent);
      }
      default:
        return fields_.read_whole(value, kKeys[key], entry.tokens[key]);
    }
  }

  bool read_ids(JsonFields::Value value, Entry& entry) {
    Interner& ids = session_.global_ids ? input_.global_ids : local_ids_;
    return fields_.read_wholes(value, kKeys[hash_ids], [&](std::uint64_t id) {
      add_block(ids.id_of(id), entry.blocks == 0);
      ++entry.blocks;
    });
  }

  void add_block(std::uint32_t id, bool first_of_request) {
    auto& extents = session_.extents;
    if (!first_of_request && extents.back().first + extents.back().count == id)
      ++extents.back().count;
    else
      extents.push_back({id, 1});
  }

  bool add_request(Entry& entry, Agent& agent) {
    for (const Key key : {in, out, hash_ids})
      if (!entry.has(key)) return fields_.fail(fmt::format("'{}' is missing", kKeys[key]));
    if (entry.tokens[out] == 0) ++input_.empty_answers, entry.tokens[out] = 1;
    if (!figures_are_good(entry)) return true;
    const auto index = static_cast<std::uint32_t>(session_.requests.size());
    session_.extent_offsets.push_back(session_.extents.size());
    session_.requests.push_back({.start = entry.start,
                                 .think_time = agent.last != kNoRequest && entry.think_time >= 0
                                                   ? entry.think_time
                                                   : agent.time_since_answer(entry.start),
                                 .prompt_tokens = static_cast<std::uint32_t>(entry.tokens[in]),
                                 .output_tokens = static_cast<std::uint32_t>(entry.tokens[out]),
                                 .previous = agent.last});
    agent.last = index;
    agent.last_end = entry.start + entry.api_time;
    return true;
  }

  bool figures_are_good(const Entry& entry) {
    const RecordPlace place = fields_.place();
    if (!errors_.check_tokens(place, kNames, entry.tokens[in], entry.tokens[out])) return false;
    const std::uint64_t expected = entry.tokens[in] / input_.block_size;
    if (entry.blocks != expected)
      return fields_.fail(fmt::format("'hash_ids' has {} ids, but {} tokens of 'in' are {} full blocks of {}",
                                      entry.blocks, entry.tokens[in], expected, input_.block_size));
    return errors_.check_blocks(place, input_.local_blocks + local_ids_.size() + input_.global_ids.size());
  }

  /// Its requests, from index `first` on, have been read as if it had begun at 0.
  bool add_sub_agent(const Entry& entry, std::size_t first, const Agent& parent) {
    for (const Key key : {in, out, hash_ids})
      if (entry.has(key)) return fields_.fail(fmt::format("'{}' and 'requests' in one entry", kKeys[key]));
    for (std::size_t r = first; r < session_.requests.size(); ++r) {
      AgentSession::Request& request = session_.requests[r];
      request.start += entry.start;
      if (!errors_.check_arrival(fields_.place(), kKeys[t], request.start, 0)) return false;
      if (request.previous != kNoRequest) continue;
      request.previous = parent.last;
      request.think_time = parent.time_since_answer(request.start);
    }
    return true;
  }

  std::string_view json_;
  AgentSessionInput& input_;
  RecordErrors& errors_;
  JsonFields fields_;
  Interner local_ids_;
  AgentSession session_;
  std::uint32_t known_ = 0;   // keys of the session so far
  std::int64_t entries_ = 0;  // of all `requests` so far
};

}  // namespace

void read_agent_session(std::string name, std::string_view json, AgentSessionInput& input, RecordErrors& errors) {
  SessionParser(std::move(name), json, input, errors).parse();
}

}  // namespace tiersim::traces
