// The training of `--teachers`: several classifiers learn the training file, and then label texts that are spliced from
// it anew in each epoch, for the model that is kept.
#pragma once

#include "../../common/precision.hpp"
#include "../from_scratch.hpp"
#include "../options.hpp"
#include "teachers.hpp"

#include <tempa/data/augmented_texts.hpp>
#include <tempa/data/concat_dataset.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/param_groups.hpp>
#include <tempa/text/any_tokenizer.hpp>

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace teachers {

/// What a model is trained on: the training file, and texts that teachers have labeled, if there are any.
struct Lesson {
  LabeledTexts gold, taught;
};

/// @param piece_drop_prob of the training file's words. @param on_epoch_end called after each epoch but the last.
template <Floating T>
std::vector<EpochRecord> learn(BertForSequenceClassification<T>& model, const Lesson& lesson,
                               const AnyTokenizer& tokenizer, const LabeledTexts& valid, const Options& options,
                               double piece_drop_prob, const std::function<void()>& on_epoch_end = {}) {
  const EncodeOptions encoding{.max_length = options.max_length};
  const bool taught = lesson.taught.size() > 0;
  const ConcatDataset data(
      AugmentedTexts(lesson.gold, tokenizer, encoding,
                     {.piece_drop_prob = piece_drop_prob, .token_mask_prob = options.token_masking}),
      AugmentedTexts(lesson.taught, tokenizer, encoding, {.token_mask_prob = 0.1}));
  DataLoader loader(data, {.batch_size = options.batch_size * (taught ? 2 : 1),
                           .shuffle = true,
                           .seed = options.seed,
                           .num_workers = 1,
                           .tokens_per_batch = options.tokens_per_batch});
  const DocumentSentimentDataset valid_data(valid, tokenizer, {.max_length = options.max_length});
  DataLoader valid_loader(valid_data, {.batch_size = 64});
  AdamW optimizer(weight_decay_groups(model.named_parameters(), AdamWOptions{.lr = options.lr, .weight_decay = 0.01}));
  LinearScheduleWithWarmup schedule(optimizer,
                                    {.num_training_steps = options.epochs * loader.size(), .warmup_ratio = 0.1});
  AveragedModel average(model.named_parameters(), {.decay = options.average_decay, .warm_up = true});
  GradScaler scaler = scaler_for<T>();
  Trainer trainer(model, optimizer,
                  {.epochs = options.epochs, .max_grad_norm = 1.0, .scaler = &scaler, .average = &average});
  trainer.set_scheduler(schedule, ScheduleStep::kStep);
  if (on_epoch_end)
    trainer.on_epoch_end([&](const EpochRecord& record) {
      if (record.epoch < options.epochs) on_epoch_end();
      return true;
    });
  return trainer.fit(loader, valid_loader);
}

/// A BERT of one layer. Teachers see texts as pieces of words and as whole words in turn: so that they err differently.
template <Floating T>
Teacher train_bert_teacher(const Lesson& lesson, const LabeledTexts& valid, std::int64_t number, Options options,
                           Device device) {
  options.layers = 1;
  options.intermediate = 4 * options.hidden;
  options.seed = options.seed * 1000 + static_cast<std::uint64_t>(number);
  const bool pieces = number % 2 == 1;
  const auto tokenizer =
      learn_tokenizer(lesson.gold.texts, pieces ? SubwordModel::kUnigram : SubwordModel::kWord, options);
  const auto model = std::make_shared<BertForSequenceClassification<T>>(small_config(options, tokenizer.vocab_size()));
  model->to(device);
  std::cout << "\nTeacher " << number << " of " << options.teachers + 1 << ": BERT of 1 layer, "
            << tokenizer.vocab_size() << (pieces ? " pieces of words" : " words") << '\n';
  learn(*model, lesson, tokenizer, valid, options, pieces ? 0.2 : 0.0);
  return [model, tokenizer, length = options.max_length](const std::vector<std::string>& texts) {
    LabeledTexts asked;
    asked.texts = texts;
    asked.lines.assign(texts.size(), 0);
    return predict_logits(*model, encode_texts(asked, tokenizer, {.max_length = length}), 64);
  };
}

/// Trains `model` on the training file and on as many texts that teachers label, who have learned from it first.
/// @return the epochs of the model.
template <Floating T>
std::vector<EpochRecord> train_with_teachers(BertForSequenceClassification<T>& model, const LabeledTexts& train,
                                             const LabeledTexts& valid, const AnyTokenizer& tokenizer,
                                             const Options& options) {
  const Device device = device_of(model);
  const Index classes = DocumentSentimentDataset::num_labels();
  Lesson lesson{.gold = train, .taught = {}};
  const auto weights = options.class_weights ? balanced_class_weights(train.labels, classes) : std::vector<double>();
  lesson.gold.targets = soft_labels(train.labels, classes, weights, options.label_smoothing);
  std::vector<Teacher> all;
  for (std::int64_t number = 1; number <= options.teachers; ++number)
    all.push_back(train_bert_teacher<T>(lesson, valid, number, options, device));

  std::cout << "\nTeacher " << options.teachers + 1 << " of " << options.teachers + 1
            << ": logistic regression on words and pairs of words\n";
  const BertTokenizer* words = tokenizer.get_if<BertTokenizer>();
  all.push_back(train_ngram_teacher(
      train, words != nullptr ? *words : learn_tokenizer(train.texts, SubwordModel::kWord, options), options.seed));
  std::cout << "\nStudent: the training file, and as many texts that the teachers label\n" << std::flush;
  const auto teach = [&] { lesson.taught = taught_texts(train, all); };
  teach();
  return learn(model, lesson, tokenizer, valid, options, 0.0, teach);
}

}  // namespace teachers
