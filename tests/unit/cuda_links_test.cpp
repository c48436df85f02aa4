// Into which pieces the microkernels of links cut what they move, and where these go.
#include <doctest/doctest.h>

#include <set>

#include "calib/cuda/link_sizes.hpp"

using namespace tiersim;
using namespace tiersim::calib;

namespace {

DeviceInfo device_of(int cuda, int gpus) {
  DeviceInfo device = nominal_h200();
  device.driver = cuda;
  device.runtime = cuda;
  device.devices = gpus;
  return device;
}

std::vector<Point> grid_of(const FamilySizes& sizes) {
  std::vector<Point> points;
  for (const Sweep& sweep : sizes.sweeps) {
    for (Point& point : points_of(sweep)) {
      sizes.finish(point);
      points.push_back(std::move(point));
    }
  }
  return points;
}

}  // namespace

TEST_CASE("do the pieces of a copy cover its bytes once, in words of 4 bytes?") {
  for (const auto& sizes :
       {transfer_sizes(device_of(13000, 1)), experts_sizes(), fragments_sizes(device_of(13000, 1))}) {
    Rng rng(4);
    auto points = grid_of(sizes);
    for (const Sweep& sweep : sizes.sweeps) {
      points.push_back(fresh_point(sweep, rng));
      sizes.finish(points.back());
    }
    for (const Point& point : points) {
      CAPTURE(point.key());
      const Pieces pieces = pieces_of(point);
      std::int64_t reached = 0;
      bool sound = true;
      for (std::int64_t i = 0; i < pieces.count; ++i) {
        sound = sound && pieces.first(i) == reached && pieces.length(i) > 0 && pieces.first(i) % 4 == 0;
        reached += pieces.length(i);
      }
      CHECK(sound);
      CHECK(reached == pieces.total);
      CHECK(sizes.load(point).bytes == static_cast<double>(reached) * (point.kernel == "both" ? 2 : 1));
    }
  }
}

TEST_CASE("do successive runs take different places that stay inside the pool, until all are used?") {
  for (const std::int64_t bytes : std::initializer_list<std::int64_t>{4, 1000, 1 << 20, (1 << 29) + 4, kPoolBytes}) {
    std::set<std::int64_t> places;
    const std::int64_t rounds =
        std::min<std::int64_t>(50, kPoolBytes / ((bytes + kPlaceGrain - 1) / kPlaceGrain * kPlaceGrain));
    for (std::int64_t run = 0; run < rounds; ++run) {
      const std::int64_t place = place_of(run, bytes);
      CHECK(place % kPlaceGrain == 0);
      CHECK(place + bytes <= kPoolBytes);
      places.insert(place);
    }
    CHECK(places.size() == static_cast<std::size_t>(rounds));
  }
}

TEST_CASE("are batched copies measured only where driver and runtime know them?") {
  const auto batched = [](const DeviceInfo& device) {
    std::int64_t points = 0;
    for (const Point& point : grid_of(transfer_sizes(device))) points += point.variant == "batched" ? 1 : 0;
    for (const Point& point : grid_of(fragments_sizes(device))) points += point.variant == "batch" ? 1 : 0;
    return points;
  };
  CHECK(batched(device_of(12040, 1)) == 0);
  CHECK(batched(device_of(12080, 1)) > 0);
}

TEST_CASE("are links between GPUs measured only where there are two?") {
  CHECK(grid_of(peer_sizes(device_of(13000, 1))).empty());
  CHECK(grid_of(all_reduce_sizes(device_of(13000, 1))).empty());
  CHECK(!grid_of(peer_sizes(device_of(13000, 2))).empty());
  for (const Point& point : grid_of(all_reduce_sizes(device_of(13000, 4)))) CHECK(point.at("ranks") == 4);
}
