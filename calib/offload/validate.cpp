#include "calib/offload/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "calib/host/buffer.hpp"
#include "calib/host/families.hpp"
#include "calib/host/io.hpp"
#include "calib/host/offload/decoder.hpp"
#include "calib/host/test_file.hpp"
#include "calib/offload/compare.hpp"
#include "calib/offload/record_h5.hpp"

namespace tiersim::calib {
namespace {

constexpr int kRounds = 2;
constexpr std::int64_t kLeastRequests = 10, kMostRequests = 1000;
constexpr double kServingShare = 0.75;  // of the time; the rest is for the file, warm-up and predicting
constexpr double kFileShare = 0.1;

/// Frames of memory with nothing in them, touched by the threads that will use them; aligned as the drive wants it.
Buffer frame_memory(Team& team, std::int64_t bytes) {
  Buffer memory(bytes);
  team.run([&](int rank) {
    const Share share = share_of(bytes, kIoAlignment, rank, team.size());
    std::memset(memory.as<std::byte>() + share.begin, 0, static_cast<std::size_t>(share.end - share.begin));
  });
  return memory;
}

class Measurement {
 public:
  Measurement(const Profile& profile, const hw::MachineSpec& machine, const OffloadSettings& settings,
              const OffloadStop& stop, const OffloadProgress& progress)
      : profile_(profile),
        machine_(machine),
        settings_(settings),
        stop_(stop),
        progress_(progress),
        io_(make_io_engine(kOffloadDepth)),
        compute_(make_decoder(*settings.team, settings.shape, settings.seed)) {}

  OffloadResult run() {
    OffloadResult out;
    out.io = io_->name();
    const std::int64_t requests = how_many_requests();
    const traces::Trace trace = offload_trace(settings_.seed, requests, settings_.shape.block);
    const Workload workload(trace, Tokens(settings_.shape.block));
    configurations_ = offload_configurations(workload);
    make_tiers();
    std::vector<ServingOutcome> predicted;
    for (const OffloadConfiguration& c : configurations_) predicted.push_back(predict(c, trace));
    const Rounds rounds = measure(workload, predicted);
    out.requests = requests;
    out.stopped = rounds.empty();
    if (out.stopped) return out;
    for (std::size_t i = 0; i < configurations_.size(); ++i) {
      out.rows.push_back(compare_offload(configurations_[i], settings_.shape, rounds[i], predicted[i]));
      out.rows.back().disturbed = disturbed_[i];
      if (!settings_.out.empty()) record(workload, configurations_[i], rounds[i]);
    }
    judge_order(out);
    return out;
  }

 private:
  using Rounds = std::vector<std::vector<OffloadRun>>;  // by configuration, by round

  [[nodiscard]] ServingOutcome predict(const OffloadConfiguration& c, const traces::Trace& trace) const {
    return Simulation(offload_settings(c, settings_.shape, profile_, machine_), trace).run();
  }

  [[nodiscard]] double predicted_seconds(std::int64_t requests) const {
    const traces::Trace trace = offload_trace(settings_.seed, requests, settings_.shape.block);
    const Workload workload(trace, Tokens(settings_.shape.block));
    double seconds = 0;
    for (const OffloadConfiguration& c : offload_configurations(workload))
      seconds += in_seconds(predict(c, trace).whole.at - Time(0)).value();
    return seconds;
  }

  /// As many as fit into the time, by the prediction and by how far a few first requests are from theirs.
  [[nodiscard]] std::int64_t how_many_requests() {
    const double pace = warm_up();
    const double wanted = kServingShare * settings_.seconds / kRounds / pace;
    std::int64_t requests = kLeastRequests;
    for (int i = 0; i < 4; ++i) {  // reuse grows with their number, so it is not quite proportional
      const double more = wanted / predicted_seconds(requests);
      requests =
          std::clamp(static_cast<std::int64_t>(static_cast<double>(requests) * more), kLeastRequests, kMostRequests);
    }
    return requests;
  }

  /// Serves a few requests without a drive; returns their time over the predicted one.
  [[nodiscard]] double warm_up() {
    constexpr std::int64_t kRequests = 4;
    const traces::Trace trace = offload_trace(settings_.seed, kRequests, settings_.shape.block);
    const Workload workload(trace, Tokens(settings_.shape.block));
    const OffloadConfiguration c{"warm-up", "lru", least_frames(workload), 0};
    const Buffer memory = frame_memory(*settings_.team, c.frames * settings_.shape.frame_bytes());
    const OffloadRun run = serve(setup_of(c, memory.all<std::byte>()), workload, *compute_);
    return run.seconds / in_seconds(predict(c, trace).whole.at - Time(0)).value();
  }

