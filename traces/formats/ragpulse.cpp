// RAGPulse (Wang et al., arXiv 2511.12979; flashserve/RAGPulse): 0_trace.jsonl, a request a line with `timestamp`
// (seconds in quotes), `input_length`, `output_length`, `session_id` and `hash_ids`, which lists the chunks of the
// prompt by component; beside it 1_sys_prompt.jsonl to 5_web_search.jsonl, the tokens of each chunk. Chunks stand in
// the prompt in the line's order; the tokens that `input_length` has beyond theirs (a template's: 6 to 12 in the
// published trace) are not identified and count as its end.
//
// Two formats, for two kinds of cache:
//   ragpulse         what a prefix cache sees: the sequence of (chunk, offset) tokens cut into blocks of the run's
//   size,
//                    each identified by itself and all before it
//   ragpulse-chunks  what a cache sees that reuses chunks wherever they stand: the full blocks of each chunk,
//   identified
//                    by the chunk alone; rests of chunks are not identified and count as the prompt's end. For replays
//                    of caches: such ids are no prefixes
//
// Weeks follow one another in the file, each timed from its own start: where time goes back, the next week begins, and
// a warning says so. Turns of a session are chained; their think time is the time since the turn before arrived, answer
// included, as the file does not say when it ended.
#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include "traces/hash.hpp"
#include "traces/interner.hpp"
#include "traces/json_lines.hpp"
#include "traces/readers.hpp"
#include "traces/session_turns.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kWeek = 604'800'000'000'000;  // ns

enum Key : std::size_t { input_length, output_length, timestamp, hash_ids, session_id, key_count };
constexpr std::array<std::string_view, key_count> kKeys{"input_length", "output_length", "timestamp", "hash_ids",
                                                        "session_id"};
constexpr std::size_t kRequired = session_id;
constexpr RequestFieldNames kNames{kKeys[timestamp], kKeys[input_length], kKeys[output_length]};

constexpr std::array<std::string_view, 5> kComponents{"sys_prompt", "passages_ids", "history", "web_search",
                                                      "user_input"};

struct Table {
  std::string_view file;
  std::array<std::string_view, 2> keys;  // of a chunk and of its tokens
};
constexpr std::array<Table, 5> kTables{{{"1_sys_prompt.jsonl", {"sys_prompt_id", "token_length"}},
                                        {"2_passages.jsonl", {"passage_id", "token_length"}},
                                        {"3_history.jsonl", {"history_id", "token_length"}},
                                        {"4_user_input.jsonl", {"user_input_id", "token_length"}},
                                        {"5_web_search.jsonl", {"web_search_id", "token_length"}}}};

constexpr std::array<PublicFile, 1> kPublic{{{"flashserve/RAGPulse", "data/0_trace.jsonl"}}};

struct Chunk {
  std::uint64_t id = 0;
  std::uint64_t tokens = 0;
};

/// The tokens of each chunk, and the hash of the tables.
struct ChunkTables {
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> tokens;
  std::uint64_t hash = 0;
};

/// From the folder of the trace; nothing after adding errors.
std::optional<ChunkTables> read_tables(const fs::path& folder, RecordErrors& errors) {
  ChunkTables out;
  for (const Table& table : kTables) {
    const std::string path = (folder / table.file).string();
    errors.about(path);
    std::string problem;
    const auto file = MappedFile::open(path, problem);
    if (!file) {
      errors.add({},
                 fmt::format("cannot read this table of token lengths, which belongs beside the trace: {}", problem));
      continue;
    }
    out.hash = hash_bytes(file->bytes(), out.hash);
    JsonLines lines(*file, errors);
    while (lines.next_line()) {
      std::array<std::uint64_t, 2> chunk{};
      const bool complete = lines.read_fields(table.keys, table.keys.size(), [&](std::size_t key, JsonLines::Value v) {
        return lines.read_whole(v, table.keys[key], chunk[key]);
      });
      if (complete && !out.tokens.try_emplace(chunk[0], chunk[1]).second)
        static_cast<void>(lines.fail(fmt::format("chunk {} has a length already", chunk[0])));
    }
  }
  return errors.any() ? std::nullopt : std::optional(std::move(out));
}

