#include <algorithm>
#include <cmath>
#include <cstring>

#include "calib/cuda/decode_attention.cuh"
#include "calib/cuda/link_sizes.hpp"
#include "calib/cuda/offload_machine.cuh"
#include "calib/cuda/prefill_attention.cuh"
#include "calib/measure/timing.hpp"

namespace tiersim::calib {
namespace {

constexpr int kChunk = 2048;           // tokens of a prompt that are computed at once
constexpr int kThreads = 8;            // that read and write the file
constexpr std::int64_t kStaging = 16;  // frames
constexpr std::int64_t kUploadBytes = 64LL << 20;
constexpr int kDim = offload_shape.head_dim;

std::uint64_t seed_of(std::int64_t content) { return static_cast<std::uint64_t>(content); }

/// Grid: frames x parts of a frame.
__global__ void fill_frames(__nv_bfloat16* pool, const int* frames, const std::int64_t* contents) {
  __nv_bfloat16* frame = pool + frames[blockIdx.x] * frame_elements;
  const auto seed = static_cast<std::uint64_t>(contents[blockIdx.x]);
  const std::int64_t step = static_cast<std::int64_t>(gridDim.y) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.y) * blockDim.x + threadIdx.x; i < frame_elements;
       i += step) {
    frame[i] = __float2bfloat16(random_value(seed, static_cast<std::uint64_t>(i)));
  }
}

/// The first token comes from the prompt; each further one reads the context with the one before.
Answer answer_of(const OffloadSequence& sequence, int places) {
  const int tokens = plan_splits({sequence.prompt + sequence.output}, offload_shape.kv_heads, places).tokens;
  Answer answer;
  for (int context = sequence.prompt + 1; context < sequence.prompt + sequence.output; ++context) {
    const SplitPlan plan = cut({context}, tokens);
    BatchSequence step;
    step.context = context;
    answer.steps.push_back(step);
    answer.splits.insert(answer.splits.end(), plan.splits.begin(), plan.splits.end());
    answer.first_split.push_back(static_cast<int>(answer.splits.size()));
    answer.first_partial.insert(answer.first_partial.end(), plan.first_partial.begin(), plan.first_partial.end());
    answer.partials = std::max(answer.partials, plan.partials());
  }
  return answer;
}

template <class T>
std::vector<T> part_of(std::span<const T> values, int first, int last) {
  return {values.begin() + first, values.begin() + last};
}

}  // namespace

const void* Uploads::put(const void* data, std::int64_t bytes, cudaStream_t stream) {
  constexpr std::int64_t kGrain = 256;
  const std::int64_t first = used_;
  used_ += (bytes + kGrain - 1) / kGrain * kGrain;
  if (used_ > device_.bytes()) throw std::runtime_error("a request is too long for the offload loop's small arrays");
  std::memcpy(host_.data() + first, data, static_cast<std::size_t>(bytes));
  char* to = static_cast<char*>(device_.data()) + first;
  CUDA_CHECK(cudaMemcpyAsync(to, host_.data() + first, static_cast<std::size_t>(bytes), cudaMemcpyDefault, stream));
  return to;
}

GpuMachine::GpuMachine(const Gpu& gpu, const OffloadOptions& options)
    : gpu_(gpu),
      batched_(has_batched_copies(gpu.info())),
      start_(steady_seconds()),
      places_(decode_places<kDim>(gpu.info().multiprocessors)),
      pool_(options.hbm_frames * frame_elements),
      queries_(std::int64_t{kChunk} * offload_shape.query_heads * kDim),
      outputs_(queries_.size()),
      uploads_(kUploadBytes) {
  prepare_prefill<kDim>();
  fill_random(pool_, 1);  // what lies behind a context must be numbers
  fill_random(queries_, 2);
  if (options.dram_frames > 0) dram_.emplace(options.dram_frames * frame_bytes);
  if (options.dram_frames > 0 && options.drive_frames > 0) {
    staging_.emplace(kStaging * frame_bytes);
    drive_.emplace(options.folder, options.drive_frames * frame_bytes, kThreads, true);
  }
}

double GpuMachine::now() { return steady_seconds() - start_; }

