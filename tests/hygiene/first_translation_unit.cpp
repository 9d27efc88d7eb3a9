// Everything included twice in one program: links only when each function is defined once, or inline.
#include <tempa/tempa.hpp>

#include <iostream>

const void* address_of_default_generator();  // second_translation_unit.cpp

int main() {
  if (address_of_default_generator() != &tempa::default_generator()) {
    std::cerr << "the two translation units have a default generator each\n";
    return 1;
  }
  return 0;
}
