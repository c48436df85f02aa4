#pragma once
/// What is measured and what came out: points, samples, and the CSV that carries them between programs.
///
/// A Point is one size of one kernel: family ("gemm"), kernel ("gemv"), variant ("bf16", "2 threads"; may be empty) and
/// named parameters (sizes in elements, bytes in B, counts). All points of one family, kernel and variant form a
/// series, which is what a law is fitted to. A Sample is a point with its work and its measured time of one run of the
/// kernel. The work names what a law may depend on: flops, bytes moved to and from memory, and of the parameters m, n,
/// k, operations (fragments, I/Os), depth (I/Os in flight), sequences. Everything is written with the shortest digits
/// that read back as the same doubles. Shared by the host's and the CUDA microkernels: the standard library only.
/// Errors of reading: std::runtime_error with file and line.
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace tiersim::calib {

struct Parameter {
  std::string name;
  double value = 0;
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

struct Point {
  std::string family, kernel, variant;
  std::vector<Parameter> parameters;  ///< in the order in which they are printed

  [[nodiscard]] double at(std::string_view name) const;  ///< throws std::logic_error if there is no such parameter
  [[nodiscard]] double at(std::string_view name, double otherwise) const;
  [[nodiscard]] std::string series() const;      ///< "gemm/gemv/bf16"
  [[nodiscard]] std::string sizes_text() const;  ///< "m=1 n=4096 k=4096"
  [[nodiscard]] std::string key() const;         ///< "gemm/gemv/bf16 m=1 n=4096 k=4096": tells points apart
  friend bool operator==(const Point&, const Point&) = default;
};

struct Sample {
  Point point;
  double flops = 0;           ///< of one run; 0 for pure data movement
  double bytes = 0;           ///< of one run: what must move, each input and output once
  double seconds = 0;         ///< median over the batches, of one run
  double low = 0, high = 0;   ///< 5% and 95% quantiles of the batches
  double relative_error = 0;  ///< standard error of the batches' mean over their mean
  std::int64_t batches = 0;
  double check = -1;         ///< relative error against a double-precision reference; negative: nothing to check
  double ceiling_share = 0;  ///< of the nearer measured ceiling (Ceilings); 0 before these are known
  double clock_mhz = 0;      ///< after the measurement; 0: unknown
  double celsius = 0;        ///< likewise
  bool throttled = false;    ///< the machine slowed down or was taken away meanwhile: left out of fits
};

/// The two rates that bound every kernel, measured first.
struct Ceilings {
  double flops_per_second = 0;  ///< a large matrix product, in the widest type that every kernel may use
  double bytes_per_second = 0;  ///< a large copy, bytes read plus bytes written
};

/// The time that the nearer ceiling leaves for this work, over the measured time.
[[nodiscard]] double share_of(const Ceilings& ceilings, const Sample& sample);

// One header line, then a line a sample; the parameters are one column, as sizes_text() writes them. A last line
// without a newline was being written when its writer was killed: it is not read.
[[nodiscard]] std::string csv_header();                   ///< without newline
[[nodiscard]] std::string csv_row(const Sample& sample);  ///< without newline
[[nodiscard]] std::vector<Sample> read_csv(std::istream& in, const std::string& name);
[[nodiscard]] std::vector<Sample> read_csv_file(const std::string& path);

}  // namespace tiersim::calib
