#pragma once
/// Random operands that are in no cache when a kernel reads them, as weights and KV blocks are in a layer, and places
/// that are in none when it writes them, as a layer's outputs are: a step's weights have passed since they were last
/// used.
///
/// Called by the families that a step consists of, which go round the pool run by run (ColdTurns). It is six times as
/// large as all caches together, or as large as one operand if that is more, within the bytes allowed (with less,
/// operands are partly warm). Its bytes read as bf16 and as fp32 alike: every 16 bits are a bf16 of random sign and a
/// magnitude in [0.5, 2), and two of these make an fp32 with sign and magnitude of the second. Throws
/// std::runtime_error with size and advice if an operand does not fit.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "calib/host/buffer.hpp"
#include "calib/host/team.hpp"

namespace tiersim::calib {

class ColdPool {
 public:
  ColdPool(std::shared_ptr<Team> team, std::int64_t most_bytes);

  /// A pool for operands of so many bytes; contents and place stay while it is large enough.
  [[nodiscard]] const Buffer& at_least(std::int64_t bytes);
  [[nodiscard]] std::int64_t most_bytes() const { return most_bytes_; }
  void release() { buffer_ = Buffer(); }

 private:
  std::shared_ptr<Team> team_;
  std::int64_t most_bytes_;
  Buffer buffer_;
};

/// The operands of `bytes` each that lie one after the other in a pool, each in turn. At least one fits; the pool stays
/// as it is meanwhile.
class ColdTurns {
 public:
  ColdTurns(const Buffer& pool, std::int64_t bytes)
      : begin_(pool.as<std::byte>()), bytes_(bytes), count_(pool.bytes() / bytes) {}

  template <class T>
  [[nodiscard]] T* current() const {
    return reinterpret_cast<T*>(begin_ + turn_ * bytes_);
  }
  void advance() { turn_ = turn_ + 1 < count_ ? turn_ + 1 : 0; }

 private:
  std::byte* begin_;
  std::int64_t bytes_, count_, turn_ = 0;
};

/// As the pool's elements, for operands that are warm.
void fill_signed(Team& team, std::span<std::uint64_t> data, std::uint64_t seed);
void fill_signed(std::span<float> data, std::uint64_t seed);

}  // namespace tiersim::calib
