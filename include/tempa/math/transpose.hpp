// How a product reads an operand.
#pragma once

#include <tempa/core/config.hpp>

namespace tempa::inline TEMPA_ABI {

/// Whether an operand of a product is read as its transpose.
enum class Transpose : bool { kNo = false, kYes = true };

}  // namespace tempa::inline TEMPA_ABI