void GpuMachine::load(std::span<const FrameLoad> loads) {
  CopyList from_dram;
  std::vector<FrameLoad> from_drive;
  for (const FrameLoad& load : loads) {
    if (load.from == OffloadTier::dram) from_dram.add(hbm(load.hbm), dram(load.frame), frame_bytes);
    if (load.from == OffloadTier::drive) from_drive.push_back(load);
  }
  if (!from_dram.to.empty()) {
    batched_ ? copy_as_batch(from_dram, gpu_.stream()) : copy_one_by_one(from_dram, gpu_.stream());
  }
  load_from_drive(from_drive);
  CUDA_CHECK(cudaStreamSynchronize(gpu_.stream()));
}

/// As many at once as there is staging; each goes on to the GPU when it has arrived.
void GpuMachine::load_from_drive(std::span<const FrameLoad> loads) {
  for (std::size_t first = 0; first < loads.size(); first += kStaging) {
    const auto wave = loads.subspan(first, std::min<std::size_t>(kStaging, loads.size() - first));
    for (std::size_t i = 0; i < wave.size(); ++i) {
      const auto slot = static_cast<std::int64_t>(i);
      const auto io = drive_->start_read(staging(slot), wave[i].frame * frame_bytes, frame_bytes);
      readings_.emplace(io, Reading{slot, wave[i].hbm});
    }
    while (!readings_.empty()) poll_drive(true);
    CUDA_CHECK(cudaStreamSynchronize(gpu_.stream()));
  }
}

void GpuMachine::poll_drive(bool wait) {
  if (!drive_) return;
  for (const DriveFile::Io io : drive_->ended(wait)) {
    if (const auto reading = readings_.find(io); reading != readings_.end()) {
      CUDA_CHECK(cudaMemcpyAsync(hbm(reading->second.hbm), staging(reading->second.slot),
                                 static_cast<std::size_t>(frame_bytes), cudaMemcpyDefault, gpu_.stream()));
      readings_.erase(reading);
    } else {
      ended_.push_back(writings_.at(io));
      writings_.erase(io);
    }
  }
}

void GpuMachine::make_contents(const OffloadSequence& sequence, int first, int last) {
  if (first >= last) return;
  const int* frames = uploads_.put(part_of(sequence.frames, first, last), gpu_.stream());
  const std::int64_t* contents = uploads_.put(part_of(sequence.contents, first, last), gpu_.stream());
  fill_frames<<<dim3(static_cast<unsigned>(last - first), 16), 256, 0, gpu_.stream()>>>(pool_.data(), frames, contents);
  check_launch();
}

/// A layer's part of frame f is block f x layers of a pool that begins at the layer's part of frame 0.
const int* GpuMachine::table_of(const OffloadSequence& sequence) {
  std::vector<int> table;
  for (const int frame : sequence.frames) table.push_back(frame * offload_layers);
  return uploads_.put(table, gpu_.stream());
}

PagedBatch GpuMachine::batch(int layer, const int* table, const BatchSequence* sequences) const {
  const auto scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(kDim)));
  return {offload_shape,
          pool_.data() + layer * offload_shape.block_elements(),
          table,
          sequences,
          queries_.data(),
          outputs_.data(),
          scale};
}

void GpuMachine::compute_prompt(const OffloadSequence& sequence) {
  uploads_.clear();
  const int* table = table_of(sequence);
  std::vector<BatchSequence> chunks;
  for (int done = sequence.found * kOffloadBlock; done < sequence.prompt; done += kChunk) {
    BatchSequence chunk;
    chunk.context = std::min(sequence.prompt, done + kChunk);
    chunk.queries = chunk.context - done;
    chunks.push_back(chunk);
  }
  const BatchSequence* on_device = uploads_.put(chunks, gpu_.stream());
  int made = sequence.found;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const int reached = (chunks[i].context + kOffloadBlock - 1) / kOffloadBlock;
    make_contents(sequence, made, reached);
    made = reached;
    const auto order = prefill_order({chunks[i]}, offload_shape.group());
    const PrefillPiece* pieces = uploads_.put(order, gpu_.stream());
    for (int layer = 0; layer < offload_layers; ++layer) {
      launch_prefill<kDim>(gpu_.stream(), {batch(layer, table, on_device + i), pieces}, order.size());
    }
    check_launch();
  }
  CUDA_CHECK(cudaStreamSynchronize(gpu_.stream()));
}

