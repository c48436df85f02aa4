#pragma once
/// What holding and getting a trace's blocks costs, from the command line of `tiersim reuse`: a model and a machine, or
/// sizes and times by hand.
///
///   --model                  how large a block is
///   --model and --machine    what computing it again and fetching it take, and the machine's prices: all costs
///   --block-bytes, --recompute   instead of a model
/// A block is computed again in steps of a whole token budget around the mean depth of the trace's prompt blocks, a
/// share of the step's time for its tokens; it is fetched in a load of as many blocks as the mean prompt has, in
/// fragments of an engine's block, each GPU its part over its own link. Prices that nobody states are assumed, and said
/// to be. Errors: BadInput.
#include <optional>
#include <string>
#include <vector>

#include "sim/replay/break_even.hpp"
#include "sim/resolve/resolve.hpp"
#include "tools/tiersim/options.hpp"
#include "traces/trace.hpp"

namespace tiersim::cli {

/// What is known of a block.
struct Holding {
  std::optional<Bytes> block;
  std::optional<HoldingCosts> costs;
  std::string origin;  ///< lines that say whose costs these are, each ending in a newline; empty without costs
};

class HoldingRequest {
 public:
  explicit HoldingRequest(std::string command) : command_(std::move(command)) {}
  /// Declares --model, --machine, --profile, --tensor-parallel, --price, --block-bytes, --recompute and --library.
  void declare(Options& options);
  /// Warnings go to stderr. The trace has blocks.
  [[nodiscard]] Holding resolved(const traces::Trace& trace) const;

 private:
  struct Prices {
    std::optional<Dollars> gpu_hour;
    std::vector<std::pair<std::string, Dollars>> gigabyte_months;  // by place, as given
  };
  void check() const;
  [[nodiscard]] System system() const;
  [[nodiscard]] Bytes block_of(const System& system, const traces::Trace& trace) const;
  [[nodiscard]] models::Ranks ranks_of(const System& system) const;
  [[nodiscard]] std::optional<Seconds> recompute_of(const System& system, const models::Ranks& ranks,
                                                    const traces::Trace& trace) const;
  [[nodiscard]] Prices prices(const System& system) const;
  [[nodiscard]] HoldingCosts costs_of(const System& system, const models::Ranks& ranks, Bytes block,
                                      const traces::Trace& trace) const;
  [[nodiscard]] std::string origin_of(const System& system, const models::Ranks& ranks, const HoldingCosts& costs,
                                      const traces::Trace& trace) const;

  std::string command_, model_, machine_, profile_, block_bytes_, recompute_, library_;
  std::vector<std::string> prices_;
  std::int64_t tensor_ = 0;  // 0: the fewest GPUs that hold the weights
};

}  // namespace tiersim::cli
