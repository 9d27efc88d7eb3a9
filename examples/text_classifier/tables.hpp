// Shared by the trainings of all tasks: splitting rows at random, and learning a tokenizer from texts.
#pragma once

#include "../common/text_length.hpp"
#include "options.hpp"

#include <tempa/data/table/text_table.hpp>
#include <tempa/text/auto_tokenizer.hpp>
#include <tempa/text/training/vocabulary_trainer.hpp>

#include <string>
#include <vector>

/// @throws ConfigError when a share of --split has no row.
inline void check_parts(const std::vector<std::vector<tempa::Index>>& parts, tempa::Index rows) {
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i].empty())
      throw tempa::ConfigError(tempa::concat("--split: share ", i + 1, " of ", rows, " rows has none"));
}

/// The tokenizer of a training: that of --model, or one learned from the texts.
inline tempa::AnyTokenizer tokenizer_of(const tempa::LabeledTexts& table, const Options& options) {
  if (!options.model.empty()) return tempa::AutoTokenizer::from_pretrained(options.model);
  std::vector<std::string> texts = table.texts;
  texts.insert(texts.end(), table.pairs.begin(), table.pairs.end());
  return tempa::train_bert_tokenizer(
      texts, {.vocab_size = options.vocab_size,
              .tokenizer = {.model_max_length = options.max_length.value_or(kLengthFromScratch)}});
}
