#include "support/precompiled.hpp"

namespace tempa::inline TEMPA_ABI::cpu::detail {

TEMPA_TESTS_PRODUCT(template, float);
TEMPA_TESTS_PRODUCT(template, double);

}  // namespace tempa::inline TEMPA_ABI::cpu::detail
