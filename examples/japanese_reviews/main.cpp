// Trains and evaluates a classifier of Japanese reviews, with its own head:
// `japanese_reviews --data FILE`, or `--help`.
#include "../common/precision.hpp"
#include "../common/profile.hpp"
#include "../common/program.hpp"
#include "options.hpp"
#include "run.hpp"

#include <type_traits>

int main(int argc, char** argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  return run_program("japanese_reviews", [&] {
    return with_profile(options, [&] {
      return with_precision(options.precision, [&]<typename T>(std::type_identity<T>) { return run<T>(options); });
    });
  });
}
