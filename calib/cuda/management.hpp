#pragma once
/// The GPU's clocks, temperature and reasons for slowing down, asked of the driver's management library (NVML).
///
/// The library belongs to the driver and is opened while running, so that nothing links it; where it is missing,
/// facts are empty and the watch says nothing. Only ever reads: no setting is changed. A slow-down for heat, for the
/// board's power supply or by the hardware's own protection counts as throttled. Reaching the power limit does not:
/// large products run at it for good, so that this is the speed that they have.
#include <memory>
#include <string>

#include "calib/cuda/machine.hpp"
#include "calib/measure/session.hpp"

namespace tiersim::calib {

class Management {
 public:
  /// The GPU by its PCI address ("0000:3b:00.0").
  explicit Management(const std::string& pci_bus);
  ~Management();
  Management(const Management&) = delete;
  Management& operator=(const Management&) = delete;

  [[nodiscard]] ManagementFacts facts() const;
  [[nodiscard]] MachineState state() const;

 private:
  struct Library;
  std::unique_ptr<Library> library_;
};

/// Looks before and after each measurement.
[[nodiscard]] std::unique_ptr<MachineWatch> gpu_watch(std::shared_ptr<const Management> management);

/// Whether these reasons, as NVML's bits, are a slow-down in the sense above.
[[nodiscard]] bool is_slow_down(unsigned long long reasons);

}  // namespace tiersim::calib
