#include "calib/cuda/management.hpp"

#include <dlfcn.h>
#include <utility>

namespace tiersim::calib {
namespace {

// Names and values of NVML's interface, which is stable across drivers.
constexpr int kSuccess = 0;
constexpr int kSmClock = 1, kGpuTemperature = 0;
constexpr unsigned long long kHardwareSlowDown = 0x08, kSoftwareThermal = 0x20, kHardwareThermal = 0x40,
                             kPowerBrake = 0x80;

using Handle = void*;
using Unsigned = unsigned int;

}  // namespace

bool is_slow_down(unsigned long long reasons) {
  return (reasons & (kHardwareSlowDown | kSoftwareThermal | kHardwareThermal | kPowerBrake)) != 0;
}

struct Management::Library {
  void* file = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  Handle gpu = nullptr;

  /// Calls a function of the library; false where there is no such function or it fails.
  template <class... Arguments>
  bool call(const char* name, Arguments... arguments) const {
    if (file == nullptr) return false;
    const auto function = reinterpret_cast<int (*)(Arguments...)>(dlsym(file, name));
    return function != nullptr && function(arguments...) == kSuccess;
  }
  [[nodiscard]] Unsigned number(const char* name) const {
    Unsigned value = 0;
    return gpu != nullptr && call(name, gpu, &value) ? value : 0;
  }
};

Management::Management(const std::string& pci_bus) : library_(std::make_unique<Library>()) {
  if (!library_->call("nvmlInit_v2")) return;
  if (!library_->call("nvmlDeviceGetHandleByPciBusId_v2", pci_bus.c_str(), &library_->gpu)) library_->gpu = nullptr;
}

Management::~Management() {
  static_cast<void>(library_->call("nvmlShutdown"));
  if (library_->file != nullptr) dlclose(library_->file);
}

ManagementFacts Management::facts() const {
  ManagementFacts facts;
  char driver[96] = {};
  if (library_->call("nvmlSystemGetDriverVersion", &driver[0], Unsigned{sizeof driver})) facts.driver = driver;
  // The widest of the link: an idle GPU's runs slower.
  facts.pcie_generation = static_cast<int>(library_->number("nvmlDeviceGetMaxPcieLinkGeneration"));
  facts.pcie_width = static_cast<int>(library_->number("nvmlDeviceGetMaxPcieLinkWidth"));
  facts.power_limit_watts = 1e-3 * library_->number("nvmlDeviceGetEnforcedPowerLimit");
  return facts;
}

MachineState Management::state() const {
  MachineState state;
  if (library_->gpu == nullptr) return state;
  Unsigned clock = 0, celsius = 0;
  unsigned long long reasons = 0;
  if (library_->call("nvmlDeviceGetClockInfo", library_->gpu, kSmClock, &clock)) state.clock_mhz = clock;
  if (library_->call("nvmlDeviceGetTemperature", library_->gpu, kGpuTemperature, &celsius)) state.celsius = celsius;
  if (library_->call("nvmlDeviceGetCurrentClocksThrottleReasons", library_->gpu, &reasons) ||
      library_->call("nvmlDeviceGetCurrentClocksEventReasons", library_->gpu, &reasons)) {
    state.throttled = is_slow_down(reasons);
  }
  return state;
}

namespace {

class Watch final : public MachineWatch {
 public:
  explicit Watch(std::shared_ptr<const Management> management) : management_(std::move(management)) {}
  void begin() override { slow_before_ = management_->state().throttled; }
  [[nodiscard]] MachineState end() override {
    MachineState state = management_->state();
    state.throttled = state.throttled || slow_before_;
    return state;
  }

 private:
  std::shared_ptr<const Management> management_;
  bool slow_before_ = false;
};

}  // namespace

std::unique_ptr<MachineWatch> gpu_watch(std::shared_ptr<const Management> management) {
  return std::make_unique<Watch>(std::move(management));
}

}  // namespace tiersim::calib
