// Trains, evaluates and applies a text classifier on any CSV or TSV: `text_classifier train|evaluate|predict --help`.
#include "evaluate.hpp"
#include "options.hpp"
#include "predict.hpp"
#include "train.hpp"

#include <exception>
#include <iostream>

namespace {

int run(const Options& options) {
  if (options.command == Options::Command::kPredict) return run_predict(options);
  if (options.command == Options::Command::kEvaluate) return run_evaluate(options);
  return run_train(options);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  try {
    const int status = run(options);
    std::cout.flush();
    if (std::cout) return status;
    std::cerr << "text_classifier: standard output: cannot write\n";
  } catch (const std::exception& error) {
    std::cerr << "text_classifier: " << error.what() << '\n';
  }
  return 1;
}
