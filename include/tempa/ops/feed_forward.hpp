// The feed-forward network of a transformer layer as one operation.
#pragma once

#include <tempa/autograd/variable.hpp>

namespace tempa::inline TEMPA_ABI {

/// y = GELU(x W1^T + b1) W2^T + b2, with GELU and its derivative fused into the products.
/// @param x (…,C). @param w1 (F,C). @param b1 (F). @param w2 (C',F). @param b2 (C').
/// @return y (…,C')
/// @saves x W1^T + b1 and its GELU, 2 rows F sizeof(T) bytes.
/// @throws ShapeError, DeviceError.
/// @source torch.nn.functional.linear, gelu and linear; transformers BertIntermediate and the linear layer of
/// BertOutput
template <Floating T>
Variable<T> feed_forward(const Variable<T>& x, const Variable<T>& w1, const Variable<T>& b1, const Variable<T>& w2,
                         const Variable<T>& b2);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/feed_forward.ipp>
#endif
