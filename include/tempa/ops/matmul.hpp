// Products of vectors, matrices and batches of matrices.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/core/detail/loop_nest.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Sizes of a product by the rules of torch.matmul.
struct MatmulPlan {
  Shape result;
  Index m = 1, n = 1, k = 1;
  Index batch = 1, a_batch = 1, b_batch = 1;
  LoopNest<2> nest;  // over the batch, in matrices
};

MatmulPlan plan_matmul(const Shape& a, const Shape& b);

}  // namespace detail

/// c = a b: the dot product of vectors, the product of matrices, and of batches of matrices whose leading dimensions
/// broadcast. A vector a is a row, a vector b a column, and the result does not keep that dimension.
/// @param a (…,m,k) or (k). @param b (…,k,n) or (k).
/// @return c (…,m,n)
/// @saves nothing of its own: backward reads a and b.
/// @throws ShapeError, DeviceError.
/// @source torch.matmul
template <Floating T>
Variable<T> matmul(const Variable<T>& a, const Variable<T>& b);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/matmul.ipp>
#endif
