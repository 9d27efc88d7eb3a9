// The program, for each number type of --precision.
#pragma once

#include "options.hpp"

#include <tempa/core/dtype.hpp>

/// The command that the options name. @tparam T float, tempa::bfloat16 or tempa::float16.
/// @return the exit status. @throws tempa::Error for what went wrong.
template <tempa::Floating T>
int run(const Options& options);
