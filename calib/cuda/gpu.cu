// The GPU that is measured: what it says of itself, and how its time is taken.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>

#include "calib/cuda/kit.cuh"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kMostNodes = 128;  // of a captured graph: launching it costs the host less than running it
constexpr double kHold = 40e-6;           // s; longer than the host needs to queue the first launches of a batch
constexpr double kPlainHold = 4e-6;       // s; what queueing one plain launch costs the host
constexpr double kRaiseClocks = 0.3;      // s
constexpr int kThreads = 256;

__global__ void spin(std::uint64_t nanoseconds) {
  std::uint64_t start = 0, now = 0;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
  do {
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
  } while (now - start < nanoseconds);
}

__global__ void empty() {}

/// Reads everything; the store cannot happen on the random data that it reads, which the compiler does not know.
__global__ void read_all(const uint4* data, std::int64_t count, std::uint32_t* sink) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::uint32_t all = 0xFFFFFFFFU;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    const uint4 x = data[i];
    all &= x.x & x.y & x.z & x.w;
  }
  if (all == 0x5A5A5A5AU) *sink = all;
}

/// n launches, captured once.
class Replay {
 public:
  Replay(cudaStream_t stream, const Launch& launch, std::int64_t runs) : runs_(runs) {
    CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    cudaGraph_t graph = nullptr;
    try {
      for (std::int64_t run = 0; run < runs; ++run) launch(stream, run);
    } catch (...) {
      static_cast<void>(cudaStreamEndCapture(stream, &graph));  // or the stream stays unusable
      if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
      throw;
    }
    CUDA_CHECK(cudaStreamEndCapture(stream, &graph));
    const cudaError_t error = cudaGraphInstantiate(&executable_, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    CUDA_CHECK(error);
    CUDA_CHECK(cudaGraphUpload(executable_, stream));
  }
  ~Replay() { static_cast<void>(cudaGraphExecDestroy(executable_)); }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;
  [[nodiscard]] std::int64_t runs() const { return runs_; }
  void launch(cudaStream_t stream) const { CUDA_CHECK(cudaGraphLaunch(executable_, stream)); }

 private:
  cudaGraphExec_t executable_ = nullptr;
  std::int64_t runs_;
};

int attribute(cudaDeviceAttr which, int ordinal) {
  int value = 0;
  CUDA_CHECK(cudaDeviceGetAttribute(&value, which, ordinal));
  return value;
}

std::string text_of(const cudaUUID_t& uuid) {
  std::string text;
  for (const char byte : uuid.bytes) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    text += hex;
  }
  return text;
}

int devices_or_throw(int ordinal) {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  int driver = 0;  // stays 0 where there is none, which CUDA calls insufficient as well
  static_cast<void>(cudaDriverGetVersion(&driver));
  if (error == cudaErrorInsufficientDriver && driver > 0) {
    throw std::runtime_error(
        "the NVIDIA driver is older than this program's CUDA: update the driver, or build with the "
        "nvcc that came with it (calib/on_gpu.sh uses the machine's own)");
  }
  if (error != cudaSuccess || devices == 0) {
    throw std::runtime_error(std::string("no GPU to measure here (") +
                             (driver == 0            ? "no NVIDIA driver"
                              : error == cudaSuccess ? "none is visible"
                                                     : cudaGetErrorString(error)) +
                             "): run this on a machine with an NVIDIA GPU, or see the plan with --dry-run");
  }
  if (ordinal < 0 || ordinal >= devices) {
    throw std::runtime_error("there is no GPU " + std::to_string(ordinal) + ": --device takes 0 to " +
                             std::to_string(devices - 1));
  }
  return devices;
}

}  // namespace

DeviceInfo query_device(int ordinal) {
  DeviceInfo info;
  info.devices = devices_or_throw(ordinal);
  cudaDeviceProp properties{};
  CUDA_CHECK(cudaGetDeviceProperties(&properties, ordinal));
  info.name = properties.name;
  info.uuid = text_of(properties.uuid);
  char bus[32] = {};
  CUDA_CHECK(cudaDeviceGetPCIBusId(bus, sizeof bus, ordinal));
  info.pci_bus = bus;
  info.major = properties.major;
  info.minor = properties.minor;
  info.multiprocessors = properties.multiProcessorCount;
  info.l2_bytes = properties.l2CacheSize;
  info.shared_per_multiprocessor = static_cast<std::int64_t>(properties.sharedMemPerMultiprocessor);
  info.shared_per_block = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin);
  info.clock_mhz = attribute(cudaDevAttrClockRate, ordinal) * 1e-3;
  info.memory_clock_mhz = attribute(cudaDevAttrMemoryClockRate, ordinal) * 1e-3;
  info.bus_bits = attribute(cudaDevAttrGlobalMemoryBusWidth, ordinal);
  CUDA_CHECK(cudaDriverGetVersion(&info.driver));
  CUDA_CHECK(cudaRuntimeGetVersion(&info.runtime));
  if (info.major < 8) {
    throw std::runtime_error(info.name + " has compute capability " + std::to_string(info.major) + "." +
                             std::to_string(info.minor) + "; 8.0 (Ampere) or newer is needed");
  }
  CUDA_CHECK(cudaSetDevice(ordinal));
  std::size_t free_bytes = 0, all_bytes = 0;
  CUDA_CHECK(cudaMemGetInfo(&free_bytes, &all_bytes));
  info.free_bytes = static_cast<std::int64_t>(free_bytes);
  info.memory_bytes = static_cast<std::int64_t>(all_bytes);
  return info;
}

