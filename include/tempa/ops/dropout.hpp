// Dropout: sets a random part of the elements to zero.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/random.hpp>
#include <tempa/cpu/dropout.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {
inline void check_drop_prob(std::string_view op, double drop_prob) {
  if (!(drop_prob >= 0 && drop_prob <= 1))
    throw ValueError(concat("[", op, "] drop_prob must be in [0,1] but is ", drop_prob));
}
}  // namespace detail

/// Inverted dropout: y_i = m_i x_i with m_i = 0 with probability p and 1 / (1 - p) otherwise, so that E[y] = x.
/// @param x any shape. @param drop_prob p in [0,1]; 0 returns x itself. The caller checks whether
/// the model is training.
/// @param generator where the mask's numbers come from: element i has number i of `numel` numbers reserved from it.
/// @return y, x's shape
/// @saves two integers: the mask is computed again.
/// @throws ValueError for a drop_prob outside of [0,1].
/// @source Srivastava et al. 2014; torch.nn.functional.dropout
template <Floating T>
Variable<T> dropout(const Variable<T>& x, double drop_prob, Generator& generator = default_generator()) {
  const ProfileScope scope("dropout", ProfileCategory::kForward);
  detail::check_drop_prob("dropout", drop_prob);
  if (drop_prob == 0) return x;
  const Index n = x.numel();
  const RandomStream stream = generator.reserve(n);
  Tensor<T> y(x.shape(), x.device());  // x's shape
  count_bytes(x, y);
  on(x.device(), [&](auto backend) { dropout_apply(backend, y.data(), x.value().data(), n, drop_prob, stream); });
  return record("dropout", std::move(y), {x}, [=](const Tensor<T>& dy) {
    Tensor<T> dx(x.shape(), x.device());  // x's shape
    count_bytes(dy, dx);
    on(x.device(), [&](auto backend) { dropout_apply(backend, dx.data(), dy.data(), n, drop_prob, stream); });
    x.accumulate_grad(std::move(dx));
  });
}

TEMPA_COMPILED_FUNCTION(dropout);

}  // namespace tempa::inline TEMPA_ABI
