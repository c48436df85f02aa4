#pragma once
/// Independent pieces of work by number, over threads.
///
/// Called by replays: many of one trace, or the layers of a recording. Each number from 0 to count - 1 is worked on
/// once; results are the caller's to keep apart. The first exception is thrown again when all threads have ended.
#include <cstddef>
#include <functional>

namespace tiersim {

/// `threads` at least 1: the caller's own and others.
void for_each_index(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& work);

}  // namespace tiersim