void GpuMachine::need_partials(int partials) {
  const std::int64_t rows = std::int64_t{std::max(partials, 1)} * offload_shape.query_heads;
  if (partial_log_.size() >= rows) return;
  partial_out_ = DeviceBuffer<float>(rows * kDim);
  partial_log_ = DeviceBuffer<float>(rows);
}

void GpuMachine::compute_answer(const OffloadSequence& sequence) {
  uploads_.clear();
  const int* table = table_of(sequence);
  const int first_new = (sequence.prompt + kOffloadBlock - 1) / kOffloadBlock;
  make_contents(sequence, first_new, static_cast<int>(sequence.frames.size()));
  const Answer answer = answer_of(sequence, places_);
  need_partials(answer.partials);
  if (!answer.steps.empty()) read_contexts(answer, table);
  CUDA_CHECK(cudaStreamSynchronize(gpu_.stream()));
}

void GpuMachine::read_contexts(const Answer& answer, const int* table) {
  const BatchSequence* steps = uploads_.put(answer.steps, gpu_.stream());
  const ContextSplit* splits = uploads_.put(answer.splits, gpu_.stream());
  const int* first_partial = uploads_.put(answer.first_partial, gpu_.stream());
  for (std::size_t i = 0; i < answer.steps.size(); ++i) {
    const int first = answer.first_split[i];
    const auto count = static_cast<std::size_t>(answer.first_split[i + 1] - first);
    for (int layer = 0; layer < offload_layers; ++layer) {
      const DecodeArguments arguments{batch(layer, table, steps + i), splits + first, first_partial + 2 * i,
                                      partial_out_.data(), partial_log_.data()};
      launch_decode<kDim>(gpu_.stream(), arguments, count, 1, answer.first_partial[2 * i + 1]);
    }
  }
  check_launch();
}

void GpuMachine::start_write(const FrameWrite& write) {
  if (write.to == OffloadTier::drive) {
    const auto io = drive_->start_write(dram(write.from), write.target * frame_bytes, frame_bytes);
    writings_.emplace(io, write.number);
    return;
  }
  if (events_.empty()) events_.push_back(std::make_unique<Event>());
  Copy copy{write.number, std::move(events_.back())};
  events_.pop_back();
  CUDA_CHECK(cudaMemcpyAsync(dram(write.target), hbm(write.from), static_cast<std::size_t>(frame_bytes),
                             cudaMemcpyDefault, write_stream_));
  copy.done->record(write_stream_);
  copies_.push_back(std::move(copy));
}

std::vector<std::uint64_t> GpuMachine::ended_writes(bool wait) {
  if (wait && ended_.empty() && !copies_.empty()) CUDA_CHECK(cudaEventSynchronize(*copies_.front().done));
  poll_drive(wait && ended_.empty() && copies_.empty());
  std::vector<std::uint64_t> ended = std::exchange(ended_, {});
  while (!copies_.empty()) {
    const cudaError_t state = cudaEventQuery(*copies_.front().done);
    if (state == cudaErrorNotReady) {
      static_cast<void>(cudaGetLastError());  // an answer, no failure
      break;
    }
    CUDA_CHECK(state);
    ended.push_back(copies_.front().number);
    events_.push_back(std::move(copies_.front().done));
    copies_.pop_front();
  }
  return ended;
}

bool GpuMachine::holds(OffloadTier tier, int frame, std::int64_t content) {
  const char* data = tier == OffloadTier::hbm ? hbm(frame) : tier == OffloadTier::dram ? dram(frame) : staging(0);
  if (tier == OffloadTier::drive) {
    static_cast<void>(drive_->start_read(staging(0), frame * frame_bytes, frame_bytes));
    static_cast<void>(drive_->ended(true));
  }
  constexpr std::int64_t kPlaces = 16;
  for (std::int64_t i = 0; i < kPlaces; ++i) {
    const std::int64_t element = i * (frame_elements - 1) / (kPlaces - 1);
    __nv_bfloat16 got;
    CUDA_CHECK(cudaMemcpy(&got, data + 2 * element, sizeof got, cudaMemcpyDefault));
    const float made = random_value(seed_of(content), static_cast<std::uint64_t>(element));
    if (as_double(got) != as_double(__float2bfloat16(made))) return false;
  }
  return true;
}

}  // namespace tiersim::calib
