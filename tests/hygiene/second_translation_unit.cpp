#include <tempa/tempa.hpp>

const void* address_of_default_generator();

const void* address_of_default_generator() { return &tempa::default_generator(); }
