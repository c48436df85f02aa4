#include "sim/config/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

namespace tiersim::config {
namespace {

constexpr std::size_t kLargestFile = std::size_t{64} << 20;
constexpr std::size_t kMostCopies = 100'000;  // values that aliases may expand to
constexpr std::size_t kLongestQuote = 240;    // a longer line is not copied into each of its marks
constexpr std::size_t kSmallMap = 16;         // up to here, duplicates are found by walking the map

/// Positions in the text, and the characters (not bytes) before and under them.
class Source {
 public:
  Source(const std::string& text, std::string name, bool is_file)
      : text_(text), name_(std::move(name)), is_file_(is_file) {}

  [[nodiscard]] SourceMark mark(const YAML::Mark& at) {
    if (at.is_null()) return whole();
    return mark_at(offset(at), at.line + 1);
  }

  [[nodiscard]] SourceMark mark_at(std::size_t place, int line) {
    move_to(place);
    SourceMark m = whole();
    m.line = line;
    m.column = column_;
    if (!is_file_ && line_end_ - line_start_ <= kLongestQuote)
      m.text = text_.substr(line_start_, line_end_ - line_start_);
    return m;
  }

  [[nodiscard]] SourceMark whole() const {
    SourceMark m;
    m.file = name_;
    return m;
  }

  [[nodiscard]] std::size_t offset(const YAML::Mark& at) const {
    return std::min(static_cast<std::size_t>(std::max(at.pos, 0)), text_.size());
  }

  /// Where a scalar's own text starts: after its anchor and tag.
  [[nodiscard]] std::size_t scalar_start(const YAML::Mark& at) const {
    std::size_t i = offset(at);
    while (i < text_.size() && (text_[i] == '&' || text_[i] == '!'))
      i = std::min(text_.find_first_not_of(" \t\r\n", std::min(text_.find_first_of(" \t\r\n", i), text_.size())),
                   text_.size());
    return i;
  }

  /// One past the quote that closes the one at `start`; npos if there is none.
  [[nodiscard]] std::size_t quote_end(std::size_t start) const {
    const char quote = text_[start];
    for (std::size_t i = start + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 == text_.size() || text_[i + 1] != quote) return i + 1;
        ++i;
      }
    }
    return std::string::npos;
  }

  /// Characters from `start` to `end`, at most to the end of the line.
  [[nodiscard]] int width(std::size_t start, std::size_t end) {
    move_to(start);
    return std::max(1, characters(start, std::min(end, line_end_)));
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::size_t line_start(std::size_t offset) const {
    const auto before = offset == 0 ? std::string::npos : text_.rfind('\n', offset - 1);
    return before == std::string::npos ? 0 : before + 1;
  }

 private:
  [[nodiscard]] int characters(std::size_t from, std::size_t to) const {
    return static_cast<int>(std::count_if(text_.begin() + static_cast<std::ptrdiff_t>(from),
                                          text_.begin() + static_cast<std::ptrdiff_t>(to),
                                          [](char c) { return (c & 0xC0) != 0x80; }));
  }
  /// Counts on from the last place where it can, so that one long line costs no more than many short ones.
  void move_to(std::size_t place) {
    if (place < line_start_ || place > line_end_ || place_ > text_.size()) {
      line_start_ = line_start(place);
      line_end_ = std::min(text_.find('\n', place), text_.size());
      place_ = line_start_, column_ = 1;
    } else if (place < place_) {
      place_ = line_start_, column_ = 1;
    }
    column_ += characters(place_, place);
    place_ = place;
  }

  const std::string& text_;
  std::string name_;
  bool is_file_;
  std::size_t line_start_ = 0;  // of the line that move_to() was on last; line_end_ is its line break
  std::size_t line_end_ = 0;
  std::size_t place_ = std::string::npos;
  int column_ = 1;
};

/// Builds the tree from yaml-cpp's events, which know every place, and find duplicate keys that its nodes hide.
class Builder final : public YAML::EventHandler {
 public:
  Builder(Source& source, Diagnostics& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& at) override {
    if (++documents_ != 2) return;
    const bool announced = source_.text().compare(source_.offset(at), 3, "---") == 0;
    diagnostics_.error(source_.mark(at), announced ? "a second document starts here, one per file is read"
                                                   : "this cannot stand here: check indentation and brackets");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& at, YAML::anchor_t anchor) override {
    Value v;
    v.mark = source_.mark(at);
    // yaml-cpp gives the place of what comes next; the key is the better one.
    if (inside_entry()) v.mark = stack_.back().value.key_marks.back();
    put(std::move(v), anchor);
  }

  void OnScalar(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    Value v;
    v.kind = Kind::scalar;
    v.scalar = text;
    v.quoted = tag == "!";
    v.mark = source_.mark(at);
    v.mark.width = width_of(at, text, v.mark);
    if (tag != "!" && tag != "?") reject_tag(v.mark, tag);
    put(std::move(v), anchor);
  }

