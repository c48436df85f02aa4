// JSONL with token ids, as LLMServingSim's inputs have them: `input_toks`, `output_toks`, `arrival_time_ns`,
// `input_tok_ids` and, where known, `output_tok_ids`. Full blocks of the setup's block_tokens are hashed over "prompt,
// then answer", each hash chained to its parent's, so equal ids mean equal prefixes (up to collisions of 64-bit
// hashes). The partial block at the end stays unidentified.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "traces/hash.hpp"
#include "traces/interner.hpp"
#include "traces/json_lines.hpp"
#include "traces/readers.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

enum Key : std::size_t { input_toks, output_toks, arrival_time, input_ids, output_ids, key_count };
constexpr std::array<std::string_view, key_count> kKeys{"input_toks", "output_toks", "arrival_time_ns", "input_tok_ids",
                                                        "output_tok_ids"};
constexpr std::size_t kRequired = output_ids;
constexpr RequestFieldNames kNames{kKeys[arrival_time], kKeys[input_toks], kKeys[output_toks]};

constexpr std::array<PublicFile, 1> kPublic{
    {{"casys-kaist/LLMServingSim", "workloads/sharegpt-llama-3.1-8b-300-sps10.jsonl"}}};

class TokensParser {
 public:
  TokensParser(const MappedFile& file, std::uint32_t block_tokens, Diagnostics& diagnostics)
      : file_(file), block_tokens_(block_tokens), errors_(file.path(), diagnostics), lines_(file, errors_) {}

  Trace parse() {
    while (lines_.next_line()) read_record();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    return std::move(builder_).finish(block_tokens_, blocks_.size(), {file_.path(), "tokens", file_.hash()});
  }

 private:
  void read_record() {
    std::array<std::uint64_t, input_ids> numbers{};
    bool has_output_ids = false;
    prompt_.clear();
    answer_.clear();
    const bool complete = lines_.read_fields(kKeys, kRequired, [&](std::size_t key, JsonLines::Value value) {
      if (key < input_ids) return lines_.read_whole(value, kKeys[key], numbers[key]);
      has_output_ids = has_output_ids || key == output_ids;
      return read_token_ids(value, key, key == output_ids ? answer_ : prompt_);
    });
    if (!complete || !accept_length(input_ids, input_toks, prompt_.size(), numbers[input_toks])) return;
    if (has_output_ids && !accept_length(output_ids, output_toks, answer_.size(), numbers[output_toks])) return;
    add(numbers[arrival_time], numbers[input_toks], numbers[output_toks]);
  }

  bool read_token_ids(JsonLines::Value value, std::size_t key, std::vector<std::uint32_t>& tokens) {
    std::uint64_t largest = 0;
    if (!lines_.read_wholes(value, kKeys[key], [&](std::uint64_t token) {
          largest = std::max(largest, token);
          tokens.push_back(static_cast<std::uint32_t>(token));
        }))
      return false;
    if (largest <= UINT32_MAX) return true;
    errors_.add(lines_.place(), fmt::format("'{}' holds {}, more than 32 bits hold", kKeys[key], largest));
    return false;
  }

  bool accept_length(std::size_t list, std::size_t length, std::size_t found, std::uint64_t expected) {
    if (found == expected) return true;
    errors_.add(lines_.place(),
                fmt::format("'{}' has {} ids, but '{}' is {}", kKeys[list], found, kKeys[length], expected));
    return false;
  }

  void add(std::uint64_t nanoseconds, std::uint64_t prompt, std::uint64_t output) {
    const auto arrival = static_cast<std::int64_t>(std::min<std::uint64_t>(nanoseconds, INT64_MAX));
    if (!errors_.check_request(lines_.place(), kNames, arrival, last_arrival_, prompt, output)) return;
    prompt_.insert(prompt_.end(), answer_.begin(), answer_.end());
    const std::size_t blocks = prompt_.size() / block_tokens_;
    add_blocks(blocks);
    if (!errors_.check_blocks(lines_.place(), blocks_.size())) return builder_.drop_blocks();
    last_arrival_ = arrival;
    builder_.add_request({.arrival = arrival,
                          .prompt_tokens = static_cast<std::uint32_t>(prompt),
                          .output_tokens = static_cast<std::uint32_t>(output),
                          .identified_tokens = static_cast<std::uint32_t>(blocks * block_tokens_)});
  }

  void add_blocks(std::size_t blocks) {
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
      hash = hash_bytes(std::as_bytes(std::span(prompt_).subspan(i * block_tokens_, block_tokens_)), hash);
      builder_.add_block(blocks_.id_of(hash));
    }
  }

  const MappedFile& file_;
  std::uint32_t block_tokens_;
  RecordErrors errors_;
  JsonLines lines_;
  Interner blocks_{0};
  TraceBuilder builder_;
  std::vector<std::uint32_t> prompt_, answer_;  // of the record being read
  std::int64_t last_arrival_ = 0;
};

class TokensReader final : public TraceReader {
 public:
  explicit TokensReader(const ReaderSetup& setup) : block_tokens_(setup.block_tokens) {
    ensure(block_tokens_ > 0, "a trace reader was set up with blocks of 0 tokens");
  }
  bool recognises(std::string_view head) const override {
    return head.starts_with('{') && head.find("\"input_toks\"") != head.npos;
  }
  std::span<const PublicFile> public_files() const override { return kPublic; }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return TokensParser(*file, block_tokens_, diagnostics).parse();
  }

 private:
  std::uint32_t block_tokens_;
};

TIERSIM_REGISTER(TraceReader, "tokens", TokensReader, "JSONL with token ids, hashed by block (LLMServingSim's inputs)",
                 {});

}  // namespace
}  // namespace tiersim::traces
