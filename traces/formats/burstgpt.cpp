// BurstGPT (Wang et al., arXiv 2401.17644; HPMLL/BurstGPT): CSV with `Timestamp` in seconds, `Request tokens` and
// `Response tokens`; other columns are passed over, but for `Session ID` (empty: none), which chains the turns of a
// conversation, and `Elapsed time`, the seconds from submission to the last token. A turn's think time is the time
// since the turn before was answered; where `Elapsed time` is missing, since it was submitted. Rows of no tokens are
// requests that failed: they are left out, and counted in a warning. No block ids.
#include <algorithm>
#include <array>
#include <vector>

#include "traces/csv_table.hpp"
#include "traces/readers.hpp"
#include "traces/session_turns.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

enum Column : std::size_t { timestamp, request_tokens, response_tokens, session, elapsed, column_count };
constexpr std::array<std::string_view, column_count> kColumns{"Timestamp", "Request tokens", "Response tokens",
                                                              "Session ID", "Elapsed time"};
constexpr std::size_t kRequired = session;
constexpr RequestFieldNames kNames{kColumns[timestamp], kColumns[request_tokens], kColumns[response_tokens]};

constexpr std::array<PublicFile, 1> kPublic{{{"HPMLL/BurstGPT", "data/BurstGPT_1.csv"}}};

class BurstGptParser {
 public:
  BurstGptParser(const MappedFile& file, Diagnostics& diagnostics)
      : file_(file), errors_(file.path(), diagnostics), table_(file, kColumns, errors_) {}

  Trace parse() {
    builder_.reserve(file_.size() / 40);
    if (table_.read_header(kRequired, UnknownColumns::passed_over))
      while (table_.next()) read_record();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records of answered requests");
    if (errors_.any()) return {};
    errors_.warn_of(failed_, "rows without tokens are failed requests, left out");
    return std::move(builder_).finish(0, 0, {file_.path(), "burstgpt", file_.hash()});
  }

 private:
  void read_record() {
    const auto time = nanoseconds_of_seconds(table_.field(timestamp));
    const auto prompt = whole_number(table_.field(request_tokens)),
               output = whole_number(table_.field(response_tokens));
    const auto took = table_.field(elapsed).empty() ? 0 : nanoseconds_of_seconds(table_.field(elapsed));
    if (!time) return table_.bad(timestamp, "seconds, 0 or more");
    if (!prompt) return table_.bad(request_tokens, "a whole number, 0 or more");
    if (!output) return table_.bad(response_tokens, "a whole number, 0 or more");
    if (!took || *took > RecordErrors::kLatestArrival) return table_.bad(elapsed, "seconds, 0 or more");
    if (*prompt == 0 || *output == 0) return static_cast<void>(++failed_);
    if (!errors_.check_request(table_.place(), kNames, *time, last_arrival_, *prompt, *output)) return;
    last_arrival_ = *time;
    add(*time, *took, static_cast<std::uint32_t>(*prompt), static_cast<std::uint32_t>(*output));
  }

  void add(std::int64_t time, std::int64_t took, std::uint32_t prompt, std::uint32_t output) {
    const std::uint32_t before = turns_.previous_of(table_.field(session), static_cast<std::uint32_t>(builder_.size()));
    builder_.add_request(
        {.arrival = time,
         .prompt_tokens = prompt,
         .output_tokens = output,
         .previous = before,
         .think_time = before == kNoRequest ? 0 : std::max<std::int64_t>(time - answered_[before], 0)});
    answered_.push_back(time + took);
  }

  const MappedFile& file_;
  RecordErrors errors_;
  CsvTable<column_count> table_;
  TraceBuilder builder_;
  SessionTurns turns_;
  std::vector<std::int64_t> answered_;  // by request: when, in ns
  std::int64_t last_arrival_ = 0;
  std::uint64_t failed_ = 0;
};

class BurstGptReader final : public TraceReader {
 public:
  explicit BurstGptReader(const ReaderSetup&) {}
  bool recognises(std::string_view head) const override {
    const std::string_view header = head.substr(0, head.find('\n'));
    return header.starts_with(kColumns[timestamp]) && header.find(kColumns[request_tokens]) != header.npos;
  }
  std::span<const PublicFile> public_files() const override { return kPublic; }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return BurstGptParser(*file, diagnostics).parse();
  }
};

TIERSIM_REGISTER(TraceReader, "burstgpt", BurstGptReader,
                 "BurstGPT CSV: Timestamp, Request tokens, Response tokens[, Session ID, Elapsed time]; no block ids",
                 {});

}  // namespace
}  // namespace tiersim::traces
