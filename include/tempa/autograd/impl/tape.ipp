// The bodies of <tempa/autograd/tape.hpp>.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/autograd/tape.hpp>
#include <tempa/tensor/profile_scope.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE bool records(std::span<const TapeInput> inputs) {
  return grad_enabled() &&
         std::any_of(inputs.begin(), inputs.end(), [](const TapeInput& input) { return input.node()->requires_grad; });
}

TEMPA_INLINE bool records(std::initializer_list<TapeInput> inputs) {
  return records(std::span(inputs.begin(), inputs.size()));
}

namespace detail {

TEMPA_INLINE std::vector<std::shared_ptr<Node>> nodes_of(std::span<const TapeInput> inputs) {
  std::vector<std::shared_ptr<Node>> nodes;
  for (const TapeInput& input : inputs) nodes.push_back(input.node());
  return nodes;
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
