// The offload measurement around its engine: blocks on their way, the same run said to the simulator, what is compared
// and what is kept.
#include <doctest/doctest.h>

#include "calib/offload/block_mover.hpp"
#include "calib/offload/compare.hpp"
#include "calib/offload/record_h5.hpp"
#include "tests/support/memory_drive.hpp"
#include "tests/support/no_compute.hpp"
#include "tests/support/opened_h5.hpp"
#include "tests/support/random_serving.hpp"

using namespace tiersim;
using namespace tiersim::calib;
using test::MemoryDrive;
using test::NoCompute;

namespace {

constexpr std::int64_t kBlock = 64;  // bytes

ServedRequest served(double queued, double first_token, double end) {
  ServedRequest r;
  r.queued = queued;
  r.first_token = first_token;
  r.end = end;
  r.prefill = first_token - queued;
  r.decode = end - first_token;
  r.hits_memory = 2;
  r.hits_drive = 1;
  return r;
}

OffloadRun run_of(double scale) {
  OffloadRun run;
  run.requests = {served(0, scale, 2 * scale), served(2 * scale, 3 * scale, 5 * scale)};
  run.seconds = 5 * scale;
  return run;
}

RequestOutcome predicted(double arrival, double first_token, double last_token) {
  const auto at = [](double s) { return Time(0) + rounded(Seconds(s)); };
  RequestOutcome r;
  r.arrival = at(arrival), r.first_token = at(first_token), r.last_token = at(last_token);
  r.first.tier = {32, 16};
  return r;
}

OffloadRow row_of(double measured, double predicted, double spread) {
  OffloadRow row;
  row.total = {measured, predicted};
  row.spread = spread;
  return row;
}

}  // namespace

TEST_CASE("do all blocks arrive when there are more of them than I/Os in flight, reads before writes?") {
  MemoryDrive drive(20 * kBlock, 3);
  BlockMover mover(drive, -1, kBlock);
  std::vector<float> out(20 * kBlock / 4), in(out.size());
  std::vector<BlockMove> writes, reads;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i);
  for (std::int64_t i = 0; i < 20; ++i) {
    writes.push_back({reinterpret_cast<std::byte*>(out.data()) + i * kBlock, 19 - i});
    reads.push_back({reinterpret_cast<std::byte*>(in.data()) + (19 - i) * kBlock, i});
  }
  std::vector<BlockMover::Transfer> ended;
  const auto written = mover.start(IoKind::write, writes);
  while (!mover.idle()) mover.poll(true, ended);
  CHECK(ended == std::vector{written});
  const auto again = mover.start(IoKind::write, writes), read = mover.start(IoKind::read, reads);
  ended.clear();
  while (!mover.idle()) mover.poll(true, ended);
  CHECK(ended == std::vector{read, again});
  CHECK(in == out);
}

TEST_CASE("is a configuration's error its total's, its spread its rounds', and do hits count request by request?") {
  ServingOutcome outcome;
  outcome.requests = {predicted(0, 1, 2.2), predicted(2.2, 3.3, 5.5)};
  std::vector<OffloadRun> rounds{run_of(0.9), run_of(1.1)};
  const OffloadConfiguration configuration{"lru", "lru", 10, 20};
  const OffloadRow row = compare_offload(configuration, {}, rounds, outcome);
  CHECK(row.total.measured == doctest::Approx(5));
  CHECK(row.total.error() == doctest::Approx(0.1));
  CHECK(row.spread == doctest::Approx(0.2));
  CHECK(row.first_tokens.measured == doctest::Approx(2));
  CHECK(row.first_tokens.predicted == doctest::Approx(2.1));
  CHECK(row.decode.predicted == doctest::Approx(3.4));
  CHECK(row.request_p50 == doctest::Approx(0.1));
  CHECK(row.bookkeeping == doctest::Approx(0));
  CHECK(row.measured.memory == 4);
  CHECK(row.predicted.drive == 2);
  CHECK(row.differing == 0);
  rounds[1].requests[0].hits_drive = 0;
  rounds[1].requests[1].hits_drive = 2;
  CHECK(compare_offload(configuration, {}, rounds, outcome).differing == 2);
}

