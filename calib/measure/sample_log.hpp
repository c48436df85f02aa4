#pragma once
/// A CSV file of samples that grows while they are measured.
///
/// Opens the file to append, or makes it with its header; what a killed writer left of a last line is cut off. Each
/// sample is on its way to the disk when append() returns. Errors are std::runtime_error with path and reason: a folder
/// that may not be written to, a disk that is full, a file that is no table of samples. The standard library only.
#include <cstdio>
#include <memory>
#include <string>

#include "calib/measure/sample.hpp"

namespace tiersim::calib {

class SampleLog {
 public:
  explicit SampleLog(const std::string& path);
  void append(const Sample& sample);

 private:
  void write_line(const std::string& line);

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace tiersim::calib
