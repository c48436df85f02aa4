#include "calib/host/affinity.hpp"

#include <sched.h>

namespace tiersim::calib {
namespace {

void restrict_to(const std::vector<int>& processors) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int processor : processors) CPU_SET(static_cast<std::size_t>(processor), &set);
  static_cast<void>(sched_setaffinity(0, sizeof set, &set));
}

}  // namespace

std::vector<int> allowed_processors() {
  cpu_set_t set;
  std::vector<int> out;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
      if (CPU_ISSET(static_cast<std::size_t>(processor), &set)) out.push_back(processor);
    }
  }
  if (out.empty()) out.push_back(0);
  return out;
}

AffinityScope::AffinityScope(const std::vector<int>& processors) : before_(allowed_processors()) {
  restrict_to(processors);
}

AffinityScope::~AffinityScope() { restrict_to(before_); }

}  // namespace tiersim::calib
