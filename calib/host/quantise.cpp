// KV to 8 and 4 bits and back, in groups along tokens or channels, tokens x width (KV heads times head elements).
// Operands are as warm as repeating leaves them. Bytes: what is read and written, codes, scales and zeros included;
// FLOPs are not counted. The check of `quantise` is by how much its result misses half a scale.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <stdexcept>

#include "calib/host/cold_pool.hpp"
#include "calib/host/families.hpp"
#include "calib/host/quantised.hpp"
#include "calib/host/sizes.hpp"
#include "calib/host/stopwatch.hpp"

namespace tiersim::calib {
namespace {

constexpr std::array<std::string_view, 2> kKernels = {"dequantise", "quantise"};
constexpr std::array<std::int64_t, 2> kWidths = {256, 1024};
constexpr std::int64_t kLeastTokens = 16, kMostTokens = 4096;
constexpr double kPerOctave = 0.375;     // with two widths a factor of four apart: eight sizes
constexpr std::size_t kDraws = 100;      // at most, for a fresh point
constexpr std::int64_t kLooks = 10'000;  // elements that a check compares
constexpr std::uint64_t kSeed = 0x7175616e74;

struct Variant {
  std::string_view name;
  int bits;
  Grouping grouping;
};
constexpr std::array kVariants = {
    Variant{"int8 token", 8, Grouping::token}, Variant{"int8 channel", 8, Grouping::channel},
    Variant{"int4 token", 4, Grouping::token}, Variant{"int4 channel", 4, Grouping::channel}};

const Variant& variant_named(std::string_view name) {
  const auto* const found =
      std::find_if(kVariants.begin(), kVariants.end(), [&](const Variant& variant) { return variant.name == name; });
  if (found == kVariants.end()) throw std::logic_error("quantise: no variant '" + std::string(name) + "'");
  return *found;
}

Point point_of(std::string_view kernel, const Variant& variant, std::int64_t tokens, std::int64_t width) {
  return {"quantise",
          std::string(kernel),
          std::string(variant.name),
          {{"tokens", static_cast<double>(tokens)}, {"width", static_cast<double>(width)}}};
}

QuantisedShape shape_of(const Point& point) {
  const Variant& variant = variant_named(point.variant);
  return {.tokens = static_cast<std::int64_t>(point.at("tokens")),
          .width = static_cast<std::int64_t>(point.at("width")),
          .bits = variant.bits,
          .grouping = variant.grouping};
}

double elements_of(const Point& point) { return point.at("tokens") * point.at("width"); }

double bytes_of(const Point& point) {
  const QuantisedShape shape = shape_of(point);
  const int numbers = shape.bits == 4 ? 2 : 1;  // scale, zero
  return 4 * elements_of(point) + static_cast<double>(shape.code_bytes() + 4 * numbers * shape.scales());
}

struct Operands {
  explicit Operands(const QuantisedShape& s)
      : shape(s),
        x(static_cast<std::size_t>(s.tokens * s.width)),
        codes(static_cast<std::size_t>(s.code_bytes())),
        scales(static_cast<std::size_t>(s.scales())),
        zeros(scales.size()) {
    fill_signed(x, kSeed);
  }
  void quantise(Team& team) { calib::quantise(team, shape, x.data(), codes.data(), scales.data(), zeros.data()); }
  void dequantise(Team& team) { calib::dequantise(team, shape, codes.data(), scales.data(), zeros.data(), x.data()); }