  void OnAlias(const YAML::Mark& at, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    Value nothing;
    nothing.mark = source_.mark(at);
    if (it == anchors_.end()) {
      diagnostics_.error(nothing.mark, "this alias stands inside the value that it names");
    } else if (copies_ + it->second.size <= kMostCopies) {
      copies_ += it->second.size;
      return put(it->second.value, 0, it->second.size);
    } else if (std::exchange(copies_, kMostCopies) < kMostCopies) {
      diagnostics_.error(nothing.mark, fmt::format("aliases expand to more than {} values", kMostCopies));
    }
    put(std::move(nothing), 0);
  }

  void OnSequenceStart(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Kind::list, at, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Kind::map, at, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  /// What was read; collections that a syntax error left open are closed.
  [[nodiscard]] Value take() {
    while (!stack_.empty()) close();
    return std::move(root_);
  }

  [[nodiscard]] int documents() const { return documents_; }

  /// To be called where there was no syntax error: after a missing bracket yaml-cpp takes lists for keys.
  void report_keys() {
    for (const auto& [mark, kind] : bad_keys_)
      diagnostics_.error(mark, fmt::format("a key must be a word, found {}", kind_name(kind)));
  }

 private:
  struct Open {
    Value value;
    YAML::anchor_t anchor = 0;
    std::optional<std::string> key;                 // waits for its value
    bool keep = true;                               // whether that value is wanted
    std::map<std::string, int, std::less<>> lines;  // of the keys, once there are many
    std::size_t size = 1;                           // values in it, itself included
  };
  struct Anchored {
    Value value;
    std::size_t size;
  };

  [[nodiscard]] bool inside_entry() const { return !stack_.empty() && stack_.back().key && stack_.back().keep; }

  /// Characters of a scalar's first line, quotes included. yaml-cpp takes the end of the file for a closing quote.
  [[nodiscard]] int width_of(const YAML::Mark& at, const std::string& text, const SourceMark& mark) {
    const std::size_t start = source_.scalar_start(at);
    const char first = start < source_.text().size() ? source_.text()[start] : ' ';
    if (first != '"' && first != '\'') return source_.width(start, start + text.size());
    const std::size_t end = source_.quote_end(start);
    if (end == std::string::npos) diagnostics_.error(mark, "a quote is never closed");
    return source_.width(start, end);
  }

  void reject_tag(const SourceMark& mark, const std::string& tag) {
    diagnostics_.error(mark, fmt::format("the tag '{}' means nothing here", tag));
  }

  void open(Kind kind, const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor) {
    Open o;
    o.value.kind = kind;
    o.value.mark = source_.mark(at);
    o.anchor = anchor;
    if (tag != "?" && tag != "!" && !tag.empty()) reject_tag(o.value.mark, tag);
    stack_.push_back(std::move(o));
  }

  void close() {
    Open o = std::move(stack_.back());
    stack_.pop_back();
    if (o.key) put_entry(o, Value());  // a syntax error came between key and value
    put(std::move(o.value), o.anchor, o.size);
  }

  void put(Value v, YAML::anchor_t anchor, std::size_t size = 1) {
    if (anchor != 0) anchors_[anchor] = {v, size};
    if (stack_.empty()) {
      if (documents_ <= 1) root_ = std::move(v);
      return;
    }
    Open& parent = stack_.back();
    parent.size += size;
    if (parent.value.kind == Kind::list) {
      parent.value.items.push_back(std::move(v));
    } else if (parent.key) {
      put_entry(parent, std::move(v));
    } else {
      start_entry(parent, v);
    }
  }

  static void put_entry(Open& map, Value v) {
    if (map.keep) map.value.entries.emplace_back(std::move(*map.key), std::move(v));
    map.key.reset();
  }

  void start_entry(Open& map, const Value& key) {
    map.key = key.scalar;
    map.keep = false;
    if (key.kind != Kind::scalar) {
      bad_keys_.emplace_back(key.mark, key.kind);
    } else if (key.scalar == "<<" && !key.quoted) {
      diagnostics_.error(key.mark, "maps cannot be merged with '<<'").notes.push_back("write the keys out");
    } else if (const int line = line_of(map, key); line > 0) {
      diagnostics_.error(key.mark, fmt::format("duplicate key '{}'", key.scalar))
          .notes.push_back(fmt::format("first written in line {}", line));
    } else {
      map.keep = true;
      map.value.key_marks.push_back(key.mark);
    }
  }

  /// The line where the map has this key already, or 0.
  static int line_of(Open& map, const Value& key) {
    const Value& v = map.value;
    if (v.entries.size() < kSmallMap) {
      for (std::size_t i = 0; i < v.entries.size(); ++i)
        if (v.entries[i].first == key.scalar) return v.key_marks[i].line;
      return 0;
    }
    for (std::size_t i = map.lines.size(); i < v.entries.size(); ++i)
      map.lines.emplace(v.entries[i].first, v.key_marks[i].line);
    const auto it = map.lines.find(key.scalar);
    return it == map.lines.end() ? 0 : it->second;
  }

  Source& source_;
  Diagnostics& diagnostics_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::vector<std::pair<SourceMark, Kind>> bad_keys_;
  Value root_;
  std::size_t copies_ = 0;
  int documents_ = 0;
};

/// Length of the UTF-8 sequence at `i`, or 0 if there is none.
std::size_t utf8_length(const std::string& text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U; };
  const unsigned first = byte(i);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((byte(i + k) & 0xC0U) != 0x80) return 0;
  const unsigned second = byte(i + 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool beyond = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
  return overlong || beyond ? 0 : length;
}

/// Whether the bytes are text at all; says where they are not.
bool check_text(Source& source, Diagnostics& diagnostics) {
  const std::string& text = source.text();
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool control = (byte < ' ' && byte != '\n' && byte != '\t' && byte != '\r') || byte == 0x7F;
    if (length == 0 || control) {
      diagnostics.error(source.mark_at(i, line), fmt::format("byte 0x{:02X} is not text", byte))
          .notes.push_back(length == 0 ? "YAML files are UTF-8"
                                       : "control characters are written as escapes in quotes");
      return false;
    }
    if (byte == '\n') ++line;
    i += length;
  }
  return true;
}

/// yaml-cpp's words in ours, where ours say more.
std::string in_our_words(const std::string& message) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"illegal map value", "unexpected ':' (a value with ': ' in it needs quotes)"},
      {"illegal map key", "a key cannot start here"},
      {"illegal block entry", "a list item '- ' cannot start here"},
      {"illegal flow end", "']' or '}' without its '[' or '{'"},
      {"end of map not found", "this does not belong to the map above: check the indentation"},
      {"end of sequence not found", "this does not belong to the list above: check the indentation"},
      {"end of map flow not found", "'{' without its '}', or a ',' is missing"},
      {"end of sequence flow not found", "'[' without its ']', or a ',' is missing"},
      {"illegal EOF in scalar", "a quote is never closed"},
      {"bad file", "more than 250 levels of lists and maps"},
      {"unknown token", "a value cannot start with this character (put it in quotes)"},
      {"the referenced anchor is not defined", "this alias names no anchor"},
  };
  for (const auto& [theirs, ours] : kWords)
    if (message.starts_with(theirs)) return std::string(ours);
  return message;
}

