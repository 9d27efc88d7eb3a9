// Everything included twice in one program: links only when every non-template function is inline.
#ifdef TEMPA_COMPILED
#include <tempa/core/random.hpp>  // everything is in the objects of tempa::compiled, which the program holds as well
#else
#include <tempa/tempa.hpp>
#endif

#include <iostream>

const void* address_of_default_generator();  // second_translation_unit.cpp

int main() {
  if (address_of_default_generator() != &tempa::default_generator()) {
    std::cerr << "the two translation units have a default generator each\n";
    return 1;
  }
  return 0;
}
