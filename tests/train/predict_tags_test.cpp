#include <tempa/models/bert/heads.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>
#include <tempa/train/predict_tags.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <limits>

namespace predict_tags_test {

using namespace tempa;
using Words = std::vector<std::string>;

namespace {

BertTokenizer tokenizer() {
  return BertTokenizer(
      Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ria", "##u", "ke", "kota", "."}));
}

BertConfig config(Words labels) {
  BertConfig result;
  result.vocab_size = 10;
  result.hidden_size = 16;
  result.num_hidden_layers = 1;
  result.num_attention_heads = 2;
  result.intermediate_size = 32;
  result.max_position_embeddings = 16;
  result.initializer_range = 0.5;
  result.id2label = std::move(labels);
  return result;
}

const TaggedSentences kSentences{.name = "words.tsv",
                                 .sentences = {{.words = {"Riau", "ke", "kota", "."}, .tags = {}, .line = 1},
                                               {.words = {"kota"}, .tags = {}, .line = 6},
                                               {.words = {"ke", "Riau", "."}, .tags = {}, .line = 8}}};

}  // namespace

TEST_CASE("predict_tags: every word has the likeliest tag of its first token, whatever the batches", "[train]") {
  manual_seed(9);
  const Words names{"A", "B", "C", "O"};
  BertForTokenClassification<float> model(config(names));
  const TokenClassificationDataset dataset(kSentences, names, tokenizer());
  const auto tags = predict_tags(model, dataset, names);
  REQUIRE(tags.size() == 3);
  for (Index s = 0; s < 3; ++s) {
    const std::vector<TokenExample> alone{dataset[s]};
    const auto logits = model(TokenCollate{}(alone)).logits.value();
    const auto classes = argmax_rows(logits);
    const auto& sentence = tags[static_cast<std::size_t>(s)];
    REQUIRE(sentence.size() == kSentences.sentences[static_cast<std::size_t>(s)].words.size());
    for (std::size_t t = 1; t < dataset[s].word_ids.size(); ++t) {
      const auto word = dataset[s].word_ids[t];
      if (word >= 0 && word != dataset[s].word_ids[t - 1])
        CHECK(sentence[static_cast<std::size_t>(word)] == names[static_cast<std::size_t>(classes[t])]);
    }
  }
  for (const Index batch_size : {1, 2}) CHECK(predict_tags(model, dataset, names, batch_size) == tags);
}

TEST_CASE("predict_tags: words that were cut off are O, and an error where there is no O", "[train]") {
  const Words names{"O", "X"}, others{"X", "Y"};
  BertForTokenClassification<float> model(config(names));
  model.classifier.bias.mutable_value().data()[1] = 100;  // always X
  const TokenClassificationDataset dataset(kSentences, names, tokenizer(), {.max_length = 4});
  CHECK(predict_tags(model, dataset, names) == std::vector<Words>{{"X", "O", "O", "O"}, {"X"}, {"X", "X", "O"}});
  CHECK(thrown<ValueError>([&] { predict_tags(model, dataset, others); }) ==
        "[predict_tags] expected a tag O for 4 words that were cut off but there is none");
  const TokenClassificationDataset split(kSentences, names, tokenizer(),
                                         {.max_length = 4, .overflow = Overflow::kSplit});
  CHECK(predict_tags(model, split, names) == std::vector<Words>{{"X", "X", "X", "X"}, {"X"}, {"X", "X", "X"}});
  CHECK_THROWS_AS(predict_tags(model, split, Words{"O"}), ValueError);
}

TEST_CASE("predict_tags: logits that are not finite are an error, not a tag", "[train]") {
  const Words names{"O", "X"};
  BertForTokenClassification<float> model(config(names));
  model.classifier.bias.mutable_value().data()[1] = std::numeric_limits<float>::quiet_NaN();
  const TokenClassificationDataset dataset(kSentences, names, tokenizer());
  CHECK(thrown<NumericalError>([&] { predict_tags(model, dataset, names); }).find("have nan") != std::string::npos);
}

}  // namespace predict_tags_test
