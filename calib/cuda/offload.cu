// tiersim_cuda offload: the program around the loop; what it writes and prints.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "calib/cuda/offload_machine.cuh"
#include "calib/cuda/offload_program.hpp"

namespace tiersim::calib {
namespace {

constexpr int kCheckedFrames = 64;  // of each tier
constexpr const char* kHeader =
    "request,queued_s,first_token_s,end_s,lookup_s,load_wait_s,prefill_s,decode_s,prompt_tokens,output_tokens,"
    "hits_hbm,hits_dram,hits_drive,computed_tokens,written_blocks,left_out_blocks\n";

std::vector<OffloadRequest> requests_of(const CudaOptions& options) {
  if (options.offload.trace.empty()) return generated_chat(options.seed, options.offload.requests);
  std::ifstream in(options.offload.trace);
  if (!in) throw std::runtime_error("cannot read " + options.offload.trace);
  return read_offload_trace(in, options.offload.trace);
}

std::ofstream file_of(const std::string& path) {
  std::ofstream out(path);
  if (!out) throw std::runtime_error("cannot write " + path + ": choose another folder with --out");
  return out;
}

void write_rows(const std::string& path, const std::vector<OffloadedRequest>& rows) {
  std::ofstream out = file_of(path);
  out.precision(9);
  out << kHeader;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const OffloadedRequest& r = rows[i];
    out << i << ',' << r.queued << ',' << r.first_token << ',' << r.end << ',' << r.lookup << ',' << r.load_wait << ','
        << r.prefill << ',' << r.decode << ',' << r.prompt << ',' << r.output << ',' << r.hits[0] << ',' << r.hits[1]
        << ',' << r.hits[2] << ',' << r.computed << ',' << r.written << ',' << r.left_out << '\n';
  }
  if (!out.flush()) throw std::runtime_error("cannot write all of " + path + ": is the disk full?");
}

/// Frames whose content is not their block's, of a sample in every tier.
int wrong_frames(const OffloadEngine& engine, GpuMachine& machine) {
  int wrong = 0;
  for (const OffloadTier tier : {OffloadTier::hbm, OffloadTier::dram, OffloadTier::drive}) {
    const FrameCache& cache = engine.tier(tier);
    const std::size_t step = cache.named().size() / kCheckedFrames + 1;
    std::size_t i = 0;
    for (const int frame : cache.named()) {
      if (i++ % step == 0 && !machine.holds(tier, frame, cache.block_of(frame))) ++wrong;
    }
  }
  return wrong;
}

void print_summary(const std::vector<OffloadedRequest>& rows, const OffloadEngine& engine) {
  OffloadedRequest sum;
  for (const OffloadedRequest& row : rows) {
    sum.load_wait += row.load_wait, sum.prefill += row.prefill, sum.decode += row.decode;
    sum.prompt += row.prompt, sum.computed += row.computed, sum.written += row.written, sum.left_out += row.left_out;
    for (std::size_t tier = 0; tier < 3; ++tier) sum.hits[tier] += row.hits[tier];
  }
  std::printf("%zu requests in %.3f s: loads %.3f s, prefill %.3f s, decode %.3f s\n", rows.size(),
              rows.empty() ? 0.0 : rows.back().end - rows.front().queued, sum.load_wait, sum.prefill, sum.decode);
  std::printf("%d of %d prompt tokens computed; blocks found: hbm %d, dram %d, drive %d\n", sum.computed, sum.prompt,
              sum.hits[0], sum.hits[1], sum.hits[2]);
  std::printf("%d blocks written, %d left out; evicted: hbm %lld, dram %lld, drive %lld\n", sum.written, sum.left_out,
              static_cast<long long>(engine.tier(OffloadTier::hbm).evicted()),
              static_cast<long long>(engine.tier(OffloadTier::dram).evicted()),
              static_cast<long long>(engine.tier(OffloadTier::drive).evicted()));
}

}  // namespace

int serve_offload(const CudaOptions& options, Gpu& gpu, const std::function<bool()>& stop) {
  const std::vector<OffloadRequest> requests = requests_of(options);
  std::filesystem::create_directories(options.out);
  std::ofstream trace = file_of(options.out + "/offload_trace.csv");
  write_offload_trace(trace, requests);
  GpuMachine machine(gpu, options.offload);
  const bool drive = options.offload.dram_frames > 0;  // without DRAM nothing reaches the drive
  const OffloadSetup setup{
      {options.offload.hbm_frames, options.offload.dram_frames, drive ? options.offload.drive_frames : 0},
      options.offload.policy == "fifo" ? Eviction::fifo : Eviction::lru};
  OffloadEngine engine(setup, machine);
  const std::vector<OffloadedRequest> rows = engine.serve(requests, stop);
  engine.drain();
  write_rows(options.out + "/offload.csv", rows);
  print_summary(rows, engine);
  const int wrong = wrong_frames(engine, machine);
  if (wrong > 0) throw std::runtime_error(std::to_string(wrong) + " frames do not hold what they should");
  return stop() ? 130 : 0;
}

}  // namespace tiersim::calib
