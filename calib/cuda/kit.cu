#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "calib/cuda/kit.cuh"

namespace tiersim::calib {

void throw_cuda_error(cudaError_t error, const char* call, const char* file, int line) {
  static_cast<void>(cudaGetLastError());  // told once: the next launch must not look as if it had failed
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + call + ": " +
                           cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")");
}

DeviceMemory::DeviceMemory(std::int64_t bytes) : bytes_(bytes) {
  const cudaError_t error = cudaMalloc(&data_, static_cast<std::size_t>(bytes));
  if (error == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // as above
  throw std::runtime_error("cannot allocate " + std::to_string(bytes) + " B on the GPU: " + cudaGetErrorString(error) +
                           "; free its memory or measure smaller sizes");
}

DeviceMemory::~DeviceMemory() { static_cast<void>(cudaFree(data_)); }

void DeviceMemory::poison() {
  CUDA_CHECK(cudaMemset(data_, 0xFF, static_cast<std::size_t>(bytes_)));
  CUDA_CHECK(cudaDeviceSynchronize());
}

void DeviceMemory::read(void* to, std::int64_t first_byte, std::int64_t bytes) const {
  CUDA_CHECK(cudaMemcpy(to, static_cast<const char*>(data_) + first_byte, static_cast<std::size_t>(bytes),
                        cudaMemcpyDeviceToHost));
}

void DeviceMemory::write(const void* from, std::int64_t first_byte, std::int64_t bytes) {
  CUDA_CHECK(cudaMemcpy(static_cast<char*>(data_) + first_byte, from, static_cast<std::size_t>(bytes),
                        cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaDeviceSynchronize());
}

double seconds_between(const Event& start, const Event& stop) {
  CUDA_CHECK(cudaEventSynchronize(stop));
  float milliseconds = 0;
  CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
  return static_cast<double>(milliseconds) * 1e-3;
}

double checked(const ErrorNorm& error, std::int64_t unwritten) {
  return unwritten == 0 ? error.value() : std::numeric_limits<double>::infinity();
}

Sample sample_of(const Point& point, double flops, double bytes, const Timing& timing, double check) {
  Sample sample;
  sample.point = point;
  sample.flops = flops;
  sample.bytes = bytes;
  sample.seconds = timing.median;
  sample.low = timing.low;
  sample.high = timing.high;
  sample.relative_error = timing.relative_error;
  sample.batches = timing.batches;
  sample.check = check;
  return sample;
}

}  // namespace tiersim::calib
