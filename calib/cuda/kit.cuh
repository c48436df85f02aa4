#pragma once
/// What every CUDA microkernel is built with: checked calls, buffers, random data, a stream, timing.
///
/// Called by the families in this folder. CUDA_CHECK throws std::runtime_error with the call, the file, the line and
/// what CUDA says. After each kernel launch call check_launch(). A family makes its buffers in measure() or keeps them
/// until release(); its constructor must not touch the device, because plans are made without one.
///
/// Check first, time afterwards: poison() the output, launch once, compare a sample with a double-precision reference
/// (error_norm.hpp) and let unwritten() count the elements that still hold the poison. Then Gpu::time():
///   graph  the launches are captured once and replayed back to back, as a serving engine does: the time includes what
///          one node of a graph costs. `run` counts the launches, so that a launch may rotate among copies of its
///          inputs: rotated(run, copies). For everything that can be captured.
///   plain  launches as they come, for what cannot be captured; host time between launches shows.
///   cold   each launch after the L2 was filled with other data, timed alone; what an event pair adds is taken off.
/// Two buffers of 8 GB and a graph of 128 nodes are fine; everything is synchronous to the caller.
#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <cuda_runtime.h>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "calib/cuda/device.hpp"
#include "calib/cuda/error_norm.hpp"
#include "calib/cuda/random.hpp"
#include "calib/measure/sample.hpp"
#include "calib/measure/timing.hpp"

namespace tiersim::calib {

[[noreturn]] void throw_cuda_error(cudaError_t error, const char* call, const char* file, int line);

#define CUDA_CHECK(call)                                                               \
  do {                                                                                 \
    const cudaError_t cuda_check_error = (call);                                       \
    if (cuda_check_error != cudaSuccess) {                                             \
      ::tiersim::calib::throw_cuda_error(cuda_check_error, #call, __FILE__, __LINE__); \
    }                                                                                  \
  } while (false)

/// The error of the launch just made, if any (its execution's errors come with the next synchronisation).
inline void check_launch() { CUDA_CHECK(cudaGetLastError()); }

/// Memory on the device. Allocation failures throw with the size that was asked for.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(std::int64_t bytes);
  ~DeviceMemory();
  DeviceMemory(DeviceMemory&& other) noexcept { swap(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    swap(other);
    return *this;
  }
  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }
  void poison();  ///< every byte 0xFF: a NaN in every floating type
  void read(void* to, std::int64_t first_byte, std::int64_t bytes) const;
  void write(const void* from, std::int64_t first_byte, std::int64_t bytes);

 private:
  void swap(DeviceMemory& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }
  void* data_ = nullptr;
  std::int64_t bytes_ = 0;
};

template <class T>
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  explicit DeviceBuffer(std::int64_t count) : memory_(count * bytes_of(1)), count_(count) {}
  explicit DeviceBuffer(const std::vector<T>& values) : DeviceBuffer(static_cast<std::int64_t>(values.size())) {
    memory_.write(values.data(), 0, bytes_of(count_));
  }
  [[nodiscard]] T* data() const { return static_cast<T*>(memory_.data()); }
  [[nodiscard]] std::int64_t size() const { return count_; }
  [[nodiscard]] std::int64_t bytes() const { return memory_.bytes(); }
  void poison() { memory_.poison(); }
  [[nodiscard]] std::vector<T> read(std::int64_t first, std::int64_t count) const {
    std::vector<T> out(static_cast<std::size_t>(count));
    memory_.read(out.data(), bytes_of(first), bytes_of(count));
    return out;
  }
  [[nodiscard]] std::vector<T> read() const { return read(0, count_); }
  void write(std::int64_t first, const std::vector<T>& values) {
    memory_.write(values.data(), bytes_of(first), bytes_of(static_cast<std::int64_t>(values.size())));
  }

 private:
  static constexpr std::int64_t bytes_of(std::int64_t count) { return count * static_cast<std::int64_t>(sizeof(T)); }
  DeviceMemory memory_;
  std::int64_t count_ = 0;
};

