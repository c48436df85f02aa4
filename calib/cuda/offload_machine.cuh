#pragma once
/// The GPU's side of the offload loop: frames of KV in HBM, pinned DRAM and a file, and what moves and reads them.
///
/// Called by OffloadEngine through OffloadMachine. A frame holds a block of 16 tokens for all 32 layers of a decoder
/// with the KV of Llama-3.1-8B (8 kv heads of 128, bf16): 2 MiB. A content is a number; its frame's elements are
/// random_value(content, i), whoever makes it, so that every frame can be checked. Computing is attention alone: prompt
/// chunks of 2048 tokens and single tokens of answers, layer by layer, by the kernels that the attention family
/// measures. HBM to DRAM runs on a stream of its own, the drive by eight threads; what comes from the drive passes
/// through pinned staging.
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include "calib/cuda/copies.cuh"
#include "calib/cuda/drive_file.hpp"
#include "calib/cuda/flash.cuh"
#include "calib/cuda/kit.cuh"
#include "calib/cuda/offload_engine.hpp"
#include "calib/cuda/options.hpp"
#include "calib/cuda/split_plan.hpp"

namespace tiersim::calib {

inline constexpr PagedShape offload_shape{32, 8, 128, kOffloadBlock};
inline constexpr int offload_layers = 32;
inline constexpr std::int64_t frame_elements = offload_layers * offload_shape.block_elements();
inline constexpr std::int64_t frame_bytes = 2 * frame_elements;

/// Small arrays for one request's kernels: written on the host, copied in the stream's order.
class Uploads {
 public:
  explicit Uploads(std::int64_t bytes) : host_(bytes), device_(bytes) {}
  void clear() { used_ = 0; }  ///< the stream has done with all of them
  template <class T>
  [[nodiscard]] const T* put(const std::vector<T>& values, cudaStream_t stream) {
    return static_cast<const T*>(put(values.data(), static_cast<std::int64_t>(values.size() * sizeof(T)), stream));
  }

 private:
  const void* put(const void* data, std::int64_t bytes, cudaStream_t stream);
  PinnedMemory host_;
  DeviceMemory device_;
  std::int64_t used_ = 0;
};

/// The steps of an answer, one token each, and how each is split.
struct Answer {
  std::vector<BatchSequence> steps;
  std::vector<ContextSplit> splits;  ///< of all steps
  std::vector<int> first_split{0};   ///< per step, and the end
  std::vector<int> first_partial;    ///< two per step: 0 and its partial results
  int partials = 0;                  ///< of the step with most
};

class GpuMachine final : public OffloadMachine {
 public:
  GpuMachine(const Gpu& gpu, const OffloadOptions& options);
  double now() override;
  void load(std::span<const FrameLoad> loads) override;
  void compute_prompt(const OffloadSequence& sequence) override;
  void compute_answer(const OffloadSequence& sequence) override;
  void start_write(const FrameWrite& write) override;
  std::vector<std::uint64_t> ended_writes(bool wait) override;

  /// Whether a frame holds the content (sampled). Nothing may be under way.
  [[nodiscard]] bool holds(OffloadTier tier, int frame, std::int64_t content);

 private:
  struct Copy {
    std::uint64_t number = 0;
    std::unique_ptr<Event> done;
  };
  struct Reading {
    std::int64_t slot = 0;
    int hbm = 0;
  };
  [[nodiscard]] char* hbm(int frame) const { return reinterpret_cast<char*>(pool_.data()) + frame * frame_bytes; }
  [[nodiscard]] char* dram(int frame) const { return dram_->data() + frame * frame_bytes; }
  [[nodiscard]] char* staging(std::int64_t slot) const { return staging_->data() + slot * frame_bytes; }
  void load_from_drive(std::span<const FrameLoad> loads);
  void poll_drive(bool wait);
  void make_contents(const OffloadSequence& sequence, int first, int last);
  [[nodiscard]] PagedBatch batch(int layer, const int* table, const BatchSequence* sequences) const;
  [[nodiscard]] const int* table_of(const OffloadSequence& sequence);
  void need_partials(int partials);
  void read_contexts(const Answer& answer, const int* table);

  const Gpu& gpu_;
  bool batched_;
  double start_;
  int places_;
  DeviceBuffer<__nv_bfloat16> pool_, queries_, outputs_;
  DeviceBuffer<float> partial_out_, partial_log_;
  std::optional<PinnedMemory> dram_, staging_;
  std::optional<DriveFile> drive_;
  Uploads uploads_;
  Stream write_stream_;
  std::deque<Copy> copies_;                                    // to DRAM, in their order
  std::vector<std::unique_ptr<Event>> events_;                 // to be used again
  std::unordered_map<DriveFile::Io, Reading> readings_;        // from the drive
  std::unordered_map<DriveFile::Io, std::uint64_t> writings_;  // to the drive
  std::vector<std::uint64_t> ended_;                           // writes to the drive, not yet told
};

}  // namespace tiersim::calib
