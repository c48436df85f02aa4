// What it costs to grow a cache in place: physical pages made, mapped into reserved addresses, opened for access and
// unmapped, page by page, by the driver's virtual memory management.
#include <cuda.h>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "calib/cuda/kit.cuh"
#include "calib/cuda/sizes.hpp"

namespace tiersim::calib {
namespace {

void check(CUresult result, const char* call) {
  if (result == CUDA_SUCCESS) return;
  throw std::runtime_error(std::string(call) + " failed with the driver's error " + std::to_string(result) +
                           (result == CUDA_ERROR_OUT_OF_MEMORY ? " (too little memory on the GPU)" : ""));
}

/// A function of the driver, found while running so that nothing links libcuda.
template <class Function>
Function* driver_function(const char* name) {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult status{};
#if CUDART_VERSION >= 12050
  CUDA_CHECK(cudaGetDriverEntryPointByVersion(name, &found, 12000, cudaEnableDefault, &status));
#else
  CUDA_CHECK(cudaGetDriverEntryPoint(name, &found, cudaEnableDefault, &status));
#endif
  if (found == nullptr) throw std::runtime_error(std::string("this driver has no ") + name + ": update it");
  return reinterpret_cast<Function*>(found);
}

#define TIERSIM_DRIVER_FUNCTION(name) decltype(::name)* const name = driver_function<decltype(::name)>(#name)

struct Driver {
  TIERSIM_DRIVER_FUNCTION(cuMemGetAllocationGranularity);
  TIERSIM_DRIVER_FUNCTION(cuMemAddressReserve);
  TIERSIM_DRIVER_FUNCTION(cuMemAddressFree);
  TIERSIM_DRIVER_FUNCTION(cuMemCreate);
  TIERSIM_DRIVER_FUNCTION(cuMemRelease);
  TIERSIM_DRIVER_FUNCTION(cuMemMap);
  TIERSIM_DRIVER_FUNCTION(cuMemUnmap);
  TIERSIM_DRIVER_FUNCTION(cuMemSetAccess);
};

#undef TIERSIM_DRIVER_FUNCTION

/// Reserved addresses for `count` pages, and the pages while they exist.
class Pages {
 public:
  Pages(const Driver& driver, int device, std::size_t count) : driver_(driver), count_(count) {
    properties_.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    properties_.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
    std::size_t least = 0;
    check(driver_.cuMemGetAllocationGranularity(&least, &properties_, CU_MEM_ALLOC_GRANULARITY_MINIMUM),
          "cuMemGetAllocationGranularity");
    if (kPage % least != 0) throw std::runtime_error("this GPU has no pages of 2 MB: leave the family mapping out");
    check(driver_.cuMemAddressReserve(&base_, count_ * kPage, 0, 0, 0), "cuMemAddressReserve");
  }
  ~Pages() {
    for (std::size_t i = 0; i < mapped_; ++i) static_cast<void>(driver_.cuMemUnmap(address(i), kPage));
    for (const auto handle : handles_) static_cast<void>(driver_.cuMemRelease(handle));
    static_cast<void>(driver_.cuMemAddressFree(base_, count_ * kPage));
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  void create() {
    for (std::size_t i = 0; i < count_; ++i) {
      CUmemGenericAllocationHandle handle = 0;
      check(driver_.cuMemCreate(&handle, kPage, &properties_, 0), "cuMemCreate");
      handles_.push_back(handle);
    }
  }
  void map() {
    for (; mapped_ < count_; ++mapped_) {
      check(driver_.cuMemMap(address(mapped_), kPage, 0, handles_[mapped_], 0), "cuMemMap");
    }
  }
  void open() {
    const CUmemAccessDesc access{properties_.location, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    for (std::size_t i = 0; i < count_; ++i) {
      check(driver_.cuMemSetAccess(address(i), kPage, &access, 1), "cuMemSetAccess");
    }
  }
  void unmap() {
    for (; mapped_ > 0; --mapped_) check(driver_.cuMemUnmap(address(mapped_ - 1), kPage), "cuMemUnmap");
  }
  void release() {
    for (; !handles_.empty(); handles_.pop_back()) check(driver_.cuMemRelease(handles_.back()), "cuMemRelease");
  }

  /// Writes to each page's ends and reads back: 0, or infinity if a byte is lost.
  [[nodiscard]] double written_and_read() const {
    for (std::size_t i = 0; i < count_; ++i) {
      for (const std::size_t offset : {std::size_t{0}, kPage - 1}) {
        void* at = reinterpret_cast<void*>(address(i) + offset);
        unsigned char byte = 0;
        CUDA_CHECK(cudaMemset(at, static_cast<int>((i + offset) % 251), 1));
        CUDA_CHECK(cudaMemcpy(&byte, at, 1, cudaMemcpyDeviceToHost));
        if (byte != (i + offset) % 251) return std::numeric_limits<double>::infinity();
      }
    }
    return 0;
  }

 private:
  static constexpr auto kPage = static_cast<std::size_t>(kPageBytes);
  [[nodiscard]] CUdeviceptr address(std::size_t page) const { return base_ + page * kPage; }

  const Driver& driver_;
  std::size_t count_, mapped_ = 0;
  CUmemAllocationProp properties_{};
  CUdeviceptr base_ = 0;
  std::vector<CUmemGenericAllocationHandle> handles_;
};

class Mapping final : public SweptFamily {
 public:
  explicit Mapping(const CudaSetup& setup) : SweptFamily(setup, mapping_sizes()) {}

  Sample measure(const Point& point, const Effort& effort) override {
    const Driver driver;
    Pages pages(driver, gpu().ordinal(), static_cast<std::size_t>(point.at("operations")));
    pages.create();
    pages.map();
    pages.open();
    const double check = pages.written_and_read();
    pages.unmap();
    pages.release();
    const Timing timing = repeat(effort, [&](std::int64_t n) {
      double seconds = 0;
      for (std::int64_t i = 0; i < n; ++i) seconds += one_life(pages, point.kernel);
      return seconds;
    });
    return sample_of(point, 0, 0, timing, check);
  }

 private:
  /// From nothing to nothing; the seconds of one of the steps.
  static double one_life(Pages& pages, const std::string& timed) {
    double seconds = 0;
    const auto step = [&](const char* name, auto&& work) {
      const double start = steady_seconds();
      work();
      if (timed == name) seconds = steady_seconds() - start;
    };
    step("create", [&] { pages.create(); });
    step("map", [&] { pages.map(); });
    step("access", [&] { pages.open(); });
    step("unmap", [&] { pages.unmap(); });
    pages.release();
    return seconds;
  }
};

}  // namespace

std::unique_ptr<Family> mapping_family(const CudaSetup& setup) { return std::make_unique<Mapping>(setup); }

}  // namespace tiersim::calib
