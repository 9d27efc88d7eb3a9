// The bodies of <tempa/optim/adam.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/optim/adam.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INSTANTIATE_FUNCTION(cpu::optimizer_step, AdamFormula);
TEMPA_INSTANTIATE(class RuleOptimizer<AdamRule<AdamOptions>>);

}  // namespace tempa::inline TEMPA_ABI
