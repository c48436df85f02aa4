#include "calib/cuda/sizes.hpp"

#include <algorithm>
#include <string_view>

#include "calib/cuda/index.hpp"

namespace tiersim::calib {
namespace {

constexpr double kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
constexpr double kBf16 = 2;  // B

std::int64_t whole(double value) { return static_cast<std::int64_t>(value); }

struct Small {
  const char* kernel;
  double flops;              // per element
  double moved;              // elements read and written per element
  std::vector<double> m, n;  // tokens or rows; width
};

/// Per element as in the usual counts of a decoder layer's operators: norm 7, rotary 6, gated activation 2, softmax 5.
const std::vector<Small>& small_kernels() {
  static const std::vector<double> tokens = geometric(1, 16384, 4), rows = geometric(1, 4096, 4);
  static const std::vector<Small> kernels = {
      {"norm", 7, 2, tokens, {2048, 4096, 8192}},
      {"rotary", 6, 2, tokens, {1024, 5120, 9216}},
      {"activation", 2, 3, tokens, {3584, 14336, 28672}},
      {"add", 1, 3, tokens, {2048, 4096, 8192}},
      {"softmax", 5, 2, rows, {1024, 8192, 65536, 131072}},
      {"top_k", 1, 1, geometric(1, 256, 4), {32000, 65536, 128256, 152064}},
  };
  return kernels;
}

Load elementwise_load(const Point& point) {
  const auto& kernels = small_kernels();
  const auto kernel =
      std::find_if(kernels.begin(), kernels.end(), [&](const Small& s) { return point.kernel == s.kernel; });
  const double m = point.at("m"), n = point.at("n"), elements = m * n;
  double bytes = kBf16 * kernel->moved * elements;
  if (point.kernel == "norm") bytes += kBf16 * n;                // the gain
  if (point.kernel == "rotary") bytes += 4 * m * point.at("k");  // cosine and sine in fp32, half a head of each
  if (point.kernel == "top_k") bytes += (kBf16 + 4) * m * point.at("k");
  return {kernel->flops * elements, bytes, bytes, 3e-6};
}

Load quantise_load(const Point& point) {
  const double elements = point.at("m") * point.at("n");
  const double bytes = kBf16 * elements + code_bytes(point, elements) + kBf16 * elements / kGroup;
  return {(point.kernel == "quantise" ? 3 : 1) * elements, bytes, 2 * bytes, 3e-6};
}

}  // namespace

StreamShape stream_shape(const Point& point) {
  const std::int64_t arrays = point.kernel == "triad" ? 3 : point.kernel == "copy" ? 2 : 1;
  return {arrays, std::max<std::int64_t>(1, whole(point.at("bytes")) / arrays / 16)};
}

FamilySizes memory_sizes(const DeviceInfo& device) {
  FamilySizes sizes{"memory",
                    "read, write, copy and triad by the bytes moved, 4 KB to 8 GB; cold: after an L2 flush",
                    {},
                    [](const Point& point) {
                      const StreamShape shape = stream_shape(point);
                      const double bytes = 16.0 * static_cast<double>(shape.arrays * shape.words);
                      const double flops = point.kernel == "triad" ? 8.0 * static_cast<double>(shape.words) : 0;
                      return Load{flops, bytes, bytes + kMiB};
                    }};
  for (const char* kernel : {"read", "write", "copy", "triad"}) {
    sizes.sweeps.push_back({"memory", kernel, "hot", {{"bytes", geometric(4 * kKiB, 8 * kGiB, 2), kKiB}}});
  }
  for (const char* kernel : {"read", "write", "copy", "triad"}) {
    const auto most = 4 * static_cast<double>(device.l2_bytes);
    sizes.sweeps.push_back({"memory", kernel, "cold", {{"bytes", geometric(4 * kKiB, most, 2), kKiB}}});
  }
  return sizes;
}

GatherShape gather_shape(const Point& point, const DeviceInfo& device) {
  GatherShape shape;
  shape.block_bytes = whole(point.at("block"));
  shape.blocks = std::max<std::int64_t>(1, whole(point.at("total")) / shape.block_bytes);
  shape.spread = point.kernel == "strided" ? 4 : 2;
  shape.copies = copies_beyond(device.l2_bytes, 2 * shape.run_bytes());
  return shape;
}

FamilySizes gather_sizes(const DeviceInfo& device) {
  FamilySizes sizes;
  sizes.name = "gather";
  sizes.what = "blocks of 256 B to 1 MB out of a pool into one buffer: every fourth, or by a random page table";
  sizes.load = [device](const Point& point) {
    const GatherShape shape = gather_shape(point, device);
    const auto run = static_cast<double>(shape.run_bytes()), blocks = static_cast<double>(shape.blocks);
    const double table = point.kernel == "paged" ? 4 * blocks : 0;
    const auto copies = static_cast<double>(shape.copies), spread = static_cast<double>(shape.spread);
    return Load{0, 2 * run + table, copies * (run * (spread + 1) + spread * table)};
  };
  sizes.finish = [device](Point& point) {
    point.parameters.push_back({"operations", static_cast<double>(gather_shape(point, device).blocks)});
  };
  for (const char* kernel : {"paged", "strided"}) {
    sizes.sweeps.push_back({"gather",
                            kernel,
                            "",
                            {{"block", geometric(256, kMiB, 2), 256}, {"total", {64 * kMiB, 256 * kMiB, kGiB}, kMiB}}});
  }
  return sizes;
}

FamilySizes cache_sizes(const DeviceInfo& device) {
  FamilySizes sizes;
  sizes.name = "cache";
  sizes.what = "reads of half the L2 again and again; reads of shared memory on all multiprocessors";
  const double set = kMiB * static_cast<double>(std::max<std::int64_t>(1, device.l2_bytes / 2 >> 20));
  const double blocks = shared_blocks(device.multiprocessors);
  sizes.load = [blocks](const Point& point) {
    if (point.kernel == "l2_read") return Load{0, point.at("set") * point.at("passes"), point.at("set")};
    const double bytes = blocks * kSharedThreads * kSharedReads * 16 * point.at("passes");
    // Some eight times as fast as memory.
    return Load{0, bytes, kMiB, 2e-6 + bytes / 3e13};
  };
  sizes.sweeps = {{"cache", "l2_read", "", {{"set", {set}, 0}, {"passes", {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64}}}},
                  {"cache", "shared_read", "", {{"passes", geometric(4, 4096, 2)}}}};
  return sizes;
}

FamilySizes elementwise_sizes() {
  FamilySizes sizes;
  sizes.name = "elementwise";
  sizes.what = "norm, rotary, activation, add, softmax, top_k over m tokens (rows) of n elements, bf16";
  sizes.load = elementwise_load;
  for (const Small& small : small_kernels()) {
    const std::string_view kernel = small.kernel;
    Sweep sweep{
        "elementwise", small.kernel, "bf16", {{"m", small.m, 1}, {"n", small.n, kernel == "rotary" ? 128.0 : 8.0}}};
    if (kernel == "rotary") sweep.axes.push_back({"k", {128}, 0});  // elements of a head
    if (kernel == "top_k") sweep.axes.push_back({"k", {50}, 0});    // tokens that sampling keeps
    sizes.sweeps.push_back(std::move(sweep));
  }
  return sizes;
}

double code_bytes(const Point& point, double elements) {
  return point.variant.starts_with("int4") ? elements / 2 : elements;
}

FamilySizes quantise_sizes() {
  FamilySizes sizes;
  sizes.name = "quantise";
  sizes.what = "KV of m tokens x n channels between bf16 and int8, int4, fp8; groups of 64 by token or by channel";
  sizes.load = quantise_load;
  for (const char* kernel : {"dequantise", "quantise"}) {
    for (const char* variant :
         {"int8 token", "int8 channel", "int4 token", "int4 channel", "fp8 token", "fp8 channel"}) {
      sizes.sweeps.push_back({"quantise",
                              kernel,
                              variant,
                              {{"m", geometric(kTileTokens, 262144, 4), kTileTokens},
                               {"n", {kTileChannels, 4.0 * kTileChannels}, kTileChannels}}});
    }
  }
  return sizes;
}

FamilySizes overhead_sizes() {
  FamilySizes sizes;
  sizes.name = "overhead";
  sizes.what = "empty kernels launched one by one, as nodes of a graph, each with a synchronisation; events recorded";
  sizes.load = [](const Point& point) { return Load{0, 0, 0, 1e-5 + 1e-5 * point.at("operations")}; };
  for (const char* kernel : {"launch", "graph_node", "synchronise", "event"}) {
    sizes.sweeps.push_back({"overhead", kernel, "", {{"operations", geometric(1, 256, 2), 1}}});
  }
  return sizes;
}

FamilySizes mapping_sizes() {
  FamilySizes sizes;
  sizes.name = "mapping";
  sizes.what = "virtual memory by pages of 2 MB: made, mapped, opened for access, unmapped";
  sizes.load = [](const Point& point) {
    const double pages = point.at("operations");
    return Load{0, 0, pages * static_cast<double>(kPageBytes), 2e-4 * pages};
  };
  for (const char* kernel : {"create", "map", "access", "unmap"}) {
    sizes.sweeps.push_back({"mapping", kernel, "", {{"operations", geometric(1, 256, 2), 1}}});
  }
  return sizes;
}

}  // namespace tiersim::calib
