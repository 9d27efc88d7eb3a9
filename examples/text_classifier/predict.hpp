// `predict`: one JSON object for each row of a table that may be larger than memory.
#pragma once

#include "../common/inference.hpp"
#include "../common/setup.hpp"
#include "evaluate.hpp"
#include "label_columns.hpp"
#include "prediction_output.hpp"
#include "task.hpp"

#include <tempa/data/labeled_texts.hpp>
#include <tempa/io/detail/json/json_text.hpp>
#include <tempa/text/auto_tokenizer.hpp>
#include <tempa/train/predict.hpp>

#include <algorithm>
#include <span>
#include <string>

// An object with a value for each label.
inline void append_values(std::string& line, const Task& task, std::span<const float> values) {
  line += '{';
  for (std::size_t k = 0; k < values.size(); ++k) {
    append_key(line, task.names[k]);
    tempa::append_json(line, values[k]);
  }
  line += '}';
}

// The predicted labels: the most likely one, or all with a probability of at least 0.5.
inline void append_labels(std::string& line, const Task& task, std::span<const float> probabilities) {
  if (task.problem == tempa::ProblemType::kSingleLabelClassification) {
    append_key(line, "label");
    tempa::append_json(
        line, task.names[static_cast<std::size_t>(std::max_element(probabilities.begin(), probabilities.end()) -
                                                  probabilities.begin())]);
    return;
  }
  append_key(line, "labels");
  line += '[';
  for (std::size_t k = 0; k < probabilities.size(); ++k) {
    if (probabilities[k] < 0.5F) continue;
    if (line.back() != '[') line += ',';
    tempa::append_json(line, task.names[k]);
  }
  line += ']';
}

inline std::string json_line(const tempa::LabeledTexts& rows, std::size_t row, const Task& task,
                             std::span<const float> logits, std::span<const float> probabilities, bool with_logits) {
  std::string line = "{";
  append_key(line, "text");
  tempa::append_json(line, rows.texts[row]);
  if (!rows.pairs.empty()) {
    append_key(line, "text_pair");
    tempa::append_json(line, rows.pairs[row]);
  }
  if (task.problem != tempa::ProblemType::kRegression) {
    append_labels(line, task, probabilities);
    append_key(line, "probabilities");
    append_values(line, task, probabilities);
  } else if (logits.size() == 1) {
    append_key(line, "value");
    tempa::append_json(line, logits[0]);
  } else {
    append_key(line, "values");
    append_values(line, task, logits);
  }
  if (with_logits) {
    append_key(line, "logits");
    line += '[';
    for (std::size_t k = 0; k < logits.size(); ++k) {
      if (k > 0) line += ',';
      tempa::append_json(line, logits[k]);
    }
    line += ']';
  }
  return line + "}\n";
}

/// The JSON lines of some rows. @param rows without labels.
template <tempa::Floating T>
std::string json_lines(const tempa::LabeledTexts& rows, Classifier<T>& model, const tempa::AnyTokenizer& tokenizer,
                       const tempa::EncodeOptions& encoding, const Task& task, const Options& options) {
  const tempa::Tensor<float> logits =
      tempa::predict_logits(model, tempa::encode_texts(rows, tokenizer, encoding), options.batch_size);  // (n,K)
  const tempa::Tensor<float> probabilities = tempa::probabilities_of(logits, task.problem);              // (n,K)
  const auto columns = static_cast<std::size_t>(logits.size(-1));
  std::string lines;
  for (std::size_t i = 0; i < rows.texts.size(); ++i)
    lines += json_line(rows, i, task, logits.span().subspan(i * columns, columns),
                       probabilities.span().subspan(i * columns, columns), options.logits);
  return lines;
}

/// @return the exit status. @throws tempa::Error for what went wrong.
template <tempa::Floating T>
int run_predict(const Options& options) {
  if (has_label_columns(options.model)) return predict_label_columns<T>(options);
  const tempa::Device device = prepare_machine(options);
  const Settings settings = settings_of(options, options.model);
  const auto tokenizer = tempa::AutoTokenizer::from_pretrained(options.model);
  auto model = load_for_inference<Classifier<T>>(options.model, device, options.allow_new_weights);
  const tempa::EncodeOptions encoding =
      encoding_of(settings, options, tokenizer, model.config().max_position_embeddings, std::cerr);
  const Task task = task_of(model.config(), options, settings);
  write_predictions(options, settings, [&](const tempa::LabeledTexts& rows) {
    return json_lines(rows, model, tokenizer, encoding, task, options);
  });
  return 0;
}