/// Blocks of the sequence of tokens, each chained to all before it.
class PrefixBlocks {
 public:
  explicit PrefixBlocks(std::uint64_t block_tokens) : block_tokens_(block_tokens) {}

  /// Calls on_block(hash) for each full block.
  template <class OnBlock>
  void each(const std::vector<Chunk>& chunks, OnBlock&& on_block) {
    std::uint64_t hash = 0, room = block_tokens_;
    pieces_.clear();
    for (const Chunk& chunk : chunks) {
      for (std::uint64_t at = 0; at < chunk.tokens;) {
        const std::uint64_t taken = std::min(room, chunk.tokens - at);
        pieces_.insert(pieces_.end(), {chunk.id, at, taken});
        at += taken;
        room -= taken;
        if (room > 0) break;
        hash = hash_bytes(std::as_bytes(std::span(pieces_)), hash);
        on_block(hash);
        pieces_.clear();
        room = block_tokens_;
      }
    }
  }

 private:
  std::uint64_t block_tokens_;
  std::vector<std::uint64_t> pieces_;  // of the block: chunk, offset, tokens
};

/// Full blocks of each chunk, by chunk and position in it.
class ChunkBlocks {
 public:
  explicit ChunkBlocks(std::uint64_t block_tokens) : block_tokens_(block_tokens) {}

  template <class OnBlock>
  void each(const std::vector<Chunk>& chunks, OnBlock&& on_block) {
    for (const Chunk& chunk : chunks)
      for (std::uint64_t i = 0; i < chunk.tokens / block_tokens_; ++i) {
        const std::array<std::uint64_t, 2> block{chunk.id, i};
        on_block(hash_bytes(std::as_bytes(std::span(block))));
      }
  }

 private:
  std::uint64_t block_tokens_;
};

template <class Blocks>
class RagPulseParser {
 public:
  RagPulseParser(const MappedFile& file, std::string_view format, std::uint32_t block_tokens, Diagnostics& diagnostics)
      : file_(file),
        format_(format),
        block_tokens_(block_tokens),
        errors_(file.path(), diagnostics),
        lines_(file, errors_),
        blocks_(block_tokens) {}

  Trace parse() {
    auto tables = read_tables(fs::path(file_.path()).parent_path(), errors_);
    errors_.about(file_.path());
    if (!tables) return {};
    tokens_ = std::move(tables->tokens);
    while (lines_.next_line()) read_record();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    errors_.warn_of(weeks_, "times that go back begin another week");
    const std::string hash = hash_text(hash_bytes(file_.bytes(), tables->hash));
    return std::move(builder_).finish(block_tokens_, ids_.size(), {file_.path(), std::string(format_), hash});
  }

 private:
  void read_record() {
    std::array<std::uint64_t, timestamp> numbers{};
    std::int64_t time = 0;
    std::string_view session;
    chunks_.clear();
    const bool complete = lines_.read_fields(kKeys, kRequired, [&](std::size_t key, JsonLines::Value value) {
      switch (key) {
        case timestamp:
          return read_time(value, time);
        case session_id:
          return lines_.read_word(value, kKeys[key], session);
        case hash_ids:
          return read_chunks(value);
        default:
          return lines_.read_whole(value, kKeys[key], numbers[key]);
      }
    });
    if (complete) add(numbers[input_length], numbers[output_length], time, session);
  }

  bool read_time(JsonLines::Value value, std::int64_t& out) {
    std::string_view text;
    if (!lines_.read_word(value, kKeys[timestamp], text)) return false;
    const auto time = nanoseconds_of_seconds(text);
    if (!time || *time > RecordErrors::kLatestArrival)
      return lines_.fail(fmt::format("'timestamp' is '{}', but should be seconds, 0 or more", shown(text)));
    out = *time;
    return true;
  }

  bool read_chunks(JsonLines::Value value) {
    return lines_.read_fields_of(value, kKeys[hash_ids], kComponents,
                                 [&](std::size_t component, JsonLines::Value list) {
                                   return lines_.read_wholes(list, kComponents[component], [&](std::uint64_t id) {
                                     chunks_.push_back({id, 0});
                                   });
                                 });
  }

