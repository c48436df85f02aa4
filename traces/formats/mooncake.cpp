// Mooncake JSONL (Qin et al., FAST'25; kvcache-ai/Mooncake): one object a line with `timestamp` in ms, `input_length`,
// `output_length` and `hash_ids`, one id per 512 tokens of the prompt, each id standing for its block and all before
// it. Answers have no ids. A last, partial block identifies what the prompt fills of it.
#include <fmt/format.h>

#include <array>

#include "traces/interner.hpp"
#include "traces/json_lines.hpp"
#include "traces/readers.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

constexpr std::uint32_t kBlockTokens = 512;
constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;

enum Key : std::size_t { timestamp, input_length, output_length, hash_ids, key_count };
constexpr std::array<std::string_view, key_count> kKeys{"timestamp", "input_length", "output_length", "hash_ids"};
constexpr RequestFieldNames kNames{kKeys[timestamp], kKeys[input_length], kKeys[output_length]};

constexpr std::array<PublicFile, 1> kPublic{
    {{"kvcache-ai/Mooncake", "FAST25-release/traces/conversation_trace.jsonl"}}};

class MooncakeParser {
 public:
  MooncakeParser(const MappedFile& file, Diagnostics& diagnostics)
      : file_(file), errors_(file.path(), diagnostics), lines_(file, errors_), ids_(file.size() / 2) {}

  Trace parse() {
    builder_.reserve(file_.size() / 200);
    while (lines_.next_line())
      if (!read_record()) builder_.drop_blocks();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    return std::move(builder_).finish(kBlockTokens, ids_.size(), {file_.path(), "mooncake", file_.hash()});
  }

 private:
  bool read_record() {
    std::array<std::uint64_t, hash_ids> numbers{};
    std::uint64_t blocks = 0;
    const bool complete = lines_.read_fields(kKeys, key_count, [&](std::size_t key, JsonLines::Value value) {
      if (key != hash_ids) return lines_.read_whole(value, kKeys[key], numbers[key]);
      return lines_.read_wholes(value, kKeys[key], [&](std::uint64_t id) {
        builder_.add_block(ids_.id_of(id));
        ++blocks;
      });
    });
    return complete && accept(numbers[timestamp], numbers[input_length], numbers[output_length], blocks);
  }

  bool accept(std::uint64_t milliseconds, std::uint64_t prompt, std::uint64_t output, std::uint64_t blocks) {
    const bool fits = milliseconds <= RecordErrors::kLatestArrival / kNanosecondsPerMillisecond;
    const std::int64_t arrival =
        fits ? static_cast<std::int64_t>(milliseconds) * kNanosecondsPerMillisecond : INT64_MAX;
    const RecordPlace place = lines_.place();
    if (!errors_.check_request(place, kNames, arrival, last_arrival_, prompt, output)) return false;
    const std::uint64_t expected = (prompt + kBlockTokens - 1) / kBlockTokens;
    if (blocks != expected) {
      errors_.add(place, fmt::format("'hash_ids' has {} ids, but {} tokens of 'input_length' are {} blocks of {}",
                                     blocks, prompt, expected, kBlockTokens));
      return false;
    }
    if (!errors_.check_blocks(place, ids_.size())) return false;
    last_arrival_ = arrival;
    builder_.add_request({.arrival = arrival,
                          .prompt_tokens = static_cast<std::uint32_t>(prompt),
                          .output_tokens = static_cast<std::uint32_t>(output),
                          .identified_tokens = static_cast<std::uint32_t>(prompt)});
    return true;
  }

  const MappedFile& file_;
  RecordErrors errors_;
  JsonLines lines_;
  Interner ids_;
  TraceBuilder builder_;
  std::int64_t last_arrival_ = 0;
};

class MooncakeReader final : public TraceReader {
 public:
  explicit MooncakeReader(const ReaderSetup&) {}
  bool recognises(std::string_view head) const override {
    const std::string_view line = head.substr(0, head.find('\n'));
    const auto has = [line](std::string_view key) { return line.find(key) != line.npos; };
    return line.starts_with('{') && has("\"timestamp\"") && has("\"hash_ids\"") && has("\"input_length\"") &&
           !has("\"chat_id\"") && !has("\"block_size\"") && !has("\"sys_prompt\"");
  }
  std::span<const PublicFile> public_files() const override { return kPublic; }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return MooncakeParser(*file, diagnostics).parse();
  }
};

TIERSIM_REGISTER(TraceReader, "mooncake", MooncakeReader,
                 "Mooncake JSONL with hash ids of 512 tokens (Qin et al., FAST'25)", {});

}  // namespace
}  // namespace tiersim::traces
