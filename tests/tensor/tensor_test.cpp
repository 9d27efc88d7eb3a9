#include <tempa/tensor/tensor.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace tensor_test {

using namespace tempa;

namespace {
Tensor<float> counting(Shape shape) {
  Tensor<float> tensor(shape);
  std::iota(tensor.span().begin(), tensor.span().end(), 0.0f);
  return tensor;
}

}  // namespace

TEST_CASE("Shape: sizes, element count and negative axes", "[core]") {
  const Shape shape{2, 3, 5};
  CHECK(shape.rank() == 3);
  CHECK(shape.numel() == 30);
  CHECK(shape[-1] == 5);
  CHECK(shape.with(-1, 7) == Shape{2, 3, 7});
  CHECK(shape.without(1) == Shape{2, 5});
  CHECK(shape.flatten_to_2d() == std::pair<Index, Index>{6, 5});
  CHECK(Shape{}.numel() == 1);
  CHECK(Shape{4, 0}.numel() == 0);
  CHECK(shape.to_string() == "(2,3,5)");
}

TEST_CASE("Shape: impossible sizes are refused", "[core]") {
  CHECK(thrown<ShapeError>([] { Shape{2, -1}; }) == "[Shape] sizes must not be negative but one is -1");
  CHECK_THROWS_AS((Shape{Index{1} << 40, Index{1} << 40}), ShapeError);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), ShapeError);
  CHECK(thrown<ShapeError>([] { static_cast<void>(Shape{2, 3}[2]); }) == "[Shape] axis 2 is outside of shape (2,3)");
}

TEST_CASE("Tensor: copies share storage, clones do not", "[core]") {
  Tensor<float> a = counting({2, 3});
  Tensor<float> b = a;
  const Tensor<float> c = a.clone();
  b.at({1, 2}) = 50.0f;
  CHECK(a.at({1, 2}) == 50.0f);
  CHECK(c.at({1, 2}) == 5.0f);
  CHECK_FALSE(a.unique());
  CHECK(c.unique());
}

TEST_CASE("Tensor: reshape and rows are views", "[core]") {
  Tensor<float> a = counting({4, 6});
  Tensor<float> view = a.reshape({2, -1});
  CHECK(view.shape() == Shape{2, 12});
  view.data()[23] = -1.0f;
  CHECK(a.at({3, 5}) == -1.0f);
  Tensor<float> middle = a.rows(1, 3);
  CHECK(middle.shape() == Shape{2, 6});
  CHECK(middle.at({0, 0}) == 6.0f);
  middle.fill(9.0f);
  CHECK(a.at({2, 5}) == 9.0f);
  CHECK(a.at({3, 0}) == 18.0f);
}

TEST_CASE("Tensor: 64-byte alignment and element types", "[core]") {
  for (const Index n : {1, 31, 1000}) {
    const Tensor<std::uint8_t> t(Shape{n});
    CHECK(reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0);
  }
  const auto half = counting({5}).cast<bfloat16>();
  CHECK(half.cast<double>().to_vector() == std::vector<double>{0, 1, 2, 3, 4});
  CHECK(counting({2}).cast<std::int64_t>().to_vector() == std::vector<std::int64_t>{0, 1});
  CHECK(Tensor<std::int32_t>().numel() == 0);
}

TEST_CASE("Tensor: each misuse is a typed error", "[core]") {
  const Tensor<float> a = counting({2, 3});
  CHECK(thrown<ShapeError>([&] { static_cast<void>(a.reshape(Shape{4})); }) ==
        "[reshape] shape (2,3) has 6 elements but (4) has 4");
  CHECK_THROWS_AS(a.reshape({4, -1}), ShapeError);
  CHECK_THROWS_AS(a.reshape({-1, -1}), ShapeError);
  CHECK_THROWS_AS(a.rows(1, 3), ShapeError);
  CHECK_THROWS_AS(a.item(), ShapeError);
  CHECK_THROWS_AS(a.at({2, 0}), ShapeError);
  CHECK_THROWS_AS(Tensor<float>::from(std::vector<float>{1, 2}, {3}), ShapeError);
  CHECK_THROWS_AS(Tensor<float>(Shape{2}).copy_from(a), ShapeError);
  CHECK_THROWS_AS(Tensor<float>(Shape{Index{1} << 60}), OutOfMemoryError);
}

TEST_CASE("Device: names, and CUDA that is not built or not there", "[core]") {
  CHECK(Device::parse("cpu") == Device::cpu());
  CHECK(Device::parse("auto") == Device::best());
  CHECK_THROWS_AS(Device::parse("gpu"), ConfigError);
  CHECK_THROWS_AS(Device::parse("cuda:x"), ConfigError);
#if defined(TEMPA_WITH_CUDA)
  const int count = cuda::device_count();
  CHECK(thrown<DeviceError>([&] { static_cast<void>(Device::cuda(count)); }).find(count == 0 ? "no CUDA" : "has ") !=
        std::string::npos);
  CHECK(cuda::unavailable_reason().empty() == (count > 0));
  CHECK(Device::best() == (count > 0 ? Device::cuda() : Device::cpu()));
#else
  CHECK(thrown<DeviceError>([] { static_cast<void>(Device::parse("cuda:1")); }).find("built without CUDA") !=
        std::string::npos);
#endif
}

#if defined(TEMPA_WITH_CUDA)
TEST_CASE("Tensor: to a CUDA device and back, and what the host must not touch", "[core]") {
  if (cuda::device_count() == 0) {
    WARN("skipped: there is no CUDA device");
    return;
  }
  const auto host = Tensor<float>::from({1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor<float> device = host.to(Device::cuda());
  CHECK(device.device() == Device::cuda());
  CHECK(device.to(Device::cuda()).data() == device.data());
  CHECK(device.to(Device::cpu()).to_vector() == host.to_vector());
  CHECK(device.to_vector() == host.to_vector());
  CHECK(device.clone().to_vector() == host.to_vector());
  CHECK(device.rows(1, 2).to_vector() == std::vector<float>{4, 5, 6});
  CHECK(device.rows(1, 2).reshape({3}).rows(2, 3).item() == 6);
  CHECK(device.cast<double>().to_vector() == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(device.cast<bfloat16>().cast<std::int32_t>().to_vector() == std::vector<std::int32_t>{1, 2, 3, 4, 5, 6});
  auto filled = Tensor<std::int64_t>::full({5}, 7, Device::cuda());
  CHECK(filled.to_vector() == std::vector<std::int64_t>(5, 7));
  filled.fill(-1);
  CHECK(filled.rows(0, 1).item() == -1);
  CHECK(Tensor<float>::zeros({0}, Device::cuda()).to_vector().empty());
  CHECK(thrown<DeviceError>([&] { static_cast<void>(device.span()); }).find("copy them to the host first") !=
        std::string::npos);
  CHECK_THROWS_AS(device.at({0, 0}), DeviceError);
  CHECK_THROWS_AS(check_same_device("test", device, host), DeviceError);
}
#endif

TEST_CASE("Memory: tensors are counted and the peak is kept", "[core]") {
  const auto before = memory_stats().allocated_bytes;
  reset_peak_memory();
  {
    const Tensor<float> a(Shape{1000});
    CHECK(memory_stats().allocated_bytes >= before + 4000);
    CHECK(memory_stats().allocated_bytes <= before + 5000);
  }
  CHECK(memory_stats().allocated_bytes == before);
  CHECK(memory_stats().peak_bytes >= before + 4000);
  release_cached_memory();
  CHECK(memory_stats().cached_bytes == 0);
}

}  // namespace tensor_test
