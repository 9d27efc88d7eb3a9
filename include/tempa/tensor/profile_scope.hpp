// Scopes: parts of a program whose time and work are recorded while a `Profiler` is alive.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/tensor/detail/profile_log.hpp>
#if defined(TEMPA_WITH_CUDA)
#include <tempa/device/cuda/stream.hpp>

#include <optional>
#endif

#include <memory>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// Records the rest of the block as one call of `name` while a `Profiler` is alive; otherwise it costs a relaxed load
/// of one atomic. Scopes nest, and belong to the thread that opened them. In a build with CUDA a recorded scope is also
/// an NVTX range.
///
///   const ProfileScope scope("augmentation");
///
/// @source torch.profiler.record_function
class ProfileScope {
 public:
  /// @param name calls of the same name are counted together; copied.
  explicit ProfileScope(const char* name, ProfileCategory category = ProfileCategory::kUser) {
    if (detail::profiling()) begin(name, category);
  }
  explicit ProfileScope(std::string_view name, ProfileCategory category = ProfileCategory::kUser) {
    if (detail::profiling()) begin(name, category);
  }
  ~ProfileScope() {
    if (log_ != nullptr) end();
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  void begin(std::string_view name, ProfileCategory category);
  void end();

  std::shared_ptr<detail::ProfileLog> log_;
  detail::ProfileLog* outer_ = nullptr;
#if defined(TEMPA_WITH_CUDA)
  std::optional<cuda::ProfilerRange> range_;
#endif
};

/// Counts floating-point operations for this thread's innermost scope; does nothing where there is none.
/// @param type in which they compute, and with whose peak they are compared.
void count_flops(double flops, DType type);
/// The 2 m n k operations of each of `products` matrix products. @tparam T the element type of the matrices.
template <Floating T>
void count_product(Index m, Index n, Index k, Index products = 1) {
  if (detail::open_profile_log == nullptr) return;
  count_flops(
      2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) * static_cast<double>(products),
      dtype_of<T>);
}

/// Counts bytes that the innermost scope reads and writes: all of each tensor or variable, once.
template <typename... Tensors>
void count_bytes(const Tensors&... tensors) {
  if (detail::open_profile_log != nullptr)
    detail::open_profile_log->count_bytes(
        (0.0 + ... + (static_cast<double>(tensors.numel()) * sizeof(typename Tensors::value_type))));
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensor/impl/profile_scope.ipp>
#endif
