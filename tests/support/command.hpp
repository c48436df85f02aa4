#pragma once
/// The built command, run as a user runs it, for tests of what it prints and leaves behind.
///
/// A Workplace is a scratch folder that looks like the root of the source tree (links to its entries, `out` left out),
/// so that relative names work and what a command writes stays there; it goes with its object. Commands run with
/// TIERSIM_DATA and TIERSIM_LIBRARY unset, by the shell, with `tiersim` in PATH. In what they print, the source tree's
/// path is "<root>" and the workplace's "<work>".
#include <string>

namespace tiersim::test {

struct Ran {
  int status = -1;  ///< the exit status; -1 if the command died of a signal
  std::string out, err;
};

class Workplace {
 public:
  Workplace();
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  /// Runs a line of shell: "tiersim list models".
  [[nodiscard]] Ran run(const std::string& line) const;
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

}  // namespace tiersim::test
