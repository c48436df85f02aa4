// Samples as CSV. No name holds a comma or a line break (csv_row() refuses), so nothing needs quotes.
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <istream>
#include <stdexcept>
#include <system_error>

#include "calib/measure/sample.hpp"

namespace tiersim::calib {
namespace {

constexpr std::array<std::string_view, 16> kColumns = {
    "family", "kernel",         "variant", "parameters", "flops",         "bytes",     "seconds", "low",
    "high",   "relative_error", "batches", "check",      "ceiling_share", "clock_mhz", "celsius", "throttled"};

template <class Number>
void append(std::string& row, Number value) {
  std::array<char, 32> digits;
  row += ',';
  row.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void require_plain(const std::string& name, std::string_view forbidden) {
  if (name.find_first_of(forbidden) != std::string::npos)
    throw std::logic_error("name '" + name + "' of a point cannot stand in a table of samples");
}

/// One line, cut into its fields; says what is wrong with one by its column's name.
class Row {
 public:
  explicit Row(std::string_view line) {
    for (;;) {
      const std::size_t comma = line.find(',');
      if (count_ < fields_.size()) fields_[count_] = line.substr(0, comma);
      ++count_;
      if (comma == std::string_view::npos) break;
      line.remove_prefix(comma + 1);
    }
    if (count_ != fields_.size())
      throw std::runtime_error("has " + std::to_string(count_) + " columns, not " + std::to_string(fields_.size()));
  }

  [[nodiscard]] std::string_view text(std::size_t column) const { return fields_[column]; }
  template <class Number>
  [[nodiscard]] Number number(std::size_t column) const {
    return parse<Number>(fields_[column], kColumns[column]);
  }
  template <class Number>
  static Number parse(std::string_view text, std::string_view name) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      throw std::runtime_error("has '" + std::string(text) + "' for " + std::string(name) + ", which is no number");
    return value;
  }

 private:
  std::array<std::string_view, kColumns.size()> fields_;
  std::size_t count_ = 0;
};

std::vector<Parameter> read_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals == std::string_view::npos)
      throw std::runtime_error("has '" + std::string(one) + "' among its parameters, not name=value");
    const std::string_view name = one.substr(0, equals);
    parameters.push_back({std::string(name), Row::parse<double>(one.substr(equals + 1), name)});
  }
  return parameters;
}

Sample read_row(const std::string& line) {
  const Row row(line);
  Sample s;
  s.point.family = row.text(0);
  s.point.kernel = row.text(1);
  s.point.variant = row.text(2);
  s.point.parameters = read_parameters(row.text(3));
  s.flops = row.number<double>(4);
  s.bytes = row.number<double>(5);
  s.seconds = row.number<double>(6);
  s.low = row.number<double>(7);
  s.high = row.number<double>(8);
  s.relative_error = row.number<double>(9);
  s.batches = row.number<std::int64_t>(10);
  s.check = row.number<double>(11);
  s.ceiling_share = row.number<double>(12);
  s.clock_mhz = row.number<double>(13);
  s.celsius = row.number<double>(14);
  s.throttled = row.number<int>(15) != 0;
  return s;
}

}  // namespace

std::string csv_header() {
  std::string header;
  for (const std::string_view name : kColumns) header.append(header.empty() ? "" : ",").append(name);
  return header;
}

std::string csv_row(const Sample& s) {
  for (const std::string* name : {&s.point.family, &s.point.kernel, &s.point.variant}) require_plain(*name, ",\r\n");
  for (const Parameter& p : s.point.parameters) require_plain(p.name, ",\r\n =");
  std::string row = s.point.family + "," + s.point.kernel + "," + s.point.variant + "," + s.point.sizes_text();
  for (const double value : {s.flops, s.bytes, s.seconds, s.low, s.high, s.relative_error}) append(row, value);
  append(row, s.batches);
  for (const double value : {s.check, s.ceiling_share, s.clock_mhz, s.celsius}) append(row, value);
  append(row, s.throttled ? 1 : 0);
  return row;
}

std::vector<Sample> read_csv(std::istream& in, const std::string& name) {
  std::vector<Sample> samples;
  std::string line;
  for (std::int64_t number = 1; std::getline(in, line) && !in.eof(); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    const auto fail = [&](const std::string& what) {
      throw std::runtime_error(name + ":" + std::to_string(number) + ": " + what);
    };
    if (number == 1) {
      if (line != csv_header()) fail("no table of samples: its first line should be '" + csv_header() + "'");
      continue;
    }
    try {
      samples.push_back(read_row(line));
    } catch (const std::runtime_error& e) {
      fail(std::string("no sample: the line ") + e.what());
    }
  }
  if (in.bad()) throw std::runtime_error(name + ": could not be read to its end");
  return samples;
}

std::vector<Sample> read_csv_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": " + std::generic_category().message(errno));
  return read_csv(in, path);
}

}  // namespace tiersim::calib
