#pragma once
/// The mistakes of one trace file: each names file, record and byte; after kMost of them reading stops and says so.
///
/// Made by a reader for the file that it parses; errors go to the caller's Diagnostics at once. The reader asks full()
/// after each record. The rules that hold in every format are here too, with the words that all formats use for them.
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/core/diagnostics.hpp"

namespace tiersim::traces {

/// Where a record is: counted from 1, header and blank lines not counted; the byte is the offset of its first one.
struct RecordPlace {
  std::int64_t record = -1;
  std::int64_t byte = -1;
};

/// What a format calls the fields that every request has, for messages.
struct RequestFieldNames {
  std::string_view arrival;
  std::string_view prompt;
  std::string_view output;
};

class RecordErrors {
 public:
  static constexpr int kMost = 20;

  RecordErrors(std::string file, Diagnostics& diagnostics) : file_(std::move(file)), diagnostics_(diagnostics) {}

  /// What follows is about this file, one of several that the trace is made of.
  void about(std::string file) { file_ = std::move(file); }
  void add(RecordPlace place, std::string message);
  /// Warns, about the file, of what happened `count` times; of nothing if that is 0.
  void warn_of(std::uint64_t count, std::string_view what);
  [[nodiscard]] bool any() const { return count_ > 0; }
  [[nodiscard]] bool full() const { return count_ >= kMost; }

  /// These return false after adding what is wrong. Both of the next two; `arrival` and `last_arrival` in ns.
  bool check_request(RecordPlace place, const RequestFieldNames& names, std::int64_t arrival, std::int64_t last_arrival,
                     std::uint64_t prompt, std::uint64_t output);
  /// At least 1 each, and within 32 bits together.
  bool check_tokens(RecordPlace place, const RequestFieldNames& names, std::uint64_t prompt, std::uint64_t output);
  /// Within kLatestArrival and not before `last_arrival`.
  bool check_arrival(RecordPlace place, std::string_view name, std::int64_t arrival, std::int64_t last_arrival);
  /// No more distinct blocks than ids.
  bool check_blocks(RecordPlace place, std::uint64_t distinct_blocks);

  static constexpr std::int64_t kLatestArrival = INT64_MAX / 2;  ///< ns: 146 years; leaves room to add to it

 private:
  [[nodiscard]] SourceMark mark(RecordPlace place) const;
  bool check_count(RecordPlace place, std::string_view name, std::uint64_t tokens);

  std::string file_;
  Diagnostics& diagnostics_;
  int count_ = 0;
};

}  // namespace tiersim::traces
