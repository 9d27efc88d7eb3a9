// The body of the program. run_fp32.cpp, run_bf16.cpp and run_fp16.cpp compile it for their type.
#pragma once

#include "evaluate.hpp"
#include "predict.hpp"
#include "run.hpp"
#include "train.hpp"

template <tempa::Floating T>
int run(const Options& options) {
  if (options.command == Options::Command::kPredict) return run_predict<T>(options);
  if (options.command == Options::Command::kEvaluate) return run_evaluate<T>(options);
  return run_train<T>(options);
}
