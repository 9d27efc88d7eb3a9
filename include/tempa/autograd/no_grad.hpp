// Turns the recording of this thread's operations off.
#pragma once

#include <tempa/core/config.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {
bool& grad_enabled_flag();
}  // namespace detail

/// Whether this thread records operations.
bool grad_enabled();

/// While alive, this thread records nothing: evaluation needs no memory for backward. Nests.
/// @source torch.no_grad
class NoGrad {
 public:
  NoGrad() : previous_(std::exchange(detail::grad_enabled_flag(), false)) {}
  ~NoGrad() { detail::grad_enabled_flag() = previous_; }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/autograd/impl/no_grad.ipp>
#endif