TEST_CASE("which pairs of configurations count, and when is the verdict good?") {
  OffloadResult result;
  result.rows = {row_of(10, 11, 0.02), row_of(10.1, 10.9, 0.01), row_of(13, 12, 0.03), row_of(15, 11.5, 0.02)};
  judge_order(result);
  CHECK(result.pairs == 6);
  CHECK(result.pairs_alike == 1);  // 10 and 10.1
  CHECK(result.pairs_right == 4);  // 13 and 15 are predicted the wrong way round
  CHECK_FALSE(result.good());
  result.rows.pop_back();
  result.pairs = result.pairs_right = result.pairs_alike = 0;
  judge_order(result);
  CHECK(result.good());
  result.rows[0].total.predicted = 11.6;
  CHECK_FALSE(result.good());
  result.rows[0].spread = 0.09;  // twice that is allowed
  CHECK(result.good());
  CHECK(offload_table(result).find("3 of 3 totals") != std::string::npos);
}

TEST_CASE("does the run that the simulator is told decide what the engine does?") {
  const DecoderShape shape;
  const traces::Trace trace = offload_trace(3, 40, shape.block);
  const Workload workload(trace, Tokens(shape.block));
  NoCompute compute;
  for (const OffloadConfiguration& c : offload_configurations(workload)) {
    CAPTURE(c.name);
    const DecoderShape narrow{.layers = 1, .kv_heads = 1, .head_dim = 1, .block = shape.block};  // less to copy
    std::vector<std::byte> memory(static_cast<std::size_t>(c.frames * narrow.frame_bytes()));
    MemoryDrive drive(std::max<std::int64_t>(1, c.drive_frames) * narrow.frame_bytes(), kOffloadDepth);
    OffloadEngineSetup setup{.shape = narrow,
                             .frames = c.frames,
                             .eviction = c.eviction,
                             .max_batched_tokens = kOffloadChunk,
                             .memory = memory,
                             .drive = {}};
    if (c.drive_frames > 0) setup.drive = {&drive, -1, c.drive_frames};
    const OffloadRun run = serve(setup, workload, compute);
    const ServingSettings settings = offload_settings(c, shape, test::tiny_profile(), test::tiny_machine(1));
    const OffloadRow row = compare_offload(c, shape, {&run, 1}, Simulation(settings, trace).run());
    CHECK(row.differing == 0);
    CHECK(row.measured == row.predicted);
    CHECK((row.measured.drive > 0) == (c.drive_frames > 0));
  }
}

TEST_CASE("is a machine without a drive told what it lacks, and one without use for it left alone?") {
  hw::MachineSpec machine = test::tiny_machine(1);
  machine.storage.pop_back();
  const OffloadConfiguration with{"lru_drive", "lru", 10, 20}, without{"lru", "lru", 10, 0};
  CHECK_THROWS_WITH_AS(static_cast<void>(offload_settings(with, {}, test::tiny_profile(), machine)),
                       doctest::Contains("calibrate the family ssd"), std::runtime_error);
  CHECK_NOTHROW(static_cast<void>(offload_settings(without, {}, test::tiny_profile(), machine)));
}

TEST_CASE("does a record hold the trace it was measured on, and every round's columns?") {
  const traces::Trace trace = offload_trace(3, 2, 16);
  const Workload workload(trace, Tokens(16));
  const std::vector<OffloadRun> rounds{run_of(1), run_of(2)};
  const OffloadConfiguration configuration{"lru", "lru", 10, 20};
  const Facts about = offload_facts({}, configuration, 3, "io_uring", test::tiny_profile());
  const std::string bytes = offload_h5(about, workload, rounds);
  CHECK(bytes == offload_h5(about, workload, rounds));
  const tests::OpenedH5 file(bytes);
  REQUIRE(file.usable());
  CHECK(file.numbers("round_1/end") == std::vector{4.0, 10.0});
  CHECK(file.unit("round_1/end") == "s");
  CHECK(file.numbers("round_0/hits_drive") == std::vector{1.0, 1.0});
  CHECK(file.text("about/value").find("io_uring") != std::string::npos);
  const std::vector<double> offsets = file.numbers("trace/block_offsets"), blocks = file.numbers("trace/blocks");
  REQUIRE(offsets.size() == 3);
  CHECK(offsets[2] == static_cast<double>(blocks.size()));
  std::vector<BlockId> names;
  workload.append_blocks(RequestId(0), workload.blocks_for(trace.identified_tokens(RequestId(0))), names);
  CHECK(offsets[1] == static_cast<double>(names.size()));
  for (std::size_t i = 0; i < names.size(); ++i) CHECK(blocks[i] == names[i].value());
  CHECK(file.numbers("trace/prompt_tokens")[1] == static_cast<double>(workload.prompt(RequestId(1))));
}
