#include "body.hpp"

template int run<float>(const Options& options);
