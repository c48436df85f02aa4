#pragma once
/// JSON objects, one a line: the part that JSONL readers share.
///
/// A reader calls next_line() until it is false and read_fields() for each record; the rest is JsonFields, and as with
/// that only a reader's .cpp includes this.
#include "traces/json_fields.hpp"

namespace tiersim::traces {

class JsonLines : public JsonFields {
 public:
  JsonLines(const MappedFile& file, RecordErrors& errors) : JsonFields(errors, "line"), lines_(file.text()) {
    begin(file.text());
  }

  [[nodiscard]] bool next_line() {
    if (errors().full() || !lines_.next()) return false;
    at(lines_.place());
    return true;
  }

  /// The line's fields, as read_document() gives them.
  template <std::size_t N, class OnField>
  bool read_fields(const std::array<std::string_view, N>& keys, std::size_t required, OnField&& on_field) {
    return read_document(lines_.line(), keys, required, std::forward<OnField>(on_field));
  }

 private:
  Lines lines_;
};

}  // namespace tiersim::traces
