// The bodies of <tempa/profile/detail/machine_peak.hpp>.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/gemm/gemm.hpp>
#include <tempa/cpu/where.hpp>
#include <tempa/device/cuda/fault.hpp>
#include <tempa/profile/detail/machine_peak.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The shortest time of a call of `f` in seconds, of at least three calls and a tenth of a second.
template <typename F>
double least_seconds(Device device, const F& f) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  const auto run = [&] {
    f();
#if defined(TEMPA_WITH_CUDA)
    if (device.is_cuda()) cuda::synchronize(cuda::current_backend(device.index()));
#else
    static_cast<void>(device);
#endif
  };
  run();
  double least = 1e300;
  const auto begin = Clock::now();
  for (int i = 0; i < 3 || seconds(Clock::now() - begin) < 0.1; ++i) {
    const auto start = Clock::now();
    run();
    least = std::min(least, seconds(Clock::now() - start));
  }
  return least;
}

/// The best of a few products y = x W^T of the sizes of BERT's layers.
template <Floating T>
double peak_flops(Device device) {
  constexpr std::array<std::array<Index, 3>, 3> kSizes{{{1024, 3072, 768}, {1024, 768, 3072}, {2048, 2048, 2048}}};
  double best = 0;
  for (const auto& [m, n, k] : kSizes) {
    const auto x = Tensor<T>::full({m, k}, element_cast<T>(0.5f), device);       // (m,k)
    const auto weight = Tensor<T>::full({n, k}, element_cast<T>(0.5f), device);  // (n,k)
    Tensor<T> y({m, n}, device);                                                 // (m,n)
    const Index rows = m, columns = n, inner = k;
    const double seconds = least_seconds(device, [&] {
      on(device, [&](auto backend) {
        gemm(backend, cpu::Transpose::kNo, cpu::Transpose::kYes, rows, columns, inner, Accumulator<T>(1), x.data(),
             inner, weight.data(), inner, Accumulator<T>(0), y.data(), columns);
      });
    });
    best = std::max(best, 2.0 * static_cast<double>(m * n * k) / seconds);
  }
  return best;
}

}  // namespace detail

TEMPA_INLINE MachinePeak measure_machine_peak(std::span<const DType> types, Device device) {
  constexpr Index kStreamElements = Index{1} << 25;
  MachinePeak peak;
  for (const DType type : types) {
    if (type == DType::kFloat32) peak.flops_per_second[type] = detail::peak_flops<float>(device);
    if (type == DType::kFloat64) peak.flops_per_second[type] = detail::peak_flops<double>(device);
    if (type == DType::kBFloat16) peak.flops_per_second[type] = detail::peak_flops<bfloat16>(device);
    if (type == DType::kFloat16) peak.flops_per_second[type] = detail::peak_flops<float16>(device);
  }
  const auto x = Tensor<float>::zeros({kStreamElements}, device);
  auto y = Tensor<float>::zeros({kStreamElements}, device);
  const double seconds = detail::least_seconds(
      device, [&] { on(device, [&](auto backend) { accumulate(backend, y.data(), x.data(), kStreamElements); }); });
  peak.bytes_per_second = 3.0 * sizeof(float) * static_cast<double>(kStreamElements) / seconds;
  return peak;
}

}  // namespace tempa::inline TEMPA_ABI
