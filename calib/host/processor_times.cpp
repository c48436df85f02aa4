#include "calib/host/processor_times.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>

namespace tiersim::calib {

ProcessorTimes read_processor_times(std::istream& proc_stat, const std::vector<int>& processors, double ticks) {
  ProcessorTimes times;
  for (std::string line; std::getline(proc_stat, line) && line.starts_with("cpu");) {
    std::istringstream in(line);
    std::string label;
    in >> label;
    if (label == "cpu") continue;  // the sum of all
    if (std::find(processors.begin(), processors.end(), std::stoi(label.substr(3))) == processors.end()) continue;
    std::array<double, 8> column{};  // user nice system idle iowait irq softirq steal
    for (double& value : column) in >> value;
    times.busy += (column[0] + column[1] + column[2]) / ticks;
    times.steal += column[7] / ticks;
  }
  return times;
}

bool is_disturbed(const ProcessorUse& use) {
  constexpr double kMostStolen = 0.02, kMostByOthers = 0.2;
  const double capacity = use.elapsed * use.processors, grain = 2 * use.tick * use.processors;
  const double others = use.all.busy - use.ours;
  return use.all.steal > std::max(kMostStolen * capacity, grain) || others > std::max(kMostByOthers * capacity, grain);
}

}  // namespace tiersim::calib
