// Prepares threads, device and the configuration of a new model.
#pragma once

#include <tempa/core/detail/processors.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/device/device.hpp>
#include <tempa/models/bert/config.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

/// Sets the number of threads (0: the default) and prints it, with the reason, as the first line on standard error.
/// @return the requested device. @throws ConfigError, DeviceError.
template <typename Options>
tempa::Device prepare_machine(const Options& options) {
  const tempa::Device device = tempa::Device::parse(options.device);
  const tempa::ThreadChoice choice =
      options.threads > 0 ? tempa::ThreadChoice{options.threads, "--threads"} : tempa::default_num_threads();
  tempa::set_num_threads(choice.count);
  std::cerr << "threads: " << choice.count << " (" << choice.reason << ")\n";
  return device;
}

/// The configuration of a BERT of the requested sizes. @param max_length tokens of the longest text. @param names of
/// the labels.
template <typename Options>
tempa::BertConfig config_from_scratch(const Options& options, tempa::Index max_length, tempa::Index vocab_size,
                                      std::vector<std::string> names, tempa::ProblemType problem) {
  tempa::BertConfig config;
  config.vocab_size = vocab_size;
  config.hidden_size = options.hidden;
  config.num_hidden_layers = options.layers;
  config.num_attention_heads = options.heads;
  config.intermediate_size = 4 * options.hidden;
  config.max_position_embeddings = max_length;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = options.dropout;
  config.id2label = std::move(names);
  config.problem_type = problem;
  return config;
}
