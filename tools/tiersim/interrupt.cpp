#include "tools/tiersim/interrupt.hpp"

#include <csignal>

namespace tiersim::cli {
namespace {

std::atomic<bool> interrupted{false};  // what a signal handler may touch
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

Interrupt::Interrupt() {
  interrupted = false;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

Interrupt::~Interrupt() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

const std::atomic<bool>& Interrupt::flag() const { return interrupted; }

}  // namespace tiersim::cli
