// Names of one device as drivers, profiles and device files spell them.
#include "calib/profile_device.hpp"

#include <doctest/doctest.h>

using tiersim::calib::same_device;

TEST_CASE("are a driver's name and a file's name of one GPU the same device?") {
  CHECK(same_device("NVIDIA H200", "h200-sxm"));
  CHECK(same_device("a100-nvswitch", "a100-sxm-80gb"));
  CHECK(same_device("NVIDIA A100-SXM4-80GB", "a100-sxm-40gb"));
  CHECK(same_device("NVIDIA GeForce RTX 4090", "rtx-4090"));
  CHECK(same_device("AMD EPYC", "AMD EPYC"));
  CHECK(same_device("Jetson AGX Orin", "jetson-agx-orin-64gb"));
}

TEST_CASE("are other devices told apart, and a GPU from a processor?") {
  CHECK_FALSE(same_device("NVIDIA H200", "h100-sxm"));
  CHECK_FALSE(same_device("NVIDIA B200", "gb200"));
  CHECK_FALSE(same_device("NVIDIA RTX A6000", "rtx-pro-6000-server"));
  CHECK_FALSE(same_device("AMD EPYC", "h100-sxm"));
  CHECK_FALSE(same_device("NVIDIA A100-SXM4-80GB", "h100-sxm-80gb"));
}
