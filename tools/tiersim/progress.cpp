#include "tools/tiersim/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <unistd.h>

#include "sim/report/human.hpp"

namespace tiersim::cli {
namespace {

constexpr std::size_t kBarColumns = 24;
constexpr auto kBetweenDraws = std::chrono::milliseconds(100);
constexpr const char* kWipe = "\r\x1b[K";

}  // namespace

Progress::Progress(bool wanted) : shown_(wanted && isatty(STDERR_FILENO) == 1), begin_(Clock::now()), last_(begin_) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "{}", kWipe);
}

void Progress::update(std::size_t done, std::size_t total) {
  const auto now = Clock::now();
  if (!shown_ || total == 0 || now - last_ < kBetweenDraws) return;
  last_ = now;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double rate = static_cast<double>(done) / seconds;
  const double left = rate > 0 ? static_cast<double>(total - std::min(done, total)) / rate : 0;
  const std::string bar(std::min(kBarColumns, done * kBarColumns / total), '#');
  fmt::print(stderr, "{}[{:<{}}] {:3}%  {} of {} requests  {}/s  {:.0f} s left", kWipe, bar, kBarColumns,
             done * 100 / total, human::grouped(static_cast<std::int64_t>(done)),
             human::grouped(static_cast<std::int64_t>(total)), human::grouped(static_cast<std::int64_t>(rate)), left);
  std::fflush(stderr);
}

}  // namespace tiersim::cli