  void make_tiers() {
    std::int64_t frames = 0, on_drive = 0;
    for (const OffloadConfiguration& c : configurations_) {
      frames = std::max(frames, c.frames);
      on_drive = std::max(on_drive, c.drive_frames);
    }
    const std::int64_t bytes = settings_.shape.frame_bytes();
    memory_ = frame_memory(*settings_.team, frames * bytes);
    file_ = std::make_unique<TestFile>(
        TestFileSetup{settings_.folder, on_drive * bytes, kFileShare * settings_.seconds, settings_.seed});
    for (OffloadConfiguration& c : configurations_) c.drive_frames = std::min(c.drive_frames, file_->bytes() / bytes);
  }

  [[nodiscard]] OffloadEngineSetup setup_of(const OffloadConfiguration& c, std::span<std::byte> memory) const {
    OffloadEngineSetup setup{.shape = settings_.shape,
                             .frames = c.frames,
                             .eviction = c.eviction,
                             .max_batched_tokens = kOffloadChunk,
                             .memory = memory,
                             .drive = {}};
    if (c.drive_frames > 0) setup.drive = {io_.get(), file_->direct(), c.drive_frames};
    return setup;
  }

  struct Served {
    OffloadRun run;
    bool disturbed = false;
  };
  [[nodiscard]] Served serve_watched(const OffloadConfiguration& c, const Workload& workload,
                                     const OffloadHooks& hooks) {
    watch_->begin();
    OffloadRun run = serve(setup_of(c, memory_.all<std::byte>()), workload, *compute_, hooks);
    return {std::move(run), watch_->end().throttled};
  }

  /// Every configuration once, then every one again, a disturbed round a second time; nothing if it was stopped.
  [[nodiscard]] Rounds measure(const Workload& workload, const std::vector<ServingOutcome>& predicted) {
    double total = 0, done = 0;
    for (const ServingOutcome& p : predicted) total += kRounds * in_seconds(p.whole.at - Time(0)).value();
    Rounds rounds(configurations_.size());
    disturbed_.assign(configurations_.size(), 0);
    const OffloadHooks hooks{.stop = stop_, .on_token = {}};
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < configurations_.size(); ++i) {
        progress_(done, total, configurations_[i].name);
        Served served = serve_watched(configurations_[i], workload, hooks);
        if (served.disturbed && !served.run.stopped) served = serve_watched(configurations_[i], workload, hooks);
        if (served.run.stopped) return {};
        rounds[i].push_back(std::move(served.run));
        disturbed_[i] += served.disturbed;
        done += in_seconds(predicted[i].whole.at - Time(0)).value();
      }
    }
    return rounds;
  }

  void record(const Workload& workload, const OffloadConfiguration& c, const std::vector<OffloadRun>& rounds) const {
    const std::string path = fmt::format("{}/{}", settings_.out, offload_file_name(c, settings_.seed, workload.size()));
    const Facts about = offload_facts(settings_.shape, c, settings_.seed, std::string(io_->name()), profile_);
    std::filesystem::create_directories(settings_.out);
    std::ofstream out(path, std::ios::binary);
    out << offload_h5(about, workload, rounds);
    out.close();
    if (!out) throw std::runtime_error(fmt::format("could not write {}: {}", path, std::strerror(errno)));
  }

  const Profile& profile_;
  const hw::MachineSpec& machine_;
  const OffloadSettings& settings_;
  const OffloadStop& stop_;
  const OffloadProgress& progress_;
  std::unique_ptr<MachineWatch> watch_ = host_watch();
  std::unique_ptr<IoEngine> io_;
  std::unique_ptr<Compute> compute_;
  std::vector<OffloadConfiguration> configurations_;
  std::vector<int> disturbed_;  // rounds, by configuration
  Buffer memory_;
  std::unique_ptr<TestFile> file_;
};

}  // namespace

OffloadResult validate_offload(const Profile& profile, const hw::MachineSpec& machine, const OffloadSettings& settings,
                               const OffloadStop& stop, const OffloadProgress& progress) {
  return Measurement(profile, machine, settings, stop, progress).run();
}

}  // namespace tiersim::calib
