#include "calib/host/team.hpp"

#include <algorithm>
#include <atomic>
#include <immintrin.h>
#include <pthread.h>
#include <sched.h>
#include <thread>
#include <vector>

#include "calib/host/affinity.hpp"

namespace tiersim::calib {
namespace {

constexpr int kSpins = 20'000;  // some hundred microseconds: longer than the gap between two kernels of one layer

/// Best effort: a container may forbid it, and then the kernel's scheduler decides.
void pin(pthread_t thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  static_cast<void>(pthread_setaffinity_np(thread, sizeof set, &set));
}

/// Returns once `word` is no longer `old`: spins for a while, then sleeps.
template <class Word>
void wait_while(const std::atomic<Word>& word, Word old) {
  for (int i = 0; i < kSpins; ++i) {
    if (word.load(std::memory_order_acquire) != old) return;
    _mm_pause();
  }
  word.wait(old, std::memory_order_acquire);
}

/// Moves the calling thread to a processor that none of the others is pinned to, if it is on another: beside one of
/// them it would spin while that one waits for its turn. It stays free to be moved again.
void go_to(int cpu) {
  if (sched_getcpu() == cpu) return;
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  pin(pthread_self(), cpu);
  static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof allowed, &allowed));
}

}  // namespace

struct Team::Impl {
  int home = 0;                         // the processor of rank 0
  std::atomic<std::uint32_t> round{0};  // a new value starts the others
  std::atomic<int> busy{0};             // of them
  const std::function<void(int)>* work = nullptr;
  bool leaving = false;
  std::vector<std::jthread> threads;  // last: they end before what they look at does

  ~Impl() {
    leaving = true;
    start();
  }

  void serve(int rank) {
    std::uint32_t seen = 0;
    while (true) {
      wait_while(round, seen);
      seen = round.load(std::memory_order_acquire);
      if (leaving) return;
      (*work)(rank);
      if (busy.fetch_sub(1, std::memory_order_acq_rel) == 1) busy.notify_one();
    }
  }

  void start() {
    round.fetch_add(1, std::memory_order_acq_rel);
    round.notify_all();
  }
};

Team::Team(int threads) : impl_(std::make_unique<Impl>()) {
  const std::vector<int> cpus = allowed_processors();
  impl_->home = cpus.front();
  const auto cpu = [&](int rank) { return cpus[static_cast<std::size_t>(rank) % cpus.size()]; };
  for (int rank = 1; rank < threads; ++rank) {
    impl_->threads.emplace_back([impl = impl_.get(), rank] { impl->serve(rank); });
    pin(impl_->threads.back().native_handle(), cpu(rank));
  }
}

Team::~Team() = default;

int Team::size() const { return static_cast<int>(impl_->threads.size()) + 1; }

void Team::run(const std::function<void(int rank)>& work) {
  if (size() > 1) go_to(impl_->home);
  impl_->work = &work;
  impl_->busy.store(size() - 1, std::memory_order_release);
  impl_->start();
  work(0);
  for (int left = impl_->busy.load(std::memory_order_acquire); left > 0;
       left = impl_->busy.load(std::memory_order_acquire)) {
    wait_while(impl_->busy, left);
  }
}

int Team::available() { return static_cast<int>(allowed_processors().size()); }

Share share_of(std::int64_t count, std::int64_t grain, int rank, int size) {
  const std::int64_t grains = (count + grain - 1) / grain;
  const auto cut = [&](std::int64_t i) { return std::min(count, grains * i / size * grain); };
  return {cut(rank), cut(rank + 1)};
}

}  // namespace tiersim::calib
