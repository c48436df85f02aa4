#pragma once
/// Recordings of attention in HDF5 files: the schema of ATTENTION.md, read layer by layer.
///
/// An AttentionFile is an AttentionSource: what a layer holds is read when it is loaded, so a recording larger than
/// memory works. HDF5 is entered by one thread at a time; conversion of 16-bit values runs outside. Errors: BadInput
/// for files that are none or do not keep to the schema, naming file, dataset and what is wrong; std::runtime_error
/// where writing fails. A file appears whole or not at all. The same recording gives the same bytes.
#include <functional>
#include <memory>
#include <string>

#include "traces/attention_dump.hpp"

namespace tiersim::traces {

enum class FloatWidth { half, single };

class AttentionFile final : public AttentionSource {
 public:
  explicit AttentionFile(const std::string& path);
  ~AttentionFile() override;
  [[nodiscard]] const AttentionShape& shape() const override;
  /// Checked as check() does.
  [[nodiscard]] AttentionLayer load(std::int64_t layer) const override;
  [[nodiscard]] const std::string& model() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes a recording; vectors and weights in the width given, column sums always in 32 bits. `layer` is asked once for
/// each, in order. `model`: a name for people.
void write_attention(const std::string& path, const AttentionShape& shape, const std::string& model, FloatWidth width,
                     const std::function<AttentionLayer(std::int64_t layer)>& layer);

}  // namespace tiersim::traces
