// Turns the recording of this thread's operations off.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>

#include <utility>

TEMPA_COMPILED_FILE("autograd");

namespace tempa::inline TEMPA_ABI {

namespace detail {
inline bool& grad_enabled_flag() {
  thread_local bool enabled = true;
  return enabled;
}
}  // namespace detail

/// Whether this thread records operations.
inline bool grad_enabled() { return detail::grad_enabled_flag(); }

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
