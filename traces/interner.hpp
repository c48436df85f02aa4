#pragma once
/// 64-bit keys (hash ids of a file, hashes of token blocks) to dense ids 0, 1, 2, ... in order of first touch.
///
/// One per file, fed in the order in which requests mention blocks. Small keys, as in files that number their blocks
/// from 0, index a table; others are first held against the guess that they follow the last one as they did before
/// (true for every repeated prefix), then looked up in a flat hash map. About 2 ns for a small key or a right guess, 10
/// to 40 ns else; memory 4 bytes per small key up to `dense_limit`, about 40 per other distinct key. Distinct keys must
/// stay below 2^32 - 1: the reader checks size() after each record.
#include <cstdint>
#include <memory>
#include <vector>

namespace tiersim::traces {

class Interner {
 public:
  /// Keys below `dense_limit` may use the table; a file of n bytes has at most n / 2 numbers, so that is a good limit.
  explicit Interner(std::uint64_t dense_limit);
  ~Interner();
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  std::uint32_t id_of(std::uint64_t key) {
    if (key >= dense_.size()) return id_beyond_table(key);
    std::uint32_t& id = dense_[key];
    if (id == kUnseen) id = size_++;
    return id;
  }
  [[nodiscard]] std::uint32_t size() const { return size_; }

 private:
  struct Map;
  struct Seen {
    std::uint64_t key;
    std::uint32_t id;
  };
  static constexpr std::uint32_t kUnseen = UINT32_MAX;

  std::uint32_t id_beyond_table(std::uint64_t key);
  std::uint32_t id_by_map(std::uint64_t key);

  std::uint64_t dense_limit_;
  std::vector<std::uint32_t> dense_;
  std::vector<Seen> sparse_;  // keys of the map, in order of first touch
  std::size_t guess_ = 0;     // index into sparse_ of the key expected next
  std::unique_ptr<Map> map_;  // key -> index into sparse_
  std::uint32_t size_ = 0;
};

}  // namespace tiersim::traces
