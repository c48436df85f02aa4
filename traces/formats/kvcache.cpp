// The minimal JSONL of kvcache.ai's simulator (kvcache-ai/kvcache-blog, packages/kvcache-simulator): `input_length`,
// `hash_ids` in the order of the prefix and `block_size`, the same in every record that has it and known from the first
// on; optional `timestamp`, `output_length` and `block_tokens`, the tokens in each block (all full but the last).
// `timestamp` counts units of the parameter time_unit; a record without one arrives with the record before it. A record
// without `output_length` has an answer of 1 token, as has one of 0; warnings count both.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "traces/interner.hpp"
#include "traces/json_lines.hpp"
#include "traces/readers.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

enum Key : std::size_t { input_length, hash_ids, block_size, output_length, timestamp, block_tokens, key_count };
constexpr std::array<std::string_view, key_count> kKeys{"input_length",  "hash_ids",  "block_size",
                                                        "output_length", "timestamp", "block_tokens"};
constexpr std::size_t kRequired = block_size;
constexpr RequestFieldNames kNames{kKeys[timestamp], kKeys[input_length], kKeys[output_length]};

__extension__ using Wide = __int128;

struct Record {
  std::uint64_t prompt = 0, output = 0, blocks = 0, block_size = 0;
  std::uint64_t sizes = 0, tokens = 0, last_size = 0, largest_size = 0;  // of block_tokens
  std::int64_t time = 0;                                                 // 10^-9 time units
  std::uint32_t seen = 0;                                                // keys

  [[nodiscard]] bool has(Key key) const { return (seen >> key & 1U) != 0; }
};

class KvCacheParser {
 public:
  KvCacheParser(const MappedFile& file, Duration time_unit, Diagnostics& diagnostics)
      : file_(file),
        time_unit_(time_unit),
        errors_(file.path(), diagnostics),
        lines_(file, errors_),
        ids_(file.size() / 2) {}

  Trace parse() {
    while (lines_.next_line())
      if (!read_record()) builder_.drop_blocks();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    errors_.warn_of(no_answers_, "records without 'output_length' have an answer of 1 token");
    errors_.warn_of(empty_answers_, "answers of 0 tokens count as 1");
    return std::move(builder_).finish(static_cast<std::uint32_t>(block_size_), ids_.size(),
                                      {file_.path(), "kvcache", file_.hash()});
  }

 private:
  bool read_record() {
    Record r;
    const bool complete = lines_.read_fields(kKeys, kRequired, [&](std::size_t key, JsonLines::Value value) {
      r.seen |= 1U << key;
      return read_value(Key(key), value, r);
    });
    if (!complete || !take_block_size(r)) return false;
    if (r.output == 0) ++(r.has(output_length) ? empty_answers_ : no_answers_), r.output = 1;
    const std::int64_t arrival = r.has(timestamp) ? arrival_of(r) : last_arrival_;
    if (!errors_.check_request(lines_.place(), kNames, arrival, last_arrival_, r.prompt, r.output)) return false;
    if (!blocks_fit(r) || !errors_.check_blocks(lines_.place(), ids_.size())) return false;
    last_arrival_ = arrival;
    builder_.add_request({.arrival = arrival,
                          .prompt_tokens = static_cast<std::uint32_t>(r.prompt),
                          .output_tokens = static_cast<std::uint32_t>(r.output),
                          .identified_tokens = static_cast<std::uint32_t>(identified(r))});
    return true;
  }

  bool read_value(Key key, JsonLines::Value value, Record& r) {
    switch (key) {
      case input_length:
        return lines_.read_whole(value, kKeys[key], r.prompt);
      case output_length:
        return lines_.read_whole(value, kKeys[key], r.output);
      case block_size:
        return lines_.read_whole(value, kKeys[key], r.block_size);
      case timestamp:
        return lines_.read_seconds(value, kKeys[key], r.time, "a number, 0 or more, below 4.6e9");
      case block_tokens:
        return lines_.read_wholes(value, kKeys[key], [&](std::uint64_t tokens) {
          ++r.sizes;
          r.tokens += tokens;
          r.last_size = tokens;
          r.largest_size = std::max(r.largest_size, tokens);
        });
      default:
        return lines_.read_wholes(value, kKeys[key], [&](std::uint64_t id) {
          builder_.add_block(ids_.id_of(id));
          ++r.blocks;
        });
    }
  }

