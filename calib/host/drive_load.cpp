#include "calib/host/drive_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "calib/measure/timing.hpp"

namespace tiersim::calib {
namespace {

constexpr std::size_t kChecked = 8;  // places whose whole blocks are compared

}  // namespace

DriveLoad::DriveLoad(const DriveLoadSetup& setup, const TestFile& file, IoEngine& engine, const Buffer& buffer)
    : setup_(setup),
      file_(file),
      engine_(engine),
      data_(buffer.as<std::byte>()),
      pages_(setup.block / kPageBytes),
      blocks_(file.bytes() / setup.block),
      places_(setup.depth),
      ended_(setup.depth),
      rng_(setup.seed) {
  if (blocks_ < static_cast<std::int64_t>(setup.depth)) {
    throw std::runtime_error(
        fmt::format("{} I/Os of {} B do not fit into the test file of {} MiB: free more room in its folder, or name "
                    "another with --folder",
                    setup.depth, setup.block, file.bytes() >> 20));
  }
  requests_.reserve(setup.depth);
}

std::span<std::byte> DriveLoad::data(std::size_t place) const {
  const auto block = static_cast<std::size_t>(setup_.block);
  return {data_ + place * block, block};
}

/// The first block of a place's stretch of the file.
std::int64_t DriveLoad::stretch(std::size_t place) const {
  return blocks_ * static_cast<std::int64_t>(place) / static_cast<std::int64_t>(setup_.depth);
}

IoRequest DriveLoad::next(std::size_t place) {
  const std::int64_t first = stretch(place), beyond = stretch(place + 1);
  Place& p = places_[place];
  p.block = first + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(beyond - first)));
  p.kind = rng_.uniform() < setup_.reads ? IoKind::read : IoKind::write;
  if (p.kind == IoKind::write) file_.stamp(data(place), page(place));
  return {p.kind, file_.direct(), data(place).data(), setup_.block, p.block * setup_.block, place};
}

void DriveLoad::start() {
  requests_.clear();
  for (std::size_t place = 0; place < places_.size(); ++place) {
    if (setup_.reads < 1) file_.fill(data(place), static_cast<std::int64_t>(rng_.below(1 << 20)));  // stamped by next()
    requests_.push_back(next(place));
  }
  engine_.submit(requests_);
}

/// Takes the I/Os that have ended, at least one, and starts as many.
std::size_t DriveLoad::turn_over() {
  const std::size_t count = engine_.reap(ended_, 1);
  requests_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = ended_[i];
    if (places_[place].kind == IoKind::read) right_ = file_.stamped(data(place), page(place)) && right_;
    requests_.push_back(next(place));
  }
  engine_.submit(requests_);
  return count;
}

double DriveLoad::run(std::int64_t operations) {
  if (engine_.in_flight() == 0) start();
  const double begin = steady_seconds();
  std::int64_t ended = 0;
  while (ended < operations) ended += static_cast<std::int64_t>(turn_over());
  return (steady_seconds() - begin) / static_cast<double>(ended);
}

bool DriveLoad::check() {
  if (engine_.in_flight() > 0) engine_.reap(ended_, engine_.in_flight());
  for (std::size_t place = 0; place < std::min(kChecked, places_.size()); ++place) {
    if (places_[place].kind == IoKind::write) {
      const IoRequest back{
          IoKind::read, file_.direct(), data(place).data(), setup_.block, places_[place].block * setup_.block, place};
      engine_.submit({&back, 1});
      engine_.reap(ended_, 1);
    }
    right_ = file_.wrong_pages(data(place), page(place)) == 0 && right_;
  }
  return right_;
}

}  // namespace tiersim::calib
