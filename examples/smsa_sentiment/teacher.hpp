// Classifiers whose answers a student learns.
#pragma once

#include "options.hpp"

#include <tempa/data/table/text_table.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <functional>
#include <string>
#include <vector>

/// Gives the logits (n,K) of n texts.
using Teacher = std::function<tempa::Tensor<float>(const std::vector<std::string>& texts)>;

/// A logistic regression on words and pairs of words. @param splitter cuts texts into words.
Teacher train_ngram_teacher(const tempa::LabeledTexts& table, const tempa::BertTokenizer& splitter,
                            const Options& options);

/// As many texts as `table` has, spliced from it anew, with what the teachers together say as `targets`.
tempa::LabeledTexts taught_texts(const tempa::LabeledTexts& table, const std::vector<Teacher>& teachers);
