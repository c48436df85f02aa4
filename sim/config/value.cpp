#include "sim/config/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace tiersim::config {
namespace {

constexpr std::size_t kWidest = 100;        // columns of a map or list in flow style
constexpr std::size_t kCommentColumn = 56;  // beyond this, origins follow their line instead of a common column

struct Line {
  std::string text;
  std::string origin;
};

bool is_plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL" || text == "<<") return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  constexpr std::string_view kIndicators = "?:,[]{}#&*!|>'\"%@`";
  if (kIndicators.find(text.front()) != std::string_view::npos) return false;
  if (text.front() == '-' && (text.size() == 1 || text[1] == ' ' || text[1] == '-')) return false;
  if (text.starts_with("...") || text.find(": ") != std::string_view::npos) return false;
  if (text.find(" #") != std::string_view::npos || text.find_first_of(",[]{}?") != std::string_view::npos) return false;
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; });
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\', out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if ((c >= 0 && c < ' ') || c == '\x7F') {
      out += fmt::format("\\x{:02x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string word(std::string_view text) { return is_plain(text) ? std::string(text) : in_quotes(text); }

/// Scalars, null and empty maps and lists: what fits after "key: ".
std::string leaf_text(const Value& v) {
  if (v.kind == Kind::null) return "null";
  if (v.kind == Kind::scalar) return v.quoted ? in_quotes(v.scalar) : word(v.scalar);
  return v.kind == Kind::list ? "[]" : "{}";
}

bool is_leaf(const Value& v) {
  return v.kind == Kind::null || v.kind == Kind::scalar || (v.items.empty() && v.entries.empty());
}

std::string flow_text(const Value& v) {
  std::string out;
  for (const Value& item : v.items) out += (out.empty() ? "" : ", ") + leaf_text(item);
  for (const auto& [key, item] : v.entries) out += (out.empty() ? "" : ", ") + word(key) + ": " + leaf_text(item);
  return v.kind == Kind::list ? "[" + out + "]" : "{" + out + "}";
}

std::string origin_of(const SourceMark& mark) {
  std::string out = mark.line > 0 ? fmt::format("{}:{}", mark.file, mark.line) : mark.file;
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c >= 0 && c < ' '; }, '?');
  return out;
}

class Writer {
 public:
  explicit Writer(bool origins) : origins_(origins) {}

  /// Writes a value whose first line starts with `lead`; the others are indented by `indent`.
  void write(const Value& v, std::size_t indent, const std::string& lead) {
    if (const auto text = short_text(v, lead.size())) return add(lead + *text, v);
    write_lines(v, indent, lead);
  }

  [[nodiscard]] std::string text() const {
    std::size_t column = 0;
    for (const Line& line : lines_)
      if (line.text.size() <= kCommentColumn) column = std::max(column, line.text.size());
    std::string out;
    for (const Line& line : lines_)
      out += line.origin.empty() ? line.text + "\n" : fmt::format("{:<{}}  # {}\n", line.text, column, line.origin);
    return out;
  }

 private:
  void add(std::string text, const Value& v) {
    lines_.push_back({std::move(text), origins_ ? origin_of(v.mark) : std::string()});
  }

  void write_lines(const Value& v, std::size_t indent, const std::string& lead) {
    std::string head = lead;
    for (const Value& item : v.items) {
      write(item, indent + 2, head + "- ");
      head = std::string(indent, ' ');
    }
    for (const auto& [key, item] : v.entries) {
      write_entry(key, item, indent, head);
      head = std::string(indent, ' ');
    }
  }

  void write_entry(const std::string& key, const Value& item, std::size_t indent, const std::string& head) {
    const std::string lead = head + word(key) + ":";
    if (const auto text = short_text(item, lead.size() + 1)) return add(lead + " " + *text, item);
    lines_.push_back({lead, {}});
    write_lines(item, indent + 2, std::string(indent + 2, ' '));
  }

  /// The value on one line, where that can be: leaves always, collections of leaves if they fit from `column` on.
  [[nodiscard]] std::optional<std::string> short_text(const Value& v, std::size_t column) const {
    if (is_leaf(v)) return leaf_text(v);
    if (origins_) return {};
    const bool flat = std::all_of(v.items.begin(), v.items.end(), is_leaf) &&
                      std::all_of(v.entries.begin(), v.entries.end(), [](const auto& e) { return is_leaf(e.second); });
    if (!flat) return {};
    std::string text = flow_text(v);
    if (column + text.size() > kWidest) return {};
    return text;
  }

  bool origins_;
  std::vector<Line> lines_;
};

}  // namespace

const Value* Value::find(std::string_view key) const {
  for (const auto& [name, value] : entries)
    if (name == key) return &value;
  return nullptr;
}

Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return "a single value";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "?";
}

std::string to_yaml(const Value& value, bool origins) {
  Writer writer(origins);
  writer.write(value, 0, "");
  return writer.text();
}

}  // namespace tiersim::config
