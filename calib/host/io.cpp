#include "calib/host/io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <liburing.h>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiersim::calib {
namespace {

/// `error` is an errno, 0 for the end of the file.
[[noreturn]] void fail(const IoRequest& request, int error) {
  throw std::runtime_error(fmt::format("{} of {} B at offset {} failed: {}",
                                       request.kind == IoKind::read ? "a read" : "a write", request.bytes,
                                       request.offset, error == 0 ? "end of the file" : std::strerror(error)));
}

/// Where to go on after part of a request was moved.
void advance(IoRequest& rest, std::int64_t moved) {
  rest.data += moved;
  rest.offset += moved;
  rest.bytes -= moved;
}

bool try_again(int error) { return error == EINTR || error == EAGAIN; }

// ---- io_uring

class UringEngine final : public IoEngine {
 public:
  UringEngine(const io_uring& ring, std::size_t depth) : ring_(ring), slots_(depth) {
    for (std::size_t i = depth; i > 0; --i) unused_.push_back(i - 1);
  }
  ~UringEngine() override {
    io_uring_cqe* done = nullptr;
    while (in_flight() > 0) {
      if (io_uring_wait_cqe(&ring_, &done) != 0) continue;
      unused_.push_back(static_cast<std::size_t>(done->user_data));
      io_uring_cqe_seen(&ring_, done);
    }
    io_uring_queue_exit(&ring_);
  }

  std::string_view name() const override { return "io_uring"; }
  std::size_t depth() const override { return slots_.size(); }
  std::size_t in_flight() const override { return slots_.size() - unused_.size(); }

  void submit(std::span<const IoRequest> requests) override {
    if (requests.size() > unused_.size()) throw std::logic_error("more I/Os submitted than the engine's depth");
    for (const IoRequest& request : requests) {
      const std::size_t slot = unused_.back();
      unused_.pop_back();
      slots_[slot] = {request, request};
      prepare(slot);
    }
    enter(requests.size());
  }

  std::size_t reap(std::span<std::uint64_t> tags, std::size_t least) override {
    std::size_t count = 0;
    while (count < tags.size()) {
      io_uring_cqe* done = nullptr;
      const int error = count < least ? io_uring_wait_cqe(&ring_, &done) : io_uring_peek_cqe(&ring_, &done);
      if (error == -EINTR) continue;
      if (error == -EAGAIN && count >= least) break;
      if (error != 0) throw std::runtime_error(fmt::format("io_uring failed: {}", std::strerror(-error)));
      const auto slot = static_cast<std::size_t>(done->user_data);
      const int result = done->res;
      io_uring_cqe_seen(&ring_, done);
      if (settle(slot, result)) tags[count++] = slots_[slot].whole.tag;
    }
    return count;
  }

 private:
  struct Slot {
    IoRequest whole, rest;
  };

  /// True if the request has ended; one that was moved in part goes on.
  bool settle(std::size_t slot, int result) {
    Slot& s = slots_[slot];
    if (result > 0) advance(s.rest, result);
    const bool again = s.rest.bytes > 0 && (result > 0 || try_again(-result));
    if (again) {
      prepare(slot);
      enter(1);
      return false;
    }
    unused_.push_back(slot);
    if (s.rest.bytes > 0) fail(s.whole, -result);
    return true;
  }

  /// The submission queue has as many places as there are slots, and is emptied by each enter().
  void prepare(std::size_t slot) {
    const IoRequest& r = slots_[slot].rest;
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    const auto bytes = static_cast<unsigned>(r.bytes);
    if (r.kind == IoKind::read) {
      io_uring_prep_read(entry, r.file, r.data, bytes, static_cast<std::uint64_t>(r.offset));
    } else {
      io_uring_prep_write(entry, r.file, r.data, bytes, static_cast<std::uint64_t>(r.offset));
    }
    entry->user_data = slot;
  }

