// `evaluate`: scores a model on a table with labels.
#pragma once

#include "../common/inference.hpp"
#include "../common/one_answer.hpp"
#include "../common/setup.hpp"
#include "label_columns.hpp"
#include "open_table.hpp"
#include "task.hpp"

#include <tempa/data/data_loader.hpp>
#include <tempa/data/labeled_texts.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/text/auto_tokenizer.hpp>
#include <tempa/train/evaluation.hpp>
#include <tempa/train/report.hpp>

#include <iostream>
#include <vector>

template <tempa::Floating T>
using Classifier = tempa::BertForSequenceClassification<T>;
using Examples = std::vector<tempa::TextExample>;

/// Batches of texts of about the same length, in the same order each time.
inline tempa::DataLoader<Examples> loader_of(const Examples& examples) {
  return tempa::DataLoader(examples, {.batch_size = 64, .group_by_length = true});
}

template <tempa::Floating T>
tempa::Evaluation evaluate_examples(Classifier<T>& model, const Examples& examples) {
  auto loader = loader_of(examples);
  return tempa::evaluate(model, loader);
}

/// @return the exit status. @throws tempa::Error for what went wrong.
template <tempa::Floating T>
int run_evaluate(const Options& options) {
  if (has_label_columns(options.model)) return evaluate_label_columns<T>(options);
  const tempa::Device device = prepare_machine(options);
  Settings settings = settings_of(options, options.model);
  const auto tokenizer = tempa::AutoTokenizer::from_pretrained(options.model);
  auto model = load_for_inference<Classifier<T>>(options.model, device, options.allow_new_weights);
  const Task task = task_of(model.config(), options, settings);
  order_label_columns(settings, task);
  const tempa::LabeledTexts table = with_labels(read_table(options.input, options, settings, std::cerr), task);
  const tempa::EncodeOptions encoding =
      encoding_of(settings, options, tokenizer, model.config().max_position_embeddings, std::cerr);
  model.config().problem_type = task.problem;
  const tempa::Evaluation evaluation = evaluate_examples(model, encode_texts(table, tokenizer, encoding));
  std::cout << evaluation.scores.line() << "\n\n"
            << tempa::evaluation_report(evaluation, task.names) << std::flush;  // before a file that may be /dev/stdout
  warn_of_one_answer(options.input, evaluation, task.names, false);
  if (!options.output.empty()) tempa::write_json(options.output, tempa::evaluation_json(evaluation, task.names));
  return 0;
}
