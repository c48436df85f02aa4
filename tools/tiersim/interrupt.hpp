#pragma once
/// Ctrl-C as a wish: while one of these lives, the first SIGINT or SIGTERM sets a flag that a run looks at; a second
/// one ends the program as usual. One at a time (the flag belongs to the process).
#include <atomic>

namespace tiersim::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  [[nodiscard]] const std::atomic<bool>& flag() const;
};

}  // namespace tiersim::cli
