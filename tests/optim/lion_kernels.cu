// The kernels of an own optimizer.
#include "kernels/optimizer.cuh"
#include "optim/lion_formula.hpp"

namespace tempa::inline TEMPA_ABI {
TEMPA_OPTIMIZER(test::LionFormula);
}  // namespace tempa::inline TEMPA_ABI
