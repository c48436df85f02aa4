#pragma once
/// The files of a tar archive, plain or compressed (zstd, gzip, xz, bzip2), one after another, through libarchive.
///
/// Made by readers of many files at once: next() until it is false, read() for the members wanted; the others are
/// passed over. Then problem() says what was wrong with the archive, if anything was. One pass over the mapped bytes;
/// memory is one member's and the decompressor's.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "traces/mapped_file.hpp"

namespace tiersim::traces {

class Archive {
 public:
  explicit Archive(std::shared_ptr<const MappedFile> file);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  /// Whether a file that begins with these bytes (at least 512, where it has so many) is one.
  [[nodiscard]] static bool recognises(std::string_view head);

  /// To the next regular file; false at the end, or where the archive is broken.
  [[nodiscard]] bool next();
  [[nodiscard]] const std::string& name() const { return name_; }  ///< of the member, with its folders
  /// The member's bytes, valid until the next call, with MappedFile::kPadding readable ones behind them. False where
  /// the archive is broken.
  [[nodiscard]] bool read(std::string_view& out);
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Handle;
  bool fail();

  std::shared_ptr<const MappedFile> file_;
  std::unique_ptr<Handle> handle_;
  std::string name_, problem_;
  std::vector<char> buffer_;  // grows to the largest member
};

}  // namespace tiersim::traces
