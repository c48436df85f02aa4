#include "calib/samples_h5.hpp"

#include <algorithm>
#include <limits>

#include "sim/report/hdf5_memory.hpp"

namespace tiersim::calib {
namespace {

struct Column {
  const char* name;
  const char* unit;
  double Sample::*value;
};

constexpr Column kColumns[] = {{"flops", "flop", &Sample::flops},
                               {"bytes", "B", &Sample::bytes},
                               {"seconds", "s", &Sample::seconds},
                               {"low", "s", &Sample::low},
                               {"high", "s", &Sample::high},
                               {"relative_error", "1", &Sample::relative_error},
                               {"check", "1", &Sample::check},
                               {"ceiling_share", "1", &Sample::ceiling_share},
                               {"clock_mhz", "MHz", &Sample::clock_mhz},
                               {"celsius", "degree Celsius", &Sample::celsius}};

using Rows = std::vector<const Sample*>;

template <class Value>
auto column_of(const Rows& rows, const Value& value) {
  std::vector<decltype(value(*rows.front()))> column;
  for (const Sample* s : rows) column.push_back(value(*s));
  return column;
}

std::vector<std::string> parameters_of(const Rows& rows) {
  std::vector<std::string> names;
  for (const Sample* s : rows)
    for (const Parameter& p : s->point.parameters)
      if (std::find(names.begin(), names.end(), p.name) == names.end()) names.push_back(p.name);
  return names;
}

void add_family(Hdf5Memory& file, const std::string& family, const Rows& rows) {
  file.group(family);
  const std::string at = family + "/";
  file.add(at + "kernel", column_of(rows, [](const Sample& s) { return s.point.kernel; }));
  file.add(at + "variant", column_of(rows, [](const Sample& s) { return s.point.variant; }));
  for (const std::string& name : parameters_of(rows)) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    file.add(at + "parameter_" + name, name == "bytes" ? "B" : "1",
             column_of(rows, [&](const Sample& s) { return s.point.at(name, kNone); }));
  }
  for (const Column& c : kColumns)
    file.add(at + c.name, c.unit, column_of(rows, [&](const Sample& s) { return s.*c.value; }));
  file.add(at + "batches", "1", column_of(rows, [](const Sample& s) { return s.batches; }));
  file.add(at + "throttled", "1", column_of(rows, [](const Sample& s) { return std::int64_t{s.throttled}; }));
}

}  // namespace

std::string samples_h5(const std::vector<Sample>& samples) {
  std::vector<std::string> families;
  for (const Sample& s : samples)
    if (std::find(families.begin(), families.end(), s.point.family) == families.end())
      families.push_back(s.point.family);

  Hdf5Memory file("samples.h5");
  for (const std::string& family : families) {
    Rows rows;
    for (const Sample& s : samples)
      if (s.point.family == family) rows.push_back(&s);
    add_family(file, family, rows);
  }
  return file.bytes();
}

}  // namespace tiersim::calib
