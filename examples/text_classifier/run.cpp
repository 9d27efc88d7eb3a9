// The program, for each number type of --precision. In one file, so that code without a number type is compiled once.
#include "run.hpp"

#include "evaluate.hpp"
#include "predict.hpp"
#include "train.hpp"

template <tempa::Floating T>
int run(const Options& options) {
  if (options.command == Options::Command::kPredict) return run_predict<T>(options);
  if (options.command == Options::Command::kEvaluate) return run_evaluate<T>(options);
  return run_train<T>(options);
}

template int run<float>(const Options& options);
template int run<tempa::bfloat16>(const Options& options);
template int run<tempa::float16>(const Options& options);