  void add(std::uint64_t prompt, std::uint64_t output, std::int64_t time, std::string_view session) {
    if (week_ + time < last_arrival_) week_ += kWeek, ++weeks_;
    const std::int64_t arrival = week_ + time;
    if (!errors_.check_request(lines_.place(), kNames, arrival, last_arrival_, prompt, output)) return;
    if (!look_up_chunks(prompt)) return;
    std::uint64_t identified = 0;
    blocks_.each(chunks_, [&](std::uint64_t hash) {
      builder_.add_block(ids_.id_of(hash));
      identified += block_tokens_;
    });
    if (!errors_.check_blocks(lines_.place(), ids_.size())) return builder_.drop_blocks();
    last_arrival_ = arrival;
    const std::uint32_t before = turns_.previous_of(session, static_cast<std::uint32_t>(builder_.size()));
    arrival_.push_back(arrival);
    builder_.add_request({.arrival = arrival,
                          .prompt_tokens = static_cast<std::uint32_t>(prompt),
                          .output_tokens = static_cast<std::uint32_t>(output),
                          .identified_tokens = static_cast<std::uint32_t>(identified),
                          .previous = before,
                          .think_time = before == kNoRequest ? 0 : arrival - arrival_[before]});
  }

  bool look_up_chunks(std::uint64_t prompt) {
    std::uint64_t sum = 0;
    for (Chunk& chunk : chunks_) {
      const auto found = tokens_.find(chunk.id);
      if (found == tokens_.end()) return lines_.fail(fmt::format("chunk {} is in no table of token lengths", chunk.id));
      chunk.tokens = found->second;
      // Term by term, so that no sum of absurd lengths can wrap.
      if (chunk.tokens > prompt - sum)
        return lines_.fail(fmt::format("the chunks of 'hash_ids' have more tokens than 'input_length', {}", prompt));
      sum += chunk.tokens;
    }
    return true;
  }

  const MappedFile& file_;
  std::string_view format_;
  std::uint32_t block_tokens_;
  RecordErrors errors_;
  JsonLines lines_;
  Blocks blocks_;
  Interner ids_{0};
  TraceBuilder builder_;
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> tokens_;  // of each chunk
  std::vector<Chunk> chunks_;                                       // of the record
  SessionTurns turns_;
  std::vector<std::int64_t> arrival_;  // by request, ns
  std::int64_t week_ = 0, last_arrival_ = 0;
  std::uint64_t weeks_ = 0;  // begun by times that went back
};

class RagPulseReader : public TraceReader {
 public:
  explicit RagPulseReader(const ReaderSetup& setup) : block_tokens_(setup.block_tokens) {}
  bool recognises(std::string_view head) const override {
    return head.starts_with('{') && head.find("\"sys_prompt\"") != head.npos && head.find("\"hash_ids\"") != head.npos;
  }
  std::span<const PublicFile> public_files() const override { return kPublic; }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return RagPulseParser<PrefixBlocks>(*file, "ragpulse", block_tokens_, diagnostics).parse();
  }

  std::uint32_t block_tokens_;
};

class RagPulseChunksReader final : public RagPulseReader {
 public:
  using RagPulseReader::RagPulseReader;
  // The same files, asked for by name.
  bool recognises(std::string_view) const override { return false; }
  std::span<const PublicFile> public_files() const override { return {}; }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return RagPulseParser<ChunkBlocks>(*file, "ragpulse-chunks", block_tokens_, diagnostics).parse();
  }
};

TIERSIM_REGISTER(TraceReader, "ragpulse", RagPulseReader,
                 "RAGPulse JSONL with its tables of chunks beside it, as prefixes of the run's blocks", {});
TIERSIM_REGISTER(TraceReader, "ragpulse-chunks", RagPulseChunksReader,
                 "the same as blocks of chunks that count wherever they stand: for replays of caches", {});

}  // namespace
}  // namespace tiersim::traces
