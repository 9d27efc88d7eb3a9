// The bodies of <tempa/optim/adamw.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/optim/adamw.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INSTANTIATE(class RuleOptimizer<AdamRule<AdamWOptions>>);

}  // namespace tempa::inline TEMPA_ABI
