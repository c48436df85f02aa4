#pragma once
/// Tar archives for tests, written by libarchive. Failures throw.
#include <archive.h>
#include <archive_entry.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tiersim::tests {

enum class Compression { none, zstd };

/// Writes the files (name, content) in their order.
inline void write_tar(const std::string& path, const std::vector<std::pair<std::string, std::string>>& files,
                      Compression compression) {
  archive* const out = archive_write_new();
  bool good = compression == Compression::none || archive_write_add_filter_zstd(out) == ARCHIVE_OK;
  good = good && archive_write_set_format_ustar(out) == ARCHIVE_OK;
  good = good && archive_write_open_filename(out, path.c_str()) == ARCHIVE_OK;
  for (const auto& [name, content] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    good = good && archive_write_header(out, entry) == ARCHIVE_OK;
    good = good && archive_write_data(out, content.data(), content.size()) == static_cast<la_ssize_t>(content.size());
    archive_entry_free(entry);
  }
  good = archive_write_close(out) == ARCHIVE_OK && good;
  archive_write_free(out);
  if (!good) throw std::runtime_error("cannot write " + path);
}

}  // namespace tiersim::tests