Gpu::Gpu(int ordinal) : ordinal_(ordinal), info_(query_device(ordinal)) {
  spin<<<info_.multiprocessors * 8, kThreads, 0, stream_>>>(static_cast<std::uint64_t>(kRaiseClocks * 1e9));
  check_launch();
  stream_.synchronise();
}

Gpu::~Gpu() = default;

void Gpu::hold(cudaStream_t stream, double seconds) const {
  spin<<<1, 1, 0, stream>>>(static_cast<std::uint64_t>(seconds * 1e9));
  check_launch();
}

void Gpu::run(const Launch& launch) const {
  launch(stream_, 0);
  check_launch();
  stream_.synchronise();
}

Timing Gpu::time(const Effort& effort, const Launch& launch, Way way) {
  run(launch);  // loads the kernel's code, which a capture must not
  switch (way) {
    case Way::plain:
      return time_plain(effort, launch);
    case Way::cold:
      return time_cold(effort, launch);
    case Way::graph:
      break;
  }
  return time_replayed(effort, launch);
}

Timing Gpu::time_replayed(const Effort& effort, const Launch& launch) {
  std::optional<Replay> replay;
  return repeat(effort, [&](std::int64_t n) {
    const std::int64_t runs = std::min(n, kMostNodes);
    if (!replay || replay->runs() != runs) replay.emplace(stream_, launch, runs);
    const std::int64_t replays = (n + runs - 1) / runs;
    hold(stream_, kHold);
    start_.record(stream_);
    for (std::int64_t i = 0; i < replays; ++i) replay->launch(stream_);
    stop_.record(stream_);
    return seconds_between(start_, stop_) * static_cast<double>(n) / static_cast<double>(runs * replays);
  });
}

Timing Gpu::time_plain(const Effort& effort, const Launch& launch) {
  return repeat(effort, [&](std::int64_t n) {
    hold(stream_, kHold + kPlainHold * static_cast<double>(std::min(n, kMostNodes)));
    start_.record(stream_);
    for (std::int64_t run = 0; run < n; ++run) launch(stream_, run);
    stop_.record(stream_);
    check_launch();
    return seconds_between(start_, stop_);
  });
}

void Gpu::flush() {
  if (flushed_.size() == 0) {
    flushed_ = DeviceBuffer<std::uint32_t>(info_.l2_bytes);  // four times the L2: replacement is not strictly by age
    fill_random(flushed_, 1);
  }
  // By reading: lines that a flush had written would have to be written back during the measurement.
  read_all<<<info_.multiprocessors * 8, kThreads, 0, stream_>>>(reinterpret_cast<const uint4*>(flushed_.data()),
                                                                flushed_.bytes() / 16, flushed_.data());
  check_launch();
}

double Gpu::cold_run(const Launch& launch, std::int64_t run) {
  flush();
  start_.record(stream_);
  launch(stream_, run);
  stop_.record(stream_);
  check_launch();
  return seconds_between(start_, stop_);
}

/// What a pair of events around a kernel adds to what the kernel takes as a node of a graph.
double Gpu::event_gap() {
  if (event_gap_ < 0) {
    const Launch nothing = [](cudaStream_t stream, std::int64_t) { empty<<<1, 1, 0, stream>>>(); };
    std::vector<double> pairs;
    for (int i = 0; i < 51; ++i) pairs.push_back(cold_run(nothing, i));
    std::sort(pairs.begin(), pairs.end());
    event_gap_ = std::max(0.0, quantile_of(pairs, 0.5) - time_replayed(Effort{}, nothing).median);
  }
  return event_gap_;
}

Timing Gpu::time_cold(const Effort& effort, const Launch& launch) {
  const double gap = event_gap();
  Effort single = effort;  // one run a batch: most of a cold run's time is the flush
  single.least_window = 0;
  return repeat(single, [&](std::int64_t n) {
    double sum = 0;
    for (std::int64_t run = 0; run < n; ++run) sum += std::max(cold_run(launch, run) - gap, 1e-7);
    return sum;
  });
}

}  // namespace tiersim::calib
