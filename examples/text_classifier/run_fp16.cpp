#include "body.hpp"

template int run<tempa::float16>(const Options& options);
