// oracleGeneral, the binary trace format of libCacheSim (its documentation; Yang et al.): records of 24 bytes,
// little-endian: u32 time in seconds, u64 object, u32 its size in bytes, i64 the record that asks for it next (-1:
// none, -2: not known). Every record is a request of one block, its object's, of as many tokens as the run's blocks,
// and an answer of 1 token. Arrival counts from the first record.
//
// Sizes are not kept: one object is one block, and a warning says so where they differ. Next uses are kept if they
// agree with the records, counted from 0 or from 1, and left to be computed if they do not; one beyond the end (of a
// trace that was cut) is none.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "traces/interner.hpp"
#include "traces/mapped_file.hpp"
#include "traces/readers.hpp"
#include "traces/record_errors.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

constexpr std::size_t kRecordBytes = 24;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kNever = -1, kUnknown = -2;

struct Record {
  std::uint32_t time, size;
  std::uint64_t object;
  std::int64_t next;
};

template <class T>
T field(const char* record, std::size_t offset) {
  T value;
  std::memcpy(&value, record + offset, sizeof(T));
  return value;
}

Record record_at(std::string_view bytes, std::size_t index) {
  const char* const at = bytes.data() + index * kRecordBytes;
  return {.time = field<std::uint32_t>(at, 0),
          .size = field<std::uint32_t>(at, 12),
          .object = field<std::uint64_t>(at, 4),
          .next = field<std::int64_t>(at, 16)};
}

class OracleGeneralParser {
 public:
  OracleGeneralParser(const MappedFile& file, std::uint32_t block_tokens, Diagnostics& diagnostics)
      : file_(file),
        records_(file.size() / kRecordBytes),
        block_tokens_(block_tokens),
        errors_(file.path(), diagnostics),
        objects_(2 * records_) {}

  Trace parse() {
    if (records_ >= kNoRequest) errors_.add({-1, 0}, "more requests than ids");
    if (file_.size() % kRecordBytes != 0)
      errors_.add(place(records_), fmt::format("the file ends within a record of {} bytes: truncated?", kRecordBytes));
    if (errors_.any()) return {};
    builder_.reserve(records_);
    for (std::size_t r = 0; r < records_ && !errors_.full(); ++r) add(r);
    if (errors_.any()) return {};
    if (smallest_ != largest_)
      errors_.warn_of(objects_.size(),
                      fmt::format("objects of {} to {} bytes count as one block each", smallest_, largest_));
    const Trace trace =
        std::move(builder_).finish(block_tokens_, objects_.size(), {file_.path(), "oracleGeneral", file_.hash()});
    return with_next_uses(trace);
  }

 private:
  static RecordPlace place(std::size_t r) {
    return {static_cast<std::int64_t>(r + 1), static_cast<std::int64_t>(r * kRecordBytes)};
  }

  void add(std::size_t r) {
    const Record record = record_at(file_.text(), r);
    if (r == 0) first_time_ = last_time_ = record.time, smallest_ = largest_ = record.size;
    if (record.next < kUnknown) errors_.add(place(r), fmt::format("the next use is {}", record.next));
    if (!errors_.check_arrival(place(r), "time", arrival(record.time), arrival(last_time_))) return;
    last_time_ = record.time;
    smallest_ = std::min(smallest_, record.size);
    largest_ = std::max(largest_, record.size);
    builder_.add_block(objects_.id_of(record.object));
    builder_.add_request({.arrival = arrival(record.time),
                          .prompt_tokens = block_tokens_,
                          .output_tokens = 1,
                          .identified_tokens = block_tokens_});
  }

  [[nodiscard]] std::int64_t arrival(std::uint32_t time) const {
    return (std::int64_t{time} - first_time_) * kNanosecondsPerSecond;
  }

  /// The trace with next uses in its columns, if the file has them and they are the trace's.
  Trace with_next_uses(const Trace& trace) {
    std::uint64_t unknown = 0, wrong_from_0 = 0, wrong_from_1 = 0;
    auto uses = std::make_shared<const NextUses>(next_uses(trace));
    for (std::size_t r = 0; r < records_; ++r) {
      const std::int64_t next = record_at(file_.text(), r).next;
      const std::uint32_t ours = uses->of(RequestId(r))[0].request;
      unknown += next == kUnknown;
      wrong_from_0 += !agree(next, ours);
      wrong_from_1 += !agree(next <= 0 ? next : next - 1, ours);
    }
    if (unknown == records_) return trace;
    const std::uint64_t wrong = std::min(wrong_from_0, wrong_from_1);
    errors_.warn_of(wrong, "next uses that the records do not bear out: all are computed anew");
    if (wrong > 0) return trace;
    Trace::Columns columns = trace.columns();
    columns.next_use_offsets = uses->offsets;
    columns.next_uses = uses->runs;
    const auto both = std::make_shared<const std::pair<Trace, std::shared_ptr<const NextUses>>>(trace, uses);
    return Trace(columns, trace.block_tokens(), trace.distinct_blocks(), trace.origin(), both);
  }

  [[nodiscard]] bool agree(std::int64_t next, std::uint32_t ours) const {
    if (ours == kNoRequest) return next == kNever || next >= static_cast<std::int64_t>(records_);
    return next == ours;
  }

  const MappedFile& file_;
  std::size_t records_;
  std::uint32_t block_tokens_;
  RecordErrors errors_;
  Interner objects_;
  TraceBuilder builder_;
  std::uint32_t first_time_ = 0, last_time_ = 0;  // seconds
  std::uint32_t smallest_ = 0, largest_ = 0;      // bytes
};

class OracleGeneralReader final : public TraceReader {
 public:
  explicit OracleGeneralReader(const ReaderSetup& setup) : block_tokens_(setup.block_tokens) {}

  /// There is no magic number: times in order and next uses that come later than their records, and are not too many to
  /// number, tell.
  bool recognises(std::string_view head) const override {
    constexpr std::int64_t kMostRecords = std::int64_t{1} << 40;
    std::uint32_t last_time = 0;
    for (std::size_t r = 0; r < head.size() / kRecordBytes; ++r) {
      const Record record = record_at(head, r);
      const bool later = record.next > static_cast<std::int64_t>(r) && record.next < kMostRecords;
      if (record.time < last_time || !(later || record.next == kNever || record.next == kUnknown)) return false;
      last_time = record.time;
    }
    return head.size() >= kRecordBytes;
  }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return OracleGeneralParser(*file, block_tokens_, diagnostics).parse();
  }

 private:
  std::uint32_t block_tokens_;
};

TIERSIM_REGISTER(TraceReader, "oracleGeneral", OracleGeneralReader,
                 "libCacheSim's binary of 24-byte records; every object one block, next uses kept if right", {});

}  // namespace
}  // namespace tiersim::traces