  bool take_block_size(const Record& r) {
    if (!r.has(block_size) && block_size_ == 0)
      return lines_.fail("'block_size' is missing, and in the records before");
    if (!r.has(block_size)) return true;
    if (r.block_size == 0 || r.block_size > UINT32_MAX)
      return lines_.fail(fmt::format("'block_size' is {}", r.block_size));
    if (block_size_ != 0 && block_size_ != r.block_size)
      return lines_.fail(fmt::format("'block_size' is {}, but {} in the records before", r.block_size, block_size_));
    block_size_ = r.block_size;
    return true;
  }

  [[nodiscard]] std::int64_t arrival_of(const Record& r) const {
    const Wide arrival = static_cast<Wide>(r.time) * time_unit_.value() / 1'000'000'000;
    return static_cast<std::int64_t>(std::min<Wide>(arrival, INT64_MAX));
  }

  bool blocks_fit(const Record& r) {
    const std::uint64_t most = (r.prompt + block_size_ - 1) / block_size_;
    if (r.blocks > most)
      return lines_.fail(fmt::format("'hash_ids' has {} ids, but {} tokens of 'input_length' are {} blocks of {}",
                                     r.blocks, r.prompt, most, block_size_));
    if (!r.has(block_tokens)) return true;
    if (r.sizes != r.blocks)
      return lines_.fail(fmt::format("'block_tokens' has {} numbers, but 'hash_ids' {} ids", r.sizes, r.blocks));
    const bool full_but_last = r.blocks == 0 || (r.last_size > 0 && r.largest_size <= block_size_ &&
                                                 r.tokens == (r.blocks - 1) * block_size_ + r.last_size);
    if (full_but_last && r.tokens <= r.prompt) return true;
    return lines_.fail(fmt::format("'block_tokens' are no blocks of {}, all full but the last, of a prompt of {}",
                                   block_size_, r.prompt));
  }

  [[nodiscard]] std::uint64_t identified(const Record& r) const {
    return r.has(block_tokens) ? r.tokens : std::min(r.blocks * block_size_, r.prompt);
  }

  const MappedFile& file_;
  Duration time_unit_;
  RecordErrors errors_;
  JsonLines lines_;
  Interner ids_;
  TraceBuilder builder_;
  std::uint64_t block_size_ = 0;  // 0 until a record says it
  std::int64_t last_arrival_ = 0;
  std::uint64_t no_answers_ = 0, empty_answers_ = 0;
};

class KvCacheReader final : public TraceReader {
 public:
  explicit KvCacheReader(const ReaderSetup& setup) : parameters_(setup.parameters) {}
  bool recognises(std::string_view head) const override {
    const std::string_view line = head.substr(0, head.find('\n'));
    return line.starts_with('{') && line.find("\"block_size\"") != line.npos &&
           line.find("\"hash_ids\"") != line.npos && line.find("\"requests\"") == line.npos;
  }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    const Duration unit(static_cast<std::int64_t>(parameters_.number("time_unit")));
    return KvCacheParser(*file, unit, diagnostics).parse();
  }

 private:
  Parameters parameters_;
};

TIERSIM_REGISTER(TraceReader, "kvcache", KvCacheReader,
                 "kvcache.ai's minimal JSONL: block_size, hash_ids, input_length[, timestamp, output_length, ...]",
                 {{"time_unit", ParameterKind::duration, "1 s", "what 1 of `timestamp` is; other tools pass it over"}});

}  // namespace
}  // namespace tiersim::traces
