#pragma once
/// A fixed array of zeros whose pages cost nothing until they are written.
///
/// For state indexed by id of which a run may touch little (the blocks of one replica, the frames of a large drive): a
/// std::vector would write, and so occupy, every page at once. T must be trivial, with all bits zero as its first
/// value. Throws std::bad_alloc.
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace tiersim {

template <class T>
class ZeroedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  explicit ZeroedArray(std::size_t size)
      : data_(size == 0 ? nullptr : static_cast<T*>(std::calloc(size, sizeof(T)))), size_(size) {
    if (size > 0 && data_ == nullptr) throw std::bad_alloc();
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T& operator[](std::size_t i) { return data_.get()[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return data_.get()[i]; }
  operator std::span<const T>() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T[], Free> data_;
  std::size_t size_;
};

}  // namespace tiersim
