// Qwen-Bailian usage traces (Wang et al., KVCache Cache in the Wild, ATC'25;
// alibaba-edu/qwen-bailian-usagetraces-anon): JSONL with `timestamp` in seconds, `input_length`, `output_length`,
// `hash_ids` (one id per 16 tokens), `chat_id`, and `parent_chat_id`, the request that this one continues (-1: none).
// Ids may stop at the last full block of the prompt, cover its partial last block, or go on into the answer.
//
// The file does not say when an answer ended. A turn's think time is the time since its parent arrived, which includes
// the answer: an upper bound, so that closed loops are no busier than the service was. A parent that the file does not
// have, or has only later, is none: its turns begin sessions, and a warning counts them. Answers of 0 tokens count as 1
// and are warned of.
#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "traces/interner.hpp"
#include "traces/json_lines.hpp"
#include "traces/readers.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

constexpr std::uint64_t kBlockTokens = 16;

enum Key : std::size_t { input_length, output_length, chat_id, timestamp, hash_ids, parent_chat_id, key_count };
constexpr std::array<std::string_view, key_count> kKeys{"input_length", "output_length", "chat_id",
                                                        "timestamp",    "hash_ids",      "parent_chat_id"};
constexpr std::size_t kRequired = parent_chat_id;
constexpr RequestFieldNames kNames{kKeys[timestamp], kKeys[input_length], kKeys[output_length]};

constexpr std::int64_t kNoParent = -1;

constexpr std::array<PublicFile, 4> kPublic{
    {{"alibaba-edu/qwen-bailian-usagetraces-anon", "qwen_traceA_blksz_16.jsonl"},
     {"alibaba-edu/qwen-bailian-usagetraces-anon", "qwen_traceB_blksz_16.jsonl"},
     {"alibaba-edu/qwen-bailian-usagetraces-anon", "qwen_coder_blksz_16.jsonl"},
     {"alibaba-edu/qwen-bailian-usagetraces-anon", "qwen_thinking_blksz_16.jsonl"}}};

struct Record {
  std::uint64_t prompt = 0, output = 0, blocks = 0;
  std::int64_t arrival = 0, chat = 0, parent = kNoParent;
};

class BailianParser {
 public:
  BailianParser(const MappedFile& file, Diagnostics& diagnostics)
      : file_(file), errors_(file.path(), diagnostics), lines_(file, errors_), ids_(file.size() / 2) {}

  Trace parse() {
    while (lines_.next_line())
      if (!read_record()) builder_.drop_blocks();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    errors_.warn_of(orphans_, "turns whose parent the file does not have before them begin sessions");
    errors_.warn_of(empty_answers_, "answers of 0 tokens count as 1");
    return std::move(builder_).finish(kBlockTokens, ids_.size(), {file_.path(), "bailian", file_.hash()});
  }

 private:
  bool read_record() {
    Record r;
    const bool complete = lines_.read_fields(
        kKeys, kRequired, [&](std::size_t key, JsonLines::Value value) { return read_value(Key(key), value, r); });
    if (!complete) return false;
    if (r.output == 0) ++empty_answers_, r.output = 1;
    if (!errors_.check_request(lines_.place(), kNames, r.arrival, last_arrival_, r.prompt, r.output)) return false;
    if (!blocks_fit(r) || !errors_.check_blocks(lines_.place(), ids_.size())) return false;
    last_arrival_ = r.arrival;
    add(r);
    return true;
  }

  bool read_value(Key key, JsonLines::Value value, Record& r) {
    switch (key) {
      case input_length:
        return lines_.read_whole(value, kKeys[key], r.prompt);
      case output_length:
        return lines_.read_whole(value, kKeys[key], r.output);
      case timestamp:
        return lines_.read_seconds(value, kKeys[key], r.arrival);
      case chat_id:
        return lines_.read_integer(value, kKeys[key], r.chat);
      case parent_chat_id:
        return lines_.read_integer(value, kKeys[key], r.parent);
      default:
        return lines_.read_wholes(value, kKeys[key], [&](std::uint64_t id) {
          builder_.add_block(ids_.id_of(id));
          ++r.blocks;
        });
    }
  }

  bool blocks_fit(const Record& r) {
    const std::uint64_t least = r.prompt / kBlockTokens, most = (r.prompt + r.output + kBlockTokens - 1) / kBlockTokens;
    if (r.blocks >= least && r.blocks <= most) return true;
    return lines_.fail(
        fmt::format("'hash_ids' has {} ids, but {} tokens of 'input_length' and {} of 'output_length' "
                    "are {} to {} blocks of {}",
                    r.blocks, r.prompt, r.output, least, most, kBlockTokens));
  }

  void add(const Record& r) {
    const auto request = static_cast<std::uint32_t>(builder_.size());
    const std::uint32_t parent = parent_of(r);
    request_of_chat_.insert_or_assign(r.chat, request);
    arrival_.push_back(r.arrival);
    // Ids that end within the prompt's last block say nothing of the answer.
    const std::uint64_t prompt_blocks = (r.prompt + kBlockTokens - 1) / kBlockTokens;
    const std::uint64_t most = r.blocks <= prompt_blocks ? r.prompt : r.prompt + r.output;
    builder_.add_request({.arrival = r.arrival,
                          .prompt_tokens = static_cast<std::uint32_t>(r.prompt),
                          .output_tokens = static_cast<std::uint32_t>(r.output),
                          .identified_tokens = static_cast<std::uint32_t>(std::min(r.blocks * kBlockTokens, most)),
                          .previous = parent,
                          .think_time = parent == kNoRequest ? 0 : r.arrival - arrival_[parent]});
  }

  std::uint32_t parent_of(const Record& r) {
    if (r.parent == kNoParent) return kNoRequest;
    const auto found = request_of_chat_.find(r.parent);
    if (found != request_of_chat_.end()) return found->second;
    ++orphans_;
    return kNoRequest;
  }

  const MappedFile& file_;
  RecordErrors errors_;
  JsonLines lines_;
  Interner ids_;
  TraceBuilder builder_;
  boost::unordered_flat_map<std::int64_t, std::uint32_t> request_of_chat_;
  std::vector<std::int64_t> arrival_;  // by request, ns
  std::int64_t last_arrival_ = 0;
  std::uint64_t orphans_ = 0, empty_answers_ = 0;
};

class BailianReader final : public TraceReader {
 public:
  explicit BailianReader(const ReaderSetup&) {}
  bool recognises(std::string_view head) const override {
    return head.starts_with('{') && head.find("\"chat_id\"") != head.npos && head.find("\"hash_ids\"") != head.npos;
  }
  std::span<const PublicFile> public_files() const override { return kPublic; }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return BailianParser(*file, diagnostics).parse();
  }
};

TIERSIM_REGISTER(TraceReader, "bailian", BailianReader,
                 "Qwen-Bailian JSONL with hash ids of 16 tokens and conversations (Wang et al., ATC'25)", {});

}  // namespace
}  // namespace tiersim::traces
