#pragma once
/// Where a calibration leaves its files: OUT.yaml, the profile, and the folder OUT with what stands behind it.
///
/// Made from --out before anything is measured, so that a wrong one costs nothing. begin() makes the folder and says in
/// fingerprint.json which machine its samples are of; samples.csv then grows while measuring and is what resuming
/// reads; write() adds samples.h5, machine.yaml and the profile, each written aside and renamed. Errors: BadInput for
/// a name or place that will not do and for samples of another machine; std::runtime_error for a failing disk.
#include <string>
#include <vector>

#include "calib/fingerprint.hpp"
#include "calib/fit/calibrate.hpp"

namespace tiersim::cli {

class CalibrationFolder {
 public:
  CalibrationFolder(std::string command, std::string out);

  [[nodiscard]] const std::string& name() const { return name_; }      ///< the profile's
  [[nodiscard]] const std::string& folder() const { return folder_; }  ///< OUT
  [[nodiscard]] std::string profile_path() const { return folder_ + ".yaml"; }
  [[nodiscard]] std::string machine_path() const { return folder_ + "/machine.yaml"; }
  [[nodiscard]] std::string samples_path() const { return folder_ + "/samples.csv"; }
  /// The nearest folder of OUT's path that is there.
  [[nodiscard]] std::string existing_folder() const;

  /// Measured so far, of each point the last sample (a throttled one is followed by another when it is measured again);
  /// none where there is no file.
  [[nodiscard]] std::vector<calib::Sample> samples() const;
  /// Throws BadInput unless samples that are there are of this machine.
  void require_same_machine(const calib::Fingerprint& fingerprint) const;
  /// Forgets samples that are there.
  void clear() const;
  void begin(const calib::Fingerprint& fingerprint) const;
  /// Returns the paths of what there is now.
  std::vector<std::string> write(const calib::Calibration& calibration, const std::vector<calib::Sample>& samples,
                                 const calib::Fingerprint& fingerprint) const;

 private:
  std::string command_, folder_, name_;
};

}  // namespace tiersim::cli
