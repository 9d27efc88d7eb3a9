// Classifiers whose answers a student learns.
#pragma once

#include "distillation.hpp"
#include "ngram_classifier.hpp"
#include "ngram_vocabulary.hpp"
#include "spliced_texts.hpp"

#include <tempa/data/data_loader.hpp>
#include <tempa/data/document_sentiment.hpp>
#include <tempa/metrics/class_weights.hpp>
#include <tempa/optim/adam.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/train/predict.hpp>
#include <tempa/train/trainer.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace teachers {

using namespace tempa;

/// Gives the logits (n,K) of n texts.
using Teacher = std::function<Tensor<float>(const std::vector<std::string>& texts)>;

inline TextExample ngram_example(const NgramVocabulary& ngrams, const std::string& text) {
  TextExample example;
  example.encoding.ids = ngrams.ids(text);
  return example;
}

/// A logistic regression on words and pairs of words. @param splitter cuts texts into words.
inline Teacher train_ngram_teacher(const LabeledTexts& table, const BertTokenizer& splitter, std::uint64_t seed) {
  const auto ngrams = std::make_shared<NgramVocabulary>(table.texts, splitter);
  std::vector<TextExample> examples;
  for (std::size_t i = 0; i < table.texts.size(); ++i) {
    examples.push_back(ngram_example(*ngrams, table.texts[i]));
    examples.back().label = table.labels[i];
  }
  const auto model = std::make_shared<NgramClassifier>(ngrams->idf(), DocumentSentimentDataset::num_labels());
  model->loss_options.class_weights = balanced_class_weights(table.labels, DocumentSentimentDataset::num_labels());
  constexpr Index kEpochs = 10;
  DataLoader loader(examples, {.batch_size = 32, .shuffle = true, .seed = seed});
  Adam optimizer(model->named_parameters(), AdamOptions{.lr = 0.02, .weight_decay = 1e-5});
  LinearScheduleWithWarmup schedule(optimizer, {.num_training_steps = kEpochs * loader.size()});
  Trainer trainer(*model, optimizer, {.epochs = kEpochs, .problem_type = ProblemType::kSingleLabelClassification});
  trainer.set_scheduler(schedule, ScheduleStep::kStep);
  trainer.fit(loader);
  return [ngrams, model](const std::vector<std::string>& texts) {
    std::vector<TextExample> asked;
    for (const std::string& text : texts) asked.push_back(ngram_example(*ngrams, text));
    return predict_logits(*model, asked);
  };
}

/// As many texts as `table` has, spliced from it anew, with what the teachers together say as `targets`.
inline LabeledTexts taught_texts(const LabeledTexts& table, const std::vector<Teacher>& teachers) {
  LabeledTexts taught;
  taught.name = "texts spliced from " + table.name;
  taught.texts = spliced_texts(table, table.size());
  taught.lines.assign(taught.texts.size(), 0);
  std::vector<Tensor<float>> logits;  // (M) of (n,K)
  for (const Teacher& teacher : teachers) logits.push_back(teacher(taught.texts));
  const auto probabilities = ensemble_probabilities(std::span<const Tensor<float>>(logits));  // (n,K)
  const auto classes = static_cast<std::size_t>(probabilities.size(-1));
  for (std::size_t i = 0; i < taught.texts.size(); ++i) {
    const auto row = probabilities.span().subspan(i * classes, classes);
    taught.targets.emplace_back(row.begin(), row.end());
    taught.labels.push_back(static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  return taught;
}

}  // namespace teachers
