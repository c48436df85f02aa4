#include "tools/tiersim/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>

#include "sim/report/human.hpp"

namespace tiersim::cli {
namespace {

constexpr int kBarColumns = 24;
constexpr auto kBetweenDraws = std::chrono::milliseconds(100);
constexpr const char* kWipe = "\r\x1b[K";

}  // namespace

Progress::Progress(bool wanted) : shown_(wanted && isatty(STDERR_FILENO) == 1), begin_(Clock::now()), last_(begin_) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "{}", kWipe);
}

void Progress::draw(double share, const std::string& text) {
  drawn_ = true;
  const std::string bar(static_cast<std::size_t>(share * kBarColumns), '#');
  fmt::print(stderr, "{}[{:<{}}] {:3.0f}%  {}", kWipe, bar, kBarColumns, std::floor(100 * share), text);
  std::fflush(stderr);
}

void Progress::update(std::size_t done, std::size_t total) {
  const auto now = Clock::now();
  if (!shown_ || total == 0 || now - last_ < kBetweenDraws) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(last_ - begin_).count();
  const double rate = static_cast<double>(done) / seconds;
  const double left = rate > 0 ? static_cast<double>(total - std::min(done, total)) / rate : 0;
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  draw(share, fmt::format("{} of {} requests  {}/s  {:.0f} s left", human::grouped(static_cast<std::int64_t>(done)),
                          human::grouped(static_cast<std::int64_t>(total)),
                          human::grouped(static_cast<std::int64_t>(rate)), left));
}

void Progress::update(double done, double total, const std::string& what) {
  if (!shown_ || total <= 0) return;
  const double share = std::min(1.0, done / total);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  // The estimate until it can be corrected by how long things took so far.
  const double pace = share > 0.05 ? seconds / done : 1;
  draw(share, fmt::format("{:.0f} s left  {}", (total - std::min(done, total)) * pace, what));
}

}  // namespace tiersim::cli
