#include "calib/cuda/link_sizes.hpp"

#include <algorithm>
#include <limits>

namespace tiersim::calib {
namespace {

constexpr double kKiB = 1024, kMiB = 1024 * kKiB, kMB = 1e6;
constexpr double kPool = static_cast<double>(kPoolBytes);

// For estimates alone.
constexpr double kLink = 2.5e10, kPageable = 6e9, kPeer = 2e11;  // B/s
constexpr double kCopy = 4e-6;                                   // s, one by one
constexpr double kPlainSum = 1.5e-5;                             // s, kernels that wait for each other across GPUs

std::int64_t whole(double value) { return static_cast<std::int64_t>(value); }

double seconds_of(const Point& point, double bytes) {
  const bool pageable = point.variant == "pageable";
  return kCopy * point.at("operations") + bytes / (pageable ? kPageable : kLink);
}

/// All pools; nothing that is larger than one of them.
double pools_for(double bytes_one_way) {
  return bytes_one_way <= kPool ? 4 * kPool : std::numeric_limits<double>::infinity();
}

}  // namespace

bool has_batched_copies(const DeviceInfo& device) {
  constexpr int kSince = 12080;
  const auto new_enough = [](int version) { return version == 0 || version >= kSince; };  // 0: nobody was asked
  return new_enough(device.driver) && new_enough(device.runtime);
}

std::int64_t place_of(std::int64_t run, std::int64_t bytes) {
  const std::int64_t room = (bytes + kPlaceGrain - 1) / kPlaceGrain * kPlaceGrain;
  const std::int64_t places = std::max<std::int64_t>(1, kPoolBytes / room);
  return run % places * room;
}

Pieces pieces_of(const Point& point) {
  Pieces pieces;
  if (point.family == "fragments") {
    pieces.count = whole(point.at("operations"));
    pieces.bytes = whole(point.at("size"));
    pieces.total = pieces.count * pieces.bytes;
    return pieces;
  }
  pieces.total = whole(point.at("bytes"));
  if (point.variant == "batched") pieces.count = kBatchedCopies;
  if (point.variant == "three") pieces.count = 3;
  pieces.bytes = point.variant == "chunks" ? kExpertChunk : pieces.total / pieces.count / 4 * 4;
  if (point.variant == "chunks") pieces.count = (pieces.total + kExpertChunk - 1) / kExpertChunk;
  return pieces;
}

FamilySizes transfer_sizes(const DeviceInfo& device) {
  FamilySizes sizes;
  sizes.name = "transfer";
  sizes.what = "host to device, back and both at once: pinned, pageable, sixteen copies in one call; 4 B to 1 GB a way";
  sizes.load = [](const Point& point) {
    const double one_way = point.at("bytes"), bytes = point.kernel == "both" ? 2 * one_way : one_way;
    return Load{0, bytes, pools_for(one_way), seconds_of(point, one_way)};
  };
  sizes.finish = [](Point& point) {
    const double ways = point.kernel == "both" ? 2 : 1;
    point.parameters.push_back({"operations", ways * static_cast<double>(pieces_of(point).count)});
  };
  for (const char* kernel : {"h2d", "d2h", "both"}) {
    sizes.sweeps.push_back({"transfer", kernel, "pinned", {{"bytes", geometric(4, kPool, 2), 4}}});
    // One thread's pageable copies wait for each other, so that both ways at once would not be that.
    if (kernel != std::string("both")) {
      sizes.sweeps.push_back({"transfer", kernel, "pageable", {{"bytes", geometric(4, 256 * kMiB, 4), 4}}});
    }
    if (has_batched_copies(device)) {
      sizes.sweeps.push_back({"transfer", kernel, "batched", {{"bytes", geometric(64, kPool, 4), 64}}});
    }
  }
  return sizes;
}

FamilySizes fragments_sizes(const DeviceInfo& device) {
  FamilySizes sizes;
  sizes.name = "fragments";
  sizes.what = "1 to 16384 pieces of 4 KB to 2 MB at random places: a loop of copies, one batch of them, one kernel";
  sizes.load = [](const Point& point) {
    const double bytes = point.at("operations") * point.at("size");
    return Load{0, bytes, pools_for(bytes), seconds_of(point, bytes)};
  };
  for (const char* kernel : {"h2d", "d2h"}) {
    for (const char* variant : {"loop", "batch", "kernel"}) {
      if (variant == std::string("batch") && !has_batched_copies(device)) continue;
      sizes.sweeps.push_back({"fragments",
                              kernel,
                              variant,
                              {{"operations", geometric(1, 16384, 4), 1},
                               {"size", {4 * kKiB, 16 * kKiB, 64 * kKiB, 256 * kKiB, 2 * kMiB}, 4 * kKiB}}});
    }
  }
  return sizes;
}

FamilySizes experts_sizes() {
  FamilySizes sizes;
  sizes.name = "experts";
  sizes.what = "an expert's three matrices from pinned host memory: one copy, three, or chunks of 2 MB";
  sizes.load = [](const Point& point) {
    const double bytes = point.at("bytes");
    return Load{0, bytes, pools_for(bytes), seconds_of(point, bytes)};
  };
  sizes.finish = [](Point& point) {
    point.parameters.push_back({"operations", static_cast<double>(pieces_of(point).count)});
  };
  // From a small expert in 4 bits (3 x 2 MB) over DeepSeek-V3's in fp8 (44 MB) to Mixtral-8x22B's in bf16 (604 MB).
  const std::vector<double> bytes = {6 * kMB,      12 * kMB,     24 * kMB,     44.04 * kMB, 88.08 * kMB,
                                     176.16 * kMB, 352.32 * kMB, 603.98 * kMB, 1050 * kMB};
  for (const char* variant : {"one", "three", "chunks"}) {
    sizes.sweeps.push_back({"experts", "h2d", variant, {{"bytes", bytes, 12}}});
  }
  return sizes;
}

FamilySizes peer_sizes(const DeviceInfo& device) {
  FamilySizes sizes;
  sizes.name = "peer";
  sizes.what = "copies from this GPU to the next one, and both ways at once; where there is more than one";
  sizes.load = [](const Point& point) {
    const double one_way = point.at("bytes"), bytes = point.kernel == "both" ? 2 * one_way : one_way;
    return Load{0, bytes, 2 * one_way, kCopy + one_way / kPeer};
  };
  if (device.devices < 2) return sizes;
  for (const char* kernel : {"copy", "both"}) {
    sizes.sweeps.push_back({"peer", kernel, "", {{"bytes", geometric(16, kPool, 4), 16}}});
  }
  return sizes;
}

FamilySizes all_reduce_sizes(const DeviceInfo& device) {
  FamilySizes sizes;
  sizes.name = "all_reduce";
  sizes.what = "sums over all GPUs by our own kernels over peer memory, bf16: in one step, or scattered and gathered";
  sizes.load = [](const Point& point) {
    const double bytes = point.at("bytes");
    return Load{0, bytes, 4 * bytes, kPlainSum + 2 * bytes / kPeer};
  };
  if (device.devices < 2) return sizes;
  const double gpus = device.devices;
  for (const char* kernel : {"one_shot", "two_shot"}) {
    sizes.sweeps.push_back({"all_reduce",
                            kernel,
                            "bf16",
                            {{"bytes", geometric(4 * kKiB, 256 * kMiB, 2), 2 * kKiB}, {"ranks", {gpus}, 0}}});
  }
  return sizes;
}

}  // namespace tiersim::calib
