#pragma once
/// The families of microkernels that measure a host: processors, memory, drive.
///
/// host_families() gives them in the order of their worth. Each has a file of its name. Variants name types ("fp32",
/// "bf16", "int8", "int4") or threads ("1 thread", "all threads"); kernels that the cost model uses run on all threads.
/// The machine is one device to the simulator: its DRAM is the first tier, its processors are the engine.
#include <memory>
#include <string>

#include "calib/host/team.hpp"
#include "calib/measure/family.hpp"
#include "calib/measure/session.hpp"

namespace tiersim::calib {

struct HostSetup {
  std::string folder;                     ///< where the drive's test file is made: on the drive to be measured
  std::int64_t file_bytes = 2LL << 30;    ///< its size, at most; never more than a quarter of what is free
  std::int64_t memory_bytes = 2LL << 30;  ///< the most that one point may allocate
  std::shared_ptr<Team> team;             ///< all processors
};

[[nodiscard]] Families host_families(const HostSetup& setup);

// One a file. Kernels of each in brackets.
[[nodiscard]] std::unique_ptr<Family> ceiling_family(const HostSetup& setup);    // copy, product
[[nodiscard]] std::unique_ptr<Family> memory_family(const HostSetup& setup);     // read, write, copy, triad; by threads
[[nodiscard]] std::unique_ptr<Family> latency_family(const HostSetup& setup);    // chase
[[nodiscard]] std::unique_ptr<Family> memcpy_family(const HostSetup& setup);     // memcpy, blocks (scattered copies)
[[nodiscard]] std::unique_ptr<Family> overhead_family(const HostSetup& setup);   // fork_join, clock
[[nodiscard]] std::unique_ptr<Family> gemm_family(const HostSetup& setup);       // gemv, thin, gemm
[[nodiscard]] std::unique_ptr<Family> attention_family(const HostSetup& setup);  // prefill_attention, decode_attention
[[nodiscard]] std::unique_ptr<Family> elementwise_family(
    const HostSetup& setup);  // norm, rotary, activation, add, softmax
[[nodiscard]] std::unique_ptr<Family> quantise_family(const HostSetup& setup);    // dequantise, quantise: int8, int4
[[nodiscard]] std::unique_ptr<Family> ssd_family(const HostSetup& setup);         // read, write, mixed
[[nodiscard]] std::unique_ptr<Family> page_cache_family(const HostSetup& setup);  // read

/// Steal time, load of others and the processors' clock during a measurement (Linux; zeros where it is not told).
[[nodiscard]] std::unique_ptr<MachineWatch> host_watch();

}  // namespace tiersim::calib
