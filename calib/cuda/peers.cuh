#pragma once
/// The other GPUs of this machine, as far as they can reach each other's memory.
///
/// Called by the families peer and all_reduce. Makes a stream and two events on each of the first `count` GPUs,
/// beginning with `first`, and opens each one's memory to all others; throws where that is not possible. Whoever makes
/// one another's device current puts `first` back.
#include <memory>
#include <vector>

#include "calib/cuda/kit.cuh"

namespace tiersim::calib {

/// Makes a device current for as long as it lives.
class OnDevice {
 public:
  explicit OnDevice(int ordinal);
  ~OnDevice();
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

 private:
  int before_ = 0;
};

struct Peer {
  int ordinal = 0;
  Stream stream;
  Event reached;  ///< what others wait for
};

class Peers {
 public:
  Peers(int first, int count);
  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  [[nodiscard]] const Peer& at(std::size_t rank) const { return *peers_[rank]; }
  /// Every stream waits until all streams have come this far.
  void meet() const;

 private:
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace tiersim::calib
