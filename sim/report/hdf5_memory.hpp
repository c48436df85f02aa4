#pragma once
/// An HDF5 file that exists in memory only: columns of numbers or names, in groups, each with its unit.
///
/// Called by the writers of series.h5 and of samples. A path's groups are made by group() before; a dataset is
/// one-dimensional, of 64-bit integers, doubles or texts of one length (padded with zeros), and may be empty. The same
/// calls give the same bytes (no object times). HDF5 itself is not thread-safe: one of these at a time in a process.
/// Errors: std::runtime_error if HDF5 fails. HDF5 stays in the .cpp.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tiersim {

class Hdf5Memory {
 public:
  /// HDF5 wants a name even so; no file of that name is made.
  explicit Hdf5Memory(const std::string& name);
  ~Hdf5Memory();

  void group(const std::string& path);
  /// An empty unit is left out.
  void add(const std::string& path, const std::string& unit, const std::vector<std::int64_t>& values);
  void add(const std::string& path, const std::string& unit, const std::vector<double>& values);
  void add(const std::string& path, const std::vector<std::string>& values);
  [[nodiscard]] std::string bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiersim
