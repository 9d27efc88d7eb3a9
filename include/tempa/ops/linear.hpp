// y = x W^T + b, also several of them with the same x.
#pragma once

#include <tempa/autograd/variable.hpp>

#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The affine map of every row: y = x W^T + b.
/// @param x (…,in). @param weight W (out,in), the layout of PyTorch and Hugging Face. @param bias (out), or empty for
/// none.
/// @return y (…,out)
/// @saves nothing of its own: backward reads x and W.
/// @throws ShapeError, DeviceError.
/// @source torch.nn.functional.linear
template <Floating T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias = {});

/// Weight and bias of a linear layer.
template <Floating T>
struct LinearParameters {
  Variable<T> weight;  ///< (out,in)
  Variable<T> bias;    ///< (out)
};

/// Up to three affine maps of one x, with one gradient for x: y_g = x W_g^T + b_g. Used for the queries, keys
/// and values of self-attention.
/// @param x (…,in). @param layers G of them, all of one size and with a bias.
/// @return y (G,…,out)
/// @saves nothing of its own: backward reads x and the weights.
/// @throws ShapeError, DeviceError; ValueError for no layer or more than three.
/// @source torch.nn.functional.linear with weights that are concatenated
template <Floating T>
Variable<T> linears(const Variable<T>& x, const std::vector<LinearParameters<T>>& layers);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/linear.ipp>
#endif
