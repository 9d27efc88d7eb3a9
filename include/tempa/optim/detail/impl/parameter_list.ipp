// The bodies of <tempa/optim/detail/parameter_list.hpp>.
#pragma once

#include <tempa/optim/detail/parameter_list.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE const Shape& OptimizedParameter::shape() const {
  return visit([](const auto& v) -> const Shape& { return v.shape(); });
}

TEMPA_INLINE const void* OptimizedParameter::id() const {
  return visit([](const auto& v) -> const void* { return v.node().get(); });
}

}  // namespace tempa::inline TEMPA_ABI
