#include <stdexcept>
#include <string>

#include "calib/cuda/peers.cuh"

namespace tiersim::calib {

OnDevice::OnDevice(int ordinal) {
  CUDA_CHECK(cudaGetDevice(&before_));
  CUDA_CHECK(cudaSetDevice(ordinal));
}
OnDevice::~OnDevice() { static_cast<void>(cudaSetDevice(before_)); }

Peers::Peers(int first, int count) {
  int all = 0;
  CUDA_CHECK(cudaGetDeviceCount(&all));
  for (int rank = 0; rank < count; ++rank) {
    const int ordinal = (first + rank) % all;
    const OnDevice on(ordinal);
    peers_.push_back(std::make_unique<Peer>());
    peers_.back()->ordinal = ordinal;
  }
  for (const auto& one : peers_) {
    const OnDevice on(one->ordinal);
    for (const auto& other : peers_) {
      if (one == other) continue;
      int can = 0;
      CUDA_CHECK(cudaDeviceCanAccessPeer(&can, one->ordinal, other->ordinal));
      if (can == 0) {
        throw std::runtime_error("GPU " + std::to_string(one->ordinal) + " cannot reach the memory of GPU " +
                                 std::to_string(other->ordinal) + ": leave the families peer and all_reduce out");
      }
      const cudaError_t error = cudaDeviceEnablePeerAccess(other->ordinal, 0);
      if (error == cudaErrorPeerAccessAlreadyEnabled) {
        static_cast<void>(cudaGetLastError());
      } else {
        CUDA_CHECK(error);
      }
    }
  }
}

void Peers::meet() const {
  for (const auto& one : peers_) one->reached.record(one->stream);
  for (const auto& one : peers_) {
    for (const auto& other : peers_) {
      if (one != other) CUDA_CHECK(cudaStreamWaitEvent(one->stream, other->reached, 0));
    }
  }
}

}  // namespace tiersim::calib
