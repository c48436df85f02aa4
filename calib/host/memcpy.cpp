// Copies as a tier's staging makes them, from memory that is in no cache to memory that is in none: one piece by
// std::memcpy ("memcpy", parameter "size" in B), and blocks gathered from random places into one piece ("blocks",
// "operations" blocks of "block" B), as paged KV is before it is sent or written. A sample's bytes are those read plus
// those written: twice the payload. Every run uses other places of two arenas, each larger than all caches where the
// memory that a measurement may take allows it.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "calib/host/buffer.hpp"
#include "calib/host/crews.hpp"
#include "calib/host/families.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"
#include "calib/host/streams.hpp"
#include "calib/host/system.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kPage = 4096, kLeastBlock = 512, kLargestBlock = 2 << 20, kLargest = 256 << 20;  // B
constexpr std::int64_t kCachesOver = 4;  // an arena's size in all caches together
constexpr std::uint64_t kSeed = 0x6d656d637079;

/// Places of one size in an arena, visited so that neighbours in space are far apart in time.
class Slots {
 public:
  Slots(std::int64_t arena, std::int64_t size)
      : size_((size + kPage - 1) / kPage * kPage), count_(std::max<std::int64_t>(1, arena / size_)) {
    step_ = std::max<std::int64_t>(1, count_ * 618 / 1000);
    while (std::gcd(step_, count_) != 1) ++step_;
  }
  /// Bytes from the arena's beginning.
  std::int64_t next() {
    at_ = (at_ + step_) % count_;
    return at_ * size_;
  }

 private:
  std::int64_t size_, count_, step_ = 1, at_ = 0;
};

/// The places of all blocks of an arena, in random order, taken a run at a time.
class Table {
 public:
  Table(std::int64_t arena, std::int64_t block) : offsets_(static_cast<std::size_t>(arena / block)) {
    Rng rng(kSeed);
    for (std::size_t i = 0; i < offsets_.size(); ++i) offsets_[i] = static_cast<std::int64_t>(i) * block;
    for (std::size_t i = offsets_.size(); i > 1; --i) std::swap(offsets_[i - 1], offsets_[rng.below(i)]);
  }
  std::span<const std::int64_t> next(std::size_t count) {
    if (at_ + count > offsets_.size()) at_ = 0;
    at_ += count;
    return std::span(offsets_).subspan(at_ - count, count);
  }

 private:
  std::vector<std::int64_t> offsets_;
  std::size_t at_ = 0;
};

class Memcpy final : public Family {
 public:
  explicit Memcpy(const HostSetup& setup)
      : arena_(std::min(std::max(kCachesOver * caches_, kLargest), setup.memory_bytes / 2) / kPage * kPage),
        all_(setup.team),
        crews_(crews_of(setup.team)) {}

  std::string_view name() const override { return "memcpy"; }
  std::string_view what() const override {
    return "memcpy of 4 KiB to 256 MiB; scattered blocks of 512 B to 2 MiB gathered into one piece; all uncached";
  }

  std::vector<Point> grid() const override;
  std::vector<Point> fresh(Rng& rng, std::size_t count) const override;

  Estimate estimate(const Point& point) const override {
    constexpr double kBlock = 60e-9;  // s
    const int threads = team_of(crews_, point.variant).size();
    const double copy = stream_seconds(static_cast<std::int64_t>(2 * payload_of(point)), threads, 0);
    const double arenas = static_cast<double>(source_.bytes() > 0 ? 0 : 2 * arena_) / (2e9 * all_->size());
    return {1e-6 + copy + kBlock * point.at("operations", 0) / threads, 1e-3 + arenas};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    if (source_.bytes() == 0) {
      Buffer source(arena_), target(arena_);
      fill_random(*all_, source.all<double>(), kSeed);
      fill_random(*all_, target.all<double>(), kSeed + 1);
      source_ = std::move(source);
      target_ = std::move(target);
    }
    return point.kernel == "memcpy" ? measure_piece(point, effort) : measure_blocks(point, effort);
  }

  void release() override {
    source_ = Buffer();
    target_ = Buffer();
  }

 private:
  static double payload_of(const Point& point) {
    return point.kernel == "memcpy" ? point.at("size") : point.at("block") * point.at("operations");
  }

  std::vector<SizeSeries> pieces() const {
    std::vector<SizeSeries> all;
    for (const Crew& crew : crews_) {
      all.push_back(
          {"memcpy", "memcpy", std::string(crew.variant), "size", {kPage, std::min(kLargest, arena_), kPage}, 1});
    }
    return all;
  }
  static SizeRange block_sizes() { return {kLeastBlock, kLargestBlock, kLeastBlock}; }
  /// Of all blocks of a run together.
  SizeRange gathered_sizes() const { return {kLargestBlock, std::min<std::int64_t>(128 << 20, arena_), kPage}; }

