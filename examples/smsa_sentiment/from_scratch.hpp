// A tokenizer and a model that begin with nothing: the second way, without a checkpoint.
#pragma once

#include "../common/setup.hpp"
#include "options.hpp"

#include <tempa/data/document_sentiment.hpp>
#include <tempa/models/bert/config.hpp>
#include <tempa/text/training/vocabulary_trainer.hpp>

#include <string>
#include <vector>

/// A tokenizer whose vocabulary is learned from texts. @param tokens whole words, or pieces of words.
inline tempa::BertTokenizer learn_tokenizer(const std::vector<std::string>& texts, tempa::SubwordModel tokens,
                                            const Options& options) {
  return tempa::train_bert_tokenizer(
      texts,
      {.vocab_size = options.vocab_size, .model = tokens, .tokenizer = {.model_max_length = options.max_length}});
}

/// A small BERT for SmSA's classes.
inline tempa::BertConfig small_config(const Options& options, tempa::Index vocab_size) {
  tempa::BertConfig config =
      config_from_scratch(options, *options.max_length, vocab_size, tempa::DocumentSentimentDataset::label_names(),
                          tempa::ProblemType::kSingleLabelClassification);
  config.intermediate_size = options.intermediate;
  return config;
}