  QuantisedShape shape;
  std::vector<float> x;
  std::vector<std::uint8_t> codes;
  std::vector<float> scales, zeros;
};

struct Decoded {
  double value, scale;
};

/// What element (token, channel) was stored as, by the description of the format alone.
Decoded decoded(const Operands& o, std::int64_t token, std::int64_t channel) {
  const QuantisedShape& s = o.shape;
  const std::int64_t group = s.grouping == Grouping::token
                                 ? token * (s.width / kQuantisedGroup) + channel / kQuantisedGroup
                                 : token / kQuantisedGroup * s.width + channel;
  const double scale = o.scales[static_cast<std::size_t>(group)];
  if (s.bits == 8) {
    return {scale * static_cast<std::int8_t>(o.codes[static_cast<std::size_t>(token * s.width + channel)]), scale};
  }
  const std::int64_t lane = channel % kQuantisedGroup, half = kQuantisedGroup / 2;
  const std::uint8_t byte = o.codes[static_cast<std::size_t>((token * s.width + channel - lane) / 2 + lane % half)];
  return {scale * (lane < half ? byte & 15 : byte >> 4) + o.zeros[static_cast<std::size_t>(group)], scale};
}

/// By how much elements miss what they were stored as, beyond `scales` scales; over the largest of them.
double error_of(const Operands& o, double scales) {
  const auto count = static_cast<std::int64_t>(o.x.size());
  double error = 0, largest = 0;
  for (std::int64_t i = 0; i < count; i += std::max<std::int64_t>(1, count / kLooks)) {
    const Decoded stored = decoded(o, i / o.shape.width, i % o.shape.width);
    const double x = o.x[static_cast<std::size_t>(i)];
    error = std::max(error, std::abs(x - stored.value) - scales * stored.scale);
    largest = std::max(largest, std::abs(x));
  }
  return std::max(error, 0.0) / largest;
}

class Quantise final : public Family {
 public:
  explicit Quantise(const HostSetup& setup) : team_(setup.team), most_bytes_(setup.memory_bytes) {}

  std::string_view name() const override { return "quantise"; }
  std::string_view what() const override {
    return "KV to int8 and int4 and back, groups of 64 along tokens and channels";
  }

  std::vector<Point> grid() const override {
    std::vector<Point> points;
    for (const Variant& variant : kVariants) {
      for (const std::string_view kernel : kKernels) {
        for (const std::int64_t tokens : spread({kLeastTokens, kMostTokens, 1}, kPerOctave)) {
          for (const std::int64_t width : kWidths) {
            const Point point = point_of(kernel, variant, tokens, width);
            if (fits(point)) points.push_back(point);
          }
        }
      }
    }
    return points;
  }

  std::vector<Point> fresh(Rng& rng, std::size_t count) const override {
    std::set<std::string> taken;
    for (const Point& p : grid()) taken.insert(p.key());
    std::vector<Point> points;
    for (std::size_t i = 0; i < kDraws * count && points.size() < count; ++i) {
      const Variant& variant = kVariants[rng.below(kVariants.size())];
      const std::string_view kernel = kKernels[rng.below(kKernels.size())];
      const auto tokens = fresh_size(rng, {kLeastTokens, kMostTokens, 1}, {});
      const auto width = fresh_size(rng, {kWidths.front(), kWidths.back(), kQuantisedGroup}, {});
      const Point point = point_of(kernel, variant, *tokens, *width);
      if (fits(point) && taken.insert(point.key()).second) points.push_back(point);
    }
    return points;
  }

  Estimate estimate(const Point& point) const override {
    constexpr double kBytes = 4e9, kFill = 0.5e9, kStart = 3e-6;  // 1/s
    return {kStart + bytes_of(point) / kBytes, bytes_of(point) / kFill};
  }

  Sample measure(const Point& point, const Effort& effort) override {
    Operands o(shape_of(point));
    const bool back = point.kernel == kKernels[0];
    o.quantise(*team_);
    double check = error_of(o, 0.5);
    if (back) {
      o.dequantise(*team_);
      check = error_of(o, 0);
    }
    const Timing timing = repeat(effort, [&](std::int64_t count) {
      return seconds_of([&] {
        for (std::int64_t i = 0; i < count; ++i) back ? o.dequantise(*team_) : o.quantise(*team_);
      });
    });
    return sample_of(point, 0, bytes_of(point), timing, check);
  }

 private:
  bool fits(const Point& point) const { return bytes_of(point) <= static_cast<double>(most_bytes_); }

  std::shared_ptr<Team> team_;
  std::int64_t most_bytes_;
};

}  // namespace

std::unique_ptr<Family> quantise_family(const HostSetup& setup) { return std::make_unique<Quantise>(setup); }

}  // namespace tiersim::calib
