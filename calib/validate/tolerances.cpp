#include "calib/validate/tolerances.hpp"

namespace tiersim::calib {
namespace {

struct Row {
  std::string_view family;  // "": any other
  double host, gpu;
};

constexpr Row kTolerances[] = {
    {"memory", 0.10, 0.05},     //
    {"memcpy", 0.10, 0.15},     //
    {"transfer", 0.20, 0.05},   //
    {"gemm", 0.12, 0.08},       //
    {"attention", 0.15, 0.10},  //
    {"gather", 0.20, 0.12},     //
    {"ssd", 0.15, 0.15},        //
    {"", 0.20, 0.15},
};

}  // namespace

double tolerance_of(Machine machine, std::string_view family) {
  const Row* row = kTolerances;
  while (!row->family.empty() && row->family != family) ++row;
  return machine == Machine::gpu ? row->gpu : row->host;
}

}  // namespace tiersim::calib
