#pragma once
/// A file's bytes, memory-mapped read-only, with readable zeros behind them.
///
/// The parsers read whole words past the end of the text: kPadding bytes behind size() can be read (zeros, or for a
/// file that fills its last page, a page of zeros mapped behind it). Opening is O(1); pages come when touched. The file
/// must not shrink while it is mapped. Shared by whoever keeps spans into it.
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tiersim::traces {

class MappedFile {
 public:
  static constexpr std::size_t kPadding = 64;

  /// Null if it cannot be opened or is no regular file; `problem` then says why ("no such file or directory").
  [[nodiscard]] static std::shared_ptr<const MappedFile> open(const std::string& path, std::string& problem);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(memory_), size_}; }
  [[nodiscard]] std::string_view text() const { return {static_cast<const char*>(memory_), size_}; }
  /// 16 hex digits over all bytes. O(size).
  [[nodiscard]] std::string hash() const;

 private:
  MappedFile(std::string path, void* memory, std::size_t size, std::size_t mapped);

  std::string path_;
  void* memory_;
  std::size_t size_;
  std::size_t mapped_;  // with the padding
};

}  // namespace tiersim::traces
