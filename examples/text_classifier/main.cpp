// Trains, evaluates and applies a text classifier on any CSV or TSV: `text_classifier train|evaluate|predict --help`.
#include "../common/precision.hpp"
#include "../common/profile.hpp"
#include "options.hpp"
#include "run.hpp"

#include <exception>
#include <iostream>
#include <type_traits>

int main(int argc, char** argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  try {
    const int status = with_profile(options, [&] {
      return with_precision(options.precision, [&]<typename T>(std::type_identity<T>) { return run<T>(options); });
    });
    std::cout.flush();
    if (std::cout) return status;
    std::cerr << "text_classifier: standard output: cannot write\n";
  } catch (const std::exception& error) {
    std::cerr << "text_classifier: " << error.what() << '\n';
  }
  return 1;
}