  static Point blocks_point(const Crew& crew, std::int64_t block, std::int64_t all) {
    const auto operations = static_cast<double>(std::max<std::int64_t>(1, all / block));
    return {"memcpy",
            "blocks",
            std::string(crew.variant),
            {{"block", static_cast<double>(block)}, {"operations", operations}}};
  }

  Sample measure_piece(const Point& point, const Effort& effort);
  Sample measure_blocks(const Point& point, const Effort& effort);

  std::int64_t caches_ = all_caches(), arena_;
  std::shared_ptr<Team> all_;
  std::vector<Crew> crews_;
  Buffer source_, target_;
};

std::vector<Point> Memcpy::grid() const {
  std::vector<Point> points = grid_of(pieces());
  for (const Crew& crew : crews_) {
    for (const std::int64_t all : spread(gathered_sizes(), 1.0 / 3)) {
      for (const std::int64_t block : spread(block_sizes(), 0.5)) points.push_back(blocks_point(crew, block, all));
    }
  }
  return points;
}

std::vector<Point> Memcpy::fresh(Rng& rng, std::size_t count) const {
  std::vector<Point> points = fresh_of(pieces(), rng, count / 2);
  const std::vector<std::int64_t> taken = spread(block_sizes(), 0.5);
  for (std::size_t i = count / 2; i < count; ++i) {
    const auto block = fresh_size(rng, block_sizes(), taken);
    const auto all = fresh_size(rng, gathered_sizes(), {});
    if (block && all) points.push_back(blocks_point(crews_[rng.below(crews_.size())], *block, *all));
  }
  return points;
}

Sample Memcpy::measure_piece(const Point& point, const Effort& effort) {
  Team& team = team_of(crews_, point.variant);
  const auto size = static_cast<std::int64_t>(point.at("size"));
  Slots from(arena_, size), to(arena_, size);
  const std::byte* source = nullptr;
  std::byte* target = nullptr;
  const std::function<void(int)> copy = [&](int rank) {
    const Share share = share_of(size, kPage, rank, team.size());
    std::memcpy(target + share.begin, source + share.begin, static_cast<std::size_t>(share.end - share.begin));
  };
  const auto run = [&](std::int64_t n) {
    return seconds_of([&] {
      for (std::int64_t i = 0; i < n; ++i) {
        source = source_.as<std::byte>() + from.next();
        target = target_.as<std::byte>() + to.next();
        team.run(copy);
      }
    });
  };
  run(1);
  const bool same = std::memcmp(source, target, static_cast<std::size_t>(size)) == 0;
  return sample_of(point, 0, 2 * payload_of(point), repeat(effort, run), same ? 0 : 1);
}

Sample Memcpy::measure_blocks(const Point& point, const Effort& effort) {
  Team& team = team_of(crews_, point.variant);
  const auto block = static_cast<std::int64_t>(point.at("block"));
  const auto operations = static_cast<std::int64_t>(point.at("operations"));
  Table table(arena_, block);
  Slots to(arena_, block * operations);
  std::span<const std::int64_t> sources;
  std::byte* target = nullptr;
  const std::function<void(int)> gather = [&](int rank) {
    const Share share = share_of(operations, 1, rank, team.size());
    for (std::int64_t i = share.begin; i < share.end; ++i) {
      std::memcpy(target + i * block, source_.as<std::byte>() + sources[static_cast<std::size_t>(i)],
                  static_cast<std::size_t>(block));
    }
  };
  const auto run = [&](std::int64_t n) {
    return seconds_of([&] {
      for (std::int64_t i = 0; i < n; ++i) {
        sources = table.next(static_cast<std::size_t>(operations));
        target = target_.as<std::byte>() + to.next();
        team.run(gather);
      }
    });
  };
  run(1);
  bool same = true;
  for (std::int64_t i = 0; i < operations; ++i) {
    same = same && std::memcmp(target + i * block, source_.as<std::byte>() + sources[static_cast<std::size_t>(i)],
                               static_cast<std::size_t>(block)) == 0;
  }
  return sample_of(point, 0, 2 * payload_of(point), repeat(effort, run), same ? 0 : 1);
}

}  // namespace

std::unique_ptr<Family> memcpy_family(const HostSetup& setup) { return std::make_unique<Memcpy>(setup); }

}  // namespace tiersim::calib