/// Element i becomes scale * random_value(seed, i), rounded to its type; int8: round(127 * that); uint32: random_word.
/// Done when it returns. In random.cu for bf16, fp16, fp8 (e4m3), int8, float and uint32.
template <class T>
void fill_random(const DeviceBuffer<T>& buffer, std::uint64_t seed, float scale = 1.0F);

/// Elements whose bits are all ones, as poison() left them; for 2-byte and 4-byte elements.
[[nodiscard]] std::int64_t unwritten_words(const void* data, std::int64_t bytes, int word_bytes);
template <class T>
[[nodiscard]] std::int64_t unwritten(const DeviceBuffer<T>& buffer) {
  return unwritten_words(buffer.data(), buffer.bytes(), static_cast<int>(sizeof(T)));
}

inline double as_double(float x) { return static_cast<double>(x); }
inline double as_double(std::int8_t x) { return static_cast<double>(x); }
inline double as_double(__nv_bfloat16 x) { return static_cast<double>(__bfloat162float(x)); }
inline double as_double(__half x) { return static_cast<double>(__half2float(x)); }
inline double as_double(__nv_fp8_e4m3 x) { return static_cast<double>(static_cast<float>(x)); }

class Stream {
 public:
  Stream() { CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  [[nodiscard]] operator cudaStream_t() const { return stream_; }
  void synchronise() const { CUDA_CHECK(cudaStreamSynchronize(stream_)); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() { CUDA_CHECK(cudaEventCreate(&event_)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  [[nodiscard]] operator cudaEvent_t() const { return event_; }
  void record(cudaStream_t stream) const { CUDA_CHECK(cudaEventRecord(event_, stream)); }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Waits for `stop` and gives the device's seconds between the two.
[[nodiscard]] double seconds_between(const Event& start, const Event& stop);

enum class Way : std::uint8_t { graph, plain, cold };
/// Queues one run of the kernel on the stream; `run` counts up from 0 and never repeats within a batch's graph.
using Launch = std::function<void(cudaStream_t stream, std::int64_t run)>;

/// Which of `copies` a run uses.
inline std::int64_t rotated(std::int64_t run, std::int64_t copies) { return run % copies; }

/// The GPU that is measured: its description, the stream of all timed work, the timing.
class Gpu {
 public:
  explicit Gpu(int ordinal);  ///< makes it current, and raises its clocks by some work
  ~Gpu();
  [[nodiscard]] const DeviceInfo& info() const { return info_; }
  [[nodiscard]] int ordinal() const { return ordinal_; }
  [[nodiscard]] cudaStream_t stream() const { return stream_; }
  /// Runs one launch and waits for it, with both kinds of errors checked.
  void run(const Launch& launch) const;
  [[nodiscard]] Timing time(const Effort& effort, const Launch& launch, Way way = Way::graph);
  /// Queues a kernel that occupies the stream for this long, so that the host can queue what is timed behind it.
  void hold(cudaStream_t stream, double seconds) const;

 private:
  [[nodiscard]] Timing time_replayed(const Effort& effort, const Launch& launch);
  [[nodiscard]] Timing time_plain(const Effort& effort, const Launch& launch);
  [[nodiscard]] Timing time_cold(const Effort& effort, const Launch& launch);
  [[nodiscard]] double cold_run(const Launch& launch, std::int64_t run);
  [[nodiscard]] double event_gap();
  void flush();

  int ordinal_;
  DeviceInfo info_;
  Stream stream_;
  Event start_, stop_;
  DeviceBuffer<std::uint32_t> flushed_;
  double event_gap_ = -1;
};

/// Throws std::runtime_error with what to do where there is no GPU, an old driver, or no such ordinal.
[[nodiscard]] DeviceInfo query_device(int ordinal);

/// `unwritten` elements make the check infinite.
[[nodiscard]] double checked(const ErrorNorm& error, std::int64_t unwritten);
[[nodiscard]] Sample sample_of(const Point& point, double flops, double bytes, const Timing& timing, double check);

}  // namespace tiersim::calib
