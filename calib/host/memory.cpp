// Bandwidth by working set, through caches into memory (McCalpin's STREAM kernels, in doubles): each rank goes over its
// own part of the working set again and again, without waiting for the others in between. The parameter "bytes" is the
// working set, all arrays and threads together, and so are the bytes that one run moves: what the program reads and
// writes, not the lines that a cache reads before it writes them. Variants "node A to node B": A's processors read B's
// memory.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "calib/host/affinity.hpp"
#include "calib/host/buffer.hpp"
#include "calib/host/crews.hpp"
#include "calib/host/families.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"
#include "calib/host/streams.hpp"
#include "calib/host/system.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kSmallest = 16 << 10, kLargest = 1LL << 30;  // B; the smallest for each thread
constexpr std::int64_t kSmallestRemote = 64 << 20;
constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kLeastBuffer = 4 << 20;  // two huge pages
constexpr std::int64_t kGap = 5 * kPage;        // between arrays: a power of two apart, they would share memory banks
constexpr std::int64_t kTurn = 32;              // doubles: what the loops of streams.hpp take at once
constexpr std::int64_t kLooks = 1 << 16;        // elements that a check compares
constexpr double kFactor = 0.25;                // of triad
constexpr std::uint64_t kSeed = 0x6d656d6f7279;

/// One rank's arrays. `result`: the sum that was read, or the value that was written.
struct alignas(64) Part {
  double *a = nullptr, *b = nullptr, *c = nullptr;
  std::int64_t count = 0;
  double result = 0;
};

void read(Part& part, std::int64_t) { part.result = stream_sum(part.a, part.count); }
void write(Part& part, std::int64_t turn) {
  part.result = 1 + static_cast<double>(turn % 1024) / 1024;
  stream_fill(part.a, part.count, part.result);
}
void copy(Part& part, std::int64_t) { stream_copy(part.b, part.a, part.count); }
void triad(Part& part, std::int64_t) { stream_triad(part.a, part.b, part.c, kFactor, part.count); }

double error_of_sum(const Part& part) {
  double sum = 0;
  for (std::int64_t i = 0; i < part.count; ++i) sum += part.a[i];
  return std::abs(part.result - sum) / sum;
}

/// The largest relative error of array a, looked at in places.
template <class Expected>
double worst(const Part& part, Expected expected) {
  double error = 0;
  for (std::int64_t i = 0; i < part.count; i += std::max<std::int64_t>(1, part.count / kLooks)) {
    error = std::max(error, std::abs(part.a[i] - expected(i)) / expected(i));
  }
  return error;
}

double error_of_fill(const Part& part) {
  return worst(part, [&](std::int64_t) { return part.result; });
}
double error_of_copy(const Part& part) {
  return worst(part, [&](std::int64_t i) { return part.b[i]; });
}
double error_of_triad(const Part& part) {
  return worst(part, [&](std::int64_t i) { return part.b[i] + kFactor * part.c[i]; });
}

struct Kernel {
  std::string_view name;
  std::int64_t arrays;
  void (*run)(Part& part, std::int64_t turn);
  double (*error)(const Part& part);
};
constexpr std::array kKernels = {Kernel{"read", 1, read, error_of_sum}, Kernel{"write", 1, write, error_of_fill},
                                 Kernel{"copy", 2, copy, error_of_copy}, Kernel{"triad", 3, triad, error_of_triad}};

const Kernel& kernel_named(std::string_view name) {
  const auto* const found =
      std::find_if(kKernels.begin(), kKernels.end(), [&](const Kernel& k) { return k.name == name; });
  if (found == kKernels.end()) throw std::logic_error("memory: no kernel '" + std::string(name) + "'");
  return *found;
}

/// The working set, each rank's arrays one after another in the rank's share of the buffer.
std::vector<Part> parts_of(const Buffer& buffer, std::int64_t arrays, std::int64_t bytes, int threads) {
  const std::int64_t count = bytes / (8 * arrays * threads) / kTurn * kTurn;
  if (count == 0) throw std::runtime_error(fmt::format("memory: {} bytes are too few for {} threads", bytes, threads));
  std::vector<Part> parts(static_cast<std::size_t>(threads));
  for (int rank = 0; rank < threads; ++rank) {
    double* const base = buffer.as<double>() + share_of(buffer.bytes(), kPage, rank, threads).begin / 8;
    const std::int64_t apart = count + kGap / 8;
    parts[static_cast<std::size_t>(rank)] = {base, base + apart, base + 2 * apart, count};
  }
  return parts;
}

