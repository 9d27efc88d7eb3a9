// A user's own dataset: graded reviews in a custom format, with a custom type of examples and a custom collate
// function. A regression learns the grades.
#include <tempa/tempa.hpp>

#include <algorithm>
#include <sstream>
#include <string_view>

using namespace tempa;

/// One example, of any type: here a text with its stars, and how sure the reviewer was.
struct StarReview {
  Encoding encoding;  // (T)
  Index stars = 0;
};

/// Lines such as "****- good food". Nothing is inherited: `size` and `operator[]` make it a dataset.
class StarReviews {
 public:
  StarReviews(const std::string& text, const BertTokenizer& tokenizer) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.size() < 7) throw FormatError("reviews", size() + 1, "expected five stars or dashes and a text");
      reviews_.push_back({tokenizer.encode(line.substr(6)), std::count(line.begin(), line.end(), '*')});
    }
  }
  Index size() const { return static_cast<Index>(reviews_.size()); }
  const StarReview& operator[](Index row) const { return reviews_[static_cast<std::size_t>(row)]; }

 private:
  std::vector<StarReview> reviews_;
};
static_assert(Dataset<StarReviews>);

/// Makes a batch of examples: stars become targets from 0 to 1. The batch could be of a custom type as well.
struct StarCollate {
  Batch operator()(std::span<const StarReview> reviews) const {
    std::vector<TextExample> examples;
    for (const StarReview& review : reviews)
      examples.push_back({.encoding = review.encoding, .targets = {static_cast<float>(review.stars) / 5.0F}});
    return PackedCollate{}(examples);
  }
};

constexpr std::string_view kVocabulary[]{"[PAD]",  "[UNK]", "[CLS]", "[SEP]", "good",
                                         "lovely", "bad",   "dirty", "room",  "food"};

/// Made-up lines: each good word is worth a star, each bad one costs one, from three.
std::string made_up_lines(Generator& generator, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    std::string review;
    Index stars = 3;
    for (int w = 0; w < 4; ++w) {
      const auto k = static_cast<std::size_t>(generator.below(6));
      stars += k < 2 ? 1 : k < 4 ? -1 : 0;
      review.append(" ").append(kVocabulary[4 + k]);
    }
    for (Index star = 0; star < 5; ++star) text += star < stars ? '*' : '-';
    text += review + "\n";
  }
  return text;
}

int main() {
  manual_seed(5);
  const BertTokenizer tokenizer(Vocabulary::from_tokens({std::begin(kVocabulary), std::end(kVocabulary)}));
  const StarReviews train(made_up_lines(default_generator(), 400), tokenizer);
  const StarReviews valid(made_up_lines(default_generator(), 100), tokenizer);
  DataLoader loader(train, {.batch_size = 16, .shuffle = true, .num_workers = 2}, StarCollate{});
  DataLoader valid_loader(valid, {.batch_size = 50}, StarCollate{});
  BertConfig config{.vocab_size = tokenizer.vocab_size(), .hidden_size = 32, .num_hidden_layers = 1};
  config.num_attention_heads = 2;
  config.id2label = {"stars"};  // one label: a regression
  BertForSequenceClassification<float> model(config);
  AdamW optimizer(weight_decay_groups(model.named_parameters(), AdamWOptions{.lr = 2e-3}));
  Trainer(model, optimizer, {.epochs = 10}).fit(loader, valid_loader);
  return evaluate(model, valid_loader).scores["pearson"] > 0.9 ? 0 : 1;  // the trainer printed it
}