void report_syntax(const YAML::Exception& e, Source& source, Diagnostics& diagnostics) {
  SourceMark mark = source.mark(e.mark);
  if (e.mark.is_null()) {
    diagnostics.error(mark, in_our_words(e.msg));
    return;
  }
  const std::string& text = source.text();
  const std::size_t start = source.line_start(source.offset(e.mark));
  const std::size_t word = std::min(text.find_first_not_of(" \t", start), text.size());
  const std::size_t tab = text.find('\t', start);
  if (tab >= word) {
    diagnostics.error(mark, in_our_words(e.msg));
    return;
  }
  diagnostics.error(source.mark_at(tab, mark.line), "a tab cannot indent YAML")
      .notes.push_back("indent with spaces, two a level");
}

Value parse(const std::string& text, const std::string& name, bool is_file, Diagnostics& diagnostics) {
  Source source(text, name, is_file);
  if (!check_text(source, diagnostics)) return {};
  Builder builder(source, diagnostics);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    // The second is an error; after a stray ',' or ']' yaml-cpp would find empty documents for ever.
    while (builder.documents() < 2 && parser.HandleNextDocument(builder)) {
    }
    builder.report_keys();
  } catch (const YAML::Exception& e) {
    report_syntax(e, source, diagnostics);
  }
  return builder.take();
}

/// The file's text, or why there is none.
std::optional<std::string> read_file(const std::string& path, std::string& problem) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) return problem = "is a folder, not a file", std::nullopt;
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const int reason = errno;
    problem = "cannot be read: " + (reason != 0 ? std::generic_category().message(reason) : "unknown reason");
    return std::nullopt;
  }
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), in.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLargestFile) return problem = "is larger than 64 MiB", std::nullopt;
  }
  if (in.bad()) return problem = "could not be read to its end", std::nullopt;
  return text;
}

}  // namespace

Value load_yaml(const std::string& path, Diagnostics& diagnostics) {
  SourceMark whole;
  whole.file = path;
  std::string problem;
  auto text = read_file(path, problem);
  if (!text) {
    diagnostics.error(whole, "the file " + problem);
    return {};
  }
  if (text->starts_with("\xEF\xBB\xBF")) text->erase(0, 3);  // a byte order mark, which would shift columns
  const std::size_t before = diagnostics.all().size();
  Value value = parse(*text, path, true, diagnostics);
  if (value.kind == Kind::null && diagnostics.all().size() == before) diagnostics.error(whole, "the file is empty");
  return value;
}

Value parse_yaml(const std::string& text, const std::string& name, Diagnostics& diagnostics) {
  return parse(text, name, false, diagnostics);
}

std::vector<std::string> opening_comment(const std::string& path) {
  std::vector<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line) && line.starts_with('#');)
    out.push_back(line.size() > 2 ? line.substr(2) : std::string());
  return out;
}

}  // namespace tiersim::config