  void enter(std::size_t count) {
    while (count > 0) {
      const int taken = io_uring_submit(&ring_);
      if (taken >= 0) {
        count -= std::min(count, static_cast<std::size_t>(taken));
      } else if (!try_again(-taken) && taken != -EBUSY) {
        throw std::runtime_error(fmt::format("io_uring takes no I/O: {}", std::strerror(-taken)));
      }
    }
  }

  io_uring ring_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> unused_;
};

// ---- threads

/// Moves all of a request; returns an errno, 0 for the end of the file, or -1 if all went well.
int move_all(IoRequest rest) {
  while (rest.bytes > 0) {
    const auto bytes = static_cast<std::size_t>(rest.bytes);
    const ssize_t moved = rest.kind == IoKind::read ? pread(rest.file, rest.data, bytes, rest.offset)
                                                    : pwrite(rest.file, rest.data, bytes, rest.offset);
    if (moved == 0) return 0;
    if (moved < 0 && !try_again(errno)) return errno;
    if (moved > 0) advance(rest, moved);
  }
  return -1;
}

class ThreadEngine final : public IoEngine {
 public:
  explicit ThreadEngine(std::size_t depth) : depth_(depth) {
    todo_.reserve(depth);
    done_.reserve(depth);
    for (std::size_t i = 0; i < depth; ++i) threads_.emplace_back([this] { serve(); });
  }
  ~ThreadEngine() override {
    {
      const std::lock_guard lock(mutex_);
      leaving_ = true;
    }
    submitted_.notify_all();
    threads_.clear();
  }

  std::string_view name() const override { return "threads"; }
  std::size_t depth() const override { return depth_; }
  std::size_t in_flight() const override { return in_flight_; }

  void submit(std::span<const IoRequest> requests) override {
    if (in_flight_ + requests.size() > depth_) throw std::logic_error("more I/Os submitted than the engine's depth");
    in_flight_ += requests.size();
    {
      const std::lock_guard lock(mutex_);
      todo_.insert(todo_.end(), requests.begin(), requests.end());
    }
    for (std::size_t i = 0; i < requests.size(); ++i) submitted_.notify_one();
  }

  std::size_t reap(std::span<std::uint64_t> tags, std::size_t least) override {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return done_.size() >= least; });
    const std::size_t count = std::min(tags.size(), done_.size());
    for (std::size_t i = 0; i < count; ++i) {
      const Done done = done_.back();
      done_.pop_back();
      --in_flight_;
      if (done.error >= 0) fail(done.request, done.error);
      tags[i] = done.request.tag;
    }
    return count;
  }

 private:
  struct Done {
    IoRequest request;
    int error = -1;
  };

  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      submitted_.wait(lock, [&] { return leaving_ || !todo_.empty(); });
      if (todo_.empty()) return;  // what was submitted is done before leaving
      const IoRequest request = todo_.back();
      todo_.pop_back();
      lock.unlock();
      const int error = move_all(request);
      lock.lock();
      done_.push_back({request, error});
      ended_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable submitted_, ended_;
  std::vector<IoRequest> todo_;
  std::vector<Done> done_;
  bool leaving_ = false;
  std::size_t depth_ = 0, in_flight_ = 0;  // in_flight_: the caller's thread alone
  std::vector<std::jthread> threads_;
};

}  // namespace

std::unique_ptr<IoEngine> make_io_uring_engine(std::size_t depth) {
  io_uring ring{};
  if (io_uring_queue_init(static_cast<unsigned>(depth), &ring, 0) != 0) return nullptr;
  return std::make_unique<UringEngine>(ring, depth);
}

std::unique_ptr<IoEngine> make_thread_io_engine(std::size_t depth) { return std::make_unique<ThreadEngine>(depth); }

std::unique_ptr<IoEngine> make_io_engine(std::size_t depth) {
  std::unique_ptr<IoEngine> engine = make_io_uring_engine(depth);
  return engine != nullptr ? std::move(engine) : make_thread_io_engine(depth);
}

}  // namespace tiersim::calib
