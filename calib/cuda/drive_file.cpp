#include "calib/cuda/drive_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace tiersim::calib {
namespace {

[[noreturn]] void fail(const std::string& folder, const std::string& what, int error) {
  throw std::runtime_error("the test file in " + folder + " " + what + ": " + std::strerror(error) +
                           "; choose another folder with --folder");
}

}  // namespace

DriveFile::DriveFile(const std::string& folder, std::int64_t bytes, int threads, bool direct) {
  std::string path = folder + "/tiersim_offload_XXXXXX";
  file_ = mkstemp(path.data());
  if (file_ < 0) fail(folder, "cannot be made", errno);
  unlink(path.c_str());
  if (direct && fcntl(file_, F_SETFL, O_DIRECT) != 0) {
    const int error = errno;
    close(file_);
    fail(folder, "cannot be opened past the page cache", error);
  }
  if (const int error = posix_fallocate(file_, 0, bytes); error != 0) {
    close(file_);
    fail(folder, "cannot be made " + std::to_string(bytes) + " B large", error);
  }
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

DriveFile::~DriveFile() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    reads_.clear();
    writes_.clear();
  }
  queued_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  close(file_);
}

DriveFile::Io DriveFile::start_read(void* memory, std::int64_t offset, std::int64_t bytes) {
  return start({0, static_cast<char*>(memory), offset, bytes, false});
}

DriveFile::Io DriveFile::start_write(const void* memory, std::int64_t offset, std::int64_t bytes) {
  // pwrite only reads it.
  return start({0, static_cast<char*>(const_cast<void*>(memory)), offset, bytes, true});
}

DriveFile::Io DriveFile::start(Job job) {
  const std::lock_guard lock(mutex_);
  job.number = next_++;
  (job.write ? writes_ : reads_).push_back(job);
  ++under_way_;
  queued_.notify_one();
  return job.number;
}

std::vector<DriveFile::Io> DriveFile::ended(bool wait) {
  std::unique_lock lock(mutex_);
  if (wait) done_.wait(lock, [this] { return !ended_.empty() || under_way_ == 0; });
  if (!failure_.empty()) throw std::runtime_error(failure_);
  return std::exchange(ended_, {});
}

void DriveFile::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    queued_.wait(lock, [this] { return closing_ || !reads_.empty() || !writes_.empty(); });
    if (closing_) return;
    std::deque<Job>& jobs = reads_.empty() ? writes_ : reads_;
    const Job job = jobs.front();
    jobs.pop_front();
    lock.unlock();
    const std::string failure = carry_out(job);
    lock.lock();
    if (failure_.empty()) failure_ = failure;
    ended_.push_back(job.number);
    --under_way_;
    done_.notify_all();
  }
}

std::string DriveFile::carry_out(const Job& job) const {
  for (std::int64_t done = 0; done < job.bytes;) {
    char* memory = job.memory + done;
    const auto left = static_cast<std::size_t>(job.bytes - done);
    const ssize_t moved =
        job.write ? pwrite(file_, memory, left, job.offset + done) : pread(file_, memory, left, job.offset + done);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) {
      const char* reason = moved < 0 ? std::strerror(errno) : "it is shorter than it was made";
      return std::string(job.write ? "cannot write" : "cannot read") + " the test file: " + reason;
    }
    done += moved;
  }
  return {};
}

}  // namespace tiersim::calib
