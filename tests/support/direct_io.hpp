#pragma once
/// A temporary folder for tests of direct I/O, which says so (and lets the test go) where the folder's file system has
/// none or no room.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "calib/host/test_file.hpp"
#include "tests/support/trace_files.hpp"

namespace tiersim::tests {

class DirectFolder {
 public:
  [[nodiscard]] bool usable() const {
    try {
      const calib::TestFile file({.folder = path(), .bytes = calib::kPageBytes});
      return true;
    } catch (const std::runtime_error& error) {
      MESSAGE("skipped: " << error.what());
      return false;
    }
  }
  [[nodiscard]] std::string path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace tiersim::tests
