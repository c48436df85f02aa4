#include "sim/config/overrides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/config/yaml.hpp"

namespace tiersim::config {
namespace {

constexpr std::string_view kNameKeys[] = {"name", "tier", "id"};

/// The argument, and marks into it.
struct Argument {
  const std::string& text;

  [[nodiscard]] SourceMark mark(std::size_t offset, std::size_t size) const {
    const auto characters = [this](std::size_t from, std::size_t count) {
      const std::string part = text.substr(from, count);
      return static_cast<int>(std::count_if(part.begin(), part.end(), [](char c) { return (c & 0xC0) != 0x80; }));
    };
    SourceMark m;
    m.file = "--set";
    m.column = characters(0, offset) + 1;
    m.width = std::max(1, characters(offset, size));
    m.text = text;
    return m;
  }
};

struct Segment {
  std::string_view name;
  SourceMark mark;
};

std::string_view name_of(const Value& item) {
  for (std::string_view key : kNameKeys)
    if (const Value* name = item.find(key); name != nullptr && name->kind == Kind::scalar) return name->scalar;
  return {};
}

Value* item_at(Value& list, std::string_view index) {
  std::size_t i = 0;
  const auto [rest, code] = std::from_chars(index.data(), index.data() + index.size(), i);
  const bool whole = code == std::errc() && rest == index.data() + index.size();
  return whole && i < list.items.size() ? &list.items[i] : nullptr;
}

Value* item_of(Value& list, const Segment& segment, Diagnostics& diagnostics) {
  std::vector<std::string_view> names;
  std::vector<Value*> found;
  for (Value& item : list.items) {
    const std::string_view name = name_of(item);
    if (!name.empty()) names.push_back(name);
    if (name == segment.name) found.push_back(&item);
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    diagnostics.error(segment.mark, fmt::format("{} items of the list are named '{}'", found.size(), segment.name))
        .notes.push_back("name one by its index, counted from 0");
    return nullptr;
  }
  if (Value* item = item_at(list, segment.name)) return item;
  Diagnostic& d = diagnostics.error(segment.mark, fmt::format("the list has no item '{}'", segment.name));
  if (const auto near = nearest(segment.name, names); !near.empty())
    d.notes.push_back(fmt::format("did you mean '{}'?", near));
  if (!names.empty()) d.notes.push_back("items here: " + joined(names));
  if (list.items.empty())
    d.notes.push_back("the list is empty");
  else
    d.notes.push_back(fmt::format("or an index from 0 to {}", list.items.size() - 1));
  return nullptr;
}

Value* entry_of(Value& map, const Segment& segment) {
  if (Value* entry = map.find(segment.name)) return entry;
  map.key_marks.push_back(segment.mark);
  return &map.entries.emplace_back(std::string(segment.name), Value()).second;
}

/// One step down the path; null after an error.
Value* step(Value& from, const Segment& segment, Diagnostics& diagnostics) {
  if (from.kind == Kind::list) return item_of(from, segment, diagnostics);
  if (from.kind == Kind::scalar) {
    diagnostics.error(segment.mark, fmt::format("there is nothing below '{}': it is a single value", from.scalar));
    return nullptr;
  }
  if (from.kind == Kind::null) from.kind = Kind::map, from.mark = segment.mark;
  return entry_of(from, segment);
}

/// The path's segments; empty after an error.
std::vector<Segment> segments_of(const Argument& argument, std::size_t size, Diagnostics& diagnostics) {
  std::vector<Segment> out;
  for (std::size_t start = 0; start <= size;) {
    const std::size_t end = std::min(argument.text.find('.', start), size);
    out.push_back({std::string_view(argument.text).substr(start, end - start), argument.mark(start, end - start)});
    if (out.back().name.empty()) {
      diagnostics.error(out.back().mark, "a key is missing in the path")
          .notes.push_back(
              "write path=value, such as "
              "hierarchy.dram.capacity=2TiB");
      return {};
    }
    start = end + 1;
  }
  return out;
}

/// From a place in the value's own text to the place in the argument.
SourceMark moved(const SourceMark& m, const Argument& argument, std::size_t offset) {
  SourceMark out = argument.mark(offset, argument.text.size() - offset);
  if (m.line != 1) return out;  // a value of several lines: all of it
  out.column += m.column - 1;
  out.width = m.width;
  return out;
}

void move_marks(Value& v, const Argument& argument, std::size_t offset) {
  v.mark = moved(v.mark, argument, offset);
  for (SourceMark& m : v.key_marks) m = moved(m, argument, offset);
  for (Value& item : v.items) move_marks(item, argument, offset);
  for (auto& [key, item] : v.entries) move_marks(item, argument, offset);
}

}  // namespace

void apply_override(Value& root, const std::string& argument_text, Diagnostics& diagnostics) {
  const Argument argument{argument_text};
  const std::size_t equals = argument_text.find('=');
  if (equals == std::string::npos) {
    diagnostics.error(argument.mark(0, argument_text.size()), "there is no '='")
        .notes.push_back("write path=value, such as hierarchy.dram.capacity=2TiB");
    return;
  }
  Diagnostics of_value;
  Value value = parse_yaml(argument_text.substr(equals + 1), "--set", of_value);
  for (const Diagnostic& d : of_value.all())
    diagnostics.error(moved(d.mark, argument, equals + 1), d.message).notes = d.notes;
  if (of_value.has_errors()) return;
  move_marks(value, argument, equals + 1);

  const std::vector<Segment> path = segments_of(argument, equals, diagnostics);
  if (path.empty()) return;
  Value* at = &root;
  for (const Segment& segment : path) {
    at = step(*at, segment, diagnostics);
    if (at == nullptr) return;
  }
  *at = std::move(value);
}

}  // namespace tiersim::config
