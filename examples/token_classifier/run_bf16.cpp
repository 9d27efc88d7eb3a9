#include "body.hpp"

template int run<tempa::bfloat16>(const Options& options);
