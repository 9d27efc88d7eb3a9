// Tags words, such as named entities; trains on files of word<TAB>tag: `token_classifier train|evaluate|predict
// --help`.
#include "../common/precision.hpp"
#include "../common/profile.hpp"
#include "../common/program.hpp"
#include "options.hpp"
#include "run.hpp"

#include <type_traits>

int main(int argc, char** argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  return run_program("token_classifier", [&] {
    return with_profile(options, [&] {
      return with_precision(options.precision, [&]<typename T>(std::type_identity<T>) { return run<T>(options); });
    });
  });
}
