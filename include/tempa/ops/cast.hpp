// Converts to another floating-point type.
#pragma once

#include <tempa/autograd/variable.hpp>

namespace tempa::inline TEMPA_ABI {

/// x converted to `U`, and its gradient converted back; x itself when it has that type. @saves nothing.
/// @source torch.Tensor.to
template <Floating U, Floating T>
Variable<U> cast(const Variable<T>& x);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/cast.ipp>
#endif
