#include "traces/archive.hpp"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <utility>

namespace tiersim::traces {
namespace {

using namespace std::literals;

constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::size_t kMostBytes = (std::size_t{1} << 32) - 1;  // of one member: what simdjson parses at once

constexpr std::array kCompressed{"\x28\xB5\x2F\xFD"sv, "\x1F\x8B"sv, "\xFD\x37zXZ"sv, "BZh"sv};
constexpr std::size_t kTarMagicAt = 257;

}  // namespace

struct Archive::Handle {
  archive* value = archive_read_new();
  archive_entry* entry = nullptr;

  Handle() = default;
  ~Handle() { archive_read_free(value); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

Archive::Archive(std::shared_ptr<const MappedFile> file) : file_(std::move(file)), handle_(std::make_unique<Handle>()) {
  archive* const a = handle_->value;
  archive_read_support_filter_zstd(a);
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_xz(a);
  archive_read_support_filter_bzip2(a);
  archive_read_support_format_tar(a);
  if (archive_read_open_memory(a, file_->bytes().data(), file_->size()) != ARCHIVE_OK) fail();
}

Archive::~Archive() = default;

bool Archive::recognises(std::string_view head) {
  if (head.size() > kTarMagicAt && head.substr(kTarMagicAt).starts_with("ustar")) return true;
  return std::ranges::any_of(kCompressed, [head](std::string_view magic) { return head.starts_with(magic); });
}

bool Archive::next() {
  while (problem_.empty()) {
    const int status = archive_read_next_header(handle_->value, &handle_->entry);
    if (status == ARCHIVE_EOF) return false;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return fail();
    if (archive_entry_filetype(handle_->entry) != AE_IFREG) continue;
    const char* const name = archive_entry_pathname(handle_->entry);
    name_ = name != nullptr ? name : "";
    return true;
  }
  return false;
}

bool Archive::read(std::string_view& out) {
  std::size_t size = 0;
  while (true) {
    // Grown as bytes come: the size in a member's header may be anything.
    if (buffer_.size() < size + kChunk) buffer_.resize(std::max(2 * buffer_.size(), size + kChunk));
    const la_ssize_t got = archive_read_data(handle_->value, buffer_.data() + size, kChunk);
    if (got < 0) return fail();
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size > kMostBytes) return problem_ = "'" + name_ + "' in it is larger than 4 GiB", false;
  }
  static_assert(kChunk >= MappedFile::kPadding);
  out = {buffer_.data(), size};
  return true;
}

bool Archive::fail() {
  const char* const text = archive_error_string(handle_->value);
  problem_ = text != nullptr ? text : "broken";
  return false;
}

}  // namespace tiersim::traces