Sample time_of(const Point& point, const Effort& effort, Team& team, const Buffer& buffer) {
  const Kernel& kernel = kernel_named(point.kernel);
  std::vector<Part> parts = parts_of(buffer, kernel.arrays, static_cast<std::int64_t>(point.at("bytes")), team.size());
  const auto run = [&](std::int64_t turns) {
    return seconds_of([&] {
      team.run([&](int rank) {
        for (std::int64_t turn = 0; turn < turns; ++turn) kernel.run(parts[static_cast<std::size_t>(rank)], turn);
      });
    });
  };
  run(1);
  std::vector<double> errors(parts.size());
  team.run(
      [&](int rank) { errors[static_cast<std::size_t>(rank)] = kernel.error(parts[static_cast<std::size_t>(rank)]); });
  const double moved = static_cast<double>(8 * kernel.arrays * parts[0].count * team.size());
  return sample_of(point, 0, moved, repeat(effort, run), *std::max_element(errors.begin(), errors.end()));
}

/// What a working set takes with the gaps between its arrays.
std::int64_t room_for(std::int64_t bytes, int threads) { return std::max(bytes + 2 * kGap * threads, kLeastBuffer); }

Buffer filled(Team& team, std::int64_t room) {
  Buffer buffer(room);
  fill_random(team, buffer.all<double>(), kSeed);
  return buffer;
}

/// One node's processors on another's memory.
struct NodePair {
  std::string variant;
  NumaNode processors, memory;
};

std::vector<NodePair> node_pairs() {
  const std::vector<NumaNode> nodes = numa_nodes();
  std::vector<NodePair> pairs;
  for (const NumaNode& memory : nodes) {
    if (nodes.size() < 2) break;
    pairs.push_back({fmt::format("node {} to node {}", nodes[0].number, memory.number), nodes[0], memory});
  }
  return pairs;
}

class Memory final : public Family {
 public:
  explicit Memory(const HostSetup& setup)
      : largest_(std::min(kLargest, setup.memory_bytes / 2)), crews_(crews_of(setup.team)), pairs_(node_pairs()) {
    buffers_.resize(crews_.size());
  }

  std::string_view name() const override { return "memory"; }
  std::string_view what() const override {
    return "read, write, copy, triad (fp64) by working set, through the caches into memory; by threads and NUMA node";
  }

  std::vector<Point> grid() const override { return grid_of(series()); }
  std::vector<Point> fresh(Rng& rng, std::size_t count) const override { return fresh_of(series(), rng, count); }

  Estimate estimate(const Point& point) const override {
    const auto bytes = static_cast<std::int64_t>(point.at("bytes"));
    const int threads = threads_of(point.variant);
    const double fill = static_cast<double>(bytes) / (2e9 * threads);
    return {stream_seconds(bytes, threads, caches_), 1e-3 + fill};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    for (const NodePair& pair : pairs_) {
      if (pair.variant == point.variant) return measure_across(pair, point, effort);
    }
    Team& team = team_of(crews_, point.variant);
    Buffer& buffer = buffers_[&team == crews_[0].team.get() ? 0 : 1];
    const std::int64_t room = room_for(static_cast<std::int64_t>(point.at("bytes")), team.size());
    if (buffer.bytes() < room) {
      buffer = Buffer();  // before the next is taken
      buffer = filled(team, room);
    }
    return time_of(point, effort, team, buffer);
  }

  void release() override {
    for (Buffer& buffer : buffers_) buffer = Buffer();
  }

 private:
  std::vector<SizeSeries> series() const {
    std::vector<SizeSeries> all;
    for (const Crew& crew : crews_) {
      const std::int64_t threads = crew.team->size();
      const double per_octave = crew.team == crews_.back().team ? 2 : 1;  // the cost model uses all threads
      for (const Kernel& kernel : kKernels) {
        all.push_back({"memory",
                       std::string(kernel.name),
                       std::string(crew.variant),
                       "bytes",
                       {kSmallest * threads, largest_, kernel.arrays * threads * kPage},
                       per_octave});
      }
    }
    for (const NodePair& pair : pairs_) {
      const auto threads = static_cast<std::int64_t>(pair.processors.processors.size());
      all.push_back({"memory", "read", pair.variant, "bytes", {kSmallestRemote, largest_, threads * kPage}, 1});
    }
    return all;
  }

  int threads_of(std::string_view variant) const {
    for (const NodePair& pair : pairs_) {
      if (pair.variant == variant) return static_cast<int>(pair.processors.processors.size());
    }
    return team_of(crews_, variant).size();
  }

  static Sample measure_across(const NodePair& pair, const Point& point, const Effort& effort) {
    Buffer buffer;
    {
      const AffinityScope there(pair.memory.processors);
      Team team(Team::available());
      const auto bytes = static_cast<std::int64_t>(point.at("bytes"));
      buffer = filled(team, room_for(bytes, static_cast<int>(pair.processors.processors.size())));
    }
    const AffinityScope here(pair.processors.processors);
    Team team(Team::available());
    return time_of(point, effort, team, buffer);
  }

  std::int64_t largest_, caches_ = all_caches();
  std::vector<Crew> crews_;
  std::vector<Buffer> buffers_;  // one for each crew: its ranks touched its pages first
  std::vector<NodePair> pairs_;
};

}  // namespace

std::unique_ptr<Family> memory_family(const HostSetup& setup) { return std::make_unique<Memory>(setup); }

}  // namespace tiersim::calib
