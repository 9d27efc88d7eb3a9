// The bodies of <tempa/autograd/no_grad.hpp>.
#pragma once

#include <tempa/autograd/no_grad.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE bool& grad_enabled_flag() {
  thread_local bool enabled = true;
  return enabled;
}

}  // namespace detail

TEMPA_INLINE bool grad_enabled() { return detail::grad_enabled_flag(); }

}  // namespace tempa::inline TEMPA_ABI
