// Dropout: sets a random part of the elements to zero.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/core/random.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {
void check_drop_prob(std::string_view op, double drop_prob);
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
Variable<T> dropout(const Variable<T>& x, double drop_prob, Generator& generator = default_generator());

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/dropout.ipp>
#endif
