// A user's own model: BertModel with two custom heads, a class and a grade, and a custom loss. It learns made-up
// notices; the layers of BERT learn more slowly than the heads.
#include <tempa/tempa.hpp>

#include <cstdio>

using namespace tempa;

/// The model's output. The trainer needs `loss` and `logits`; a model may return more.
struct Output {
  Variable<float> loss, logits, grade;  // (), (B,2), (B,1)
};

struct TwoHeads : ModuleMembers<TwoHeads, float> {
  BertModel<float> bert;
  Sequential<Dropout, Linear<float>, Gelu, Linear<float>> topic;  // the names in the state dict: topic.1.weight, …
  Linear<float> grade;

  explicit TwoHeads(const BertConfig& config)
      : bert(config),
        topic(Dropout(0.1), Linear<float>(config.hidden_size, 16), Gelu{}, Linear<float>(16, 2)),
        grade(config.hidden_size, 1) {}

  /// Focal loss (Lin et al. 2017) of the class, mean of (1 - p)^2 times the cross entropy, plus the squared error of
  /// the grade.
  Output operator()(const Batch& batch) {
    const auto pooled = bert(batch, OutputRows::kFirstToken).pooler_output;  // (B,C)
    Output output{{}, topic(pooled), sigmoid(grade(pooled))};
    if (batch.labels.empty()) return output;
    const auto entropy = cross_entropy(output.logits, batch.labels, {.reduction = Reduction::kNone});  // (B)
    const auto focal = mean(square(1.0 - exp(-entropy)) * entropy);
    return {focal + mse_loss(output.grade, batch.targets), output.logits, output.grade};
  }

  void visit(auto&& f) {
    f("bert", bert);
    f("topic", topic);
    f("grade", grade);
  }
};

/// Notices with a topic (0 trains, 1 weather) and a grade of urgency from 0 to 1.
std::vector<TextExample> notices(Generator& generator) {
  const std::vector<std::string> words{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "today", "train",  "line", "track",
                                       "rain",  "storm", "snow",  "a",     "the",   "urgent", "soon"};
  const BertTokenizer tokenizer(Vocabulary::from_tokens(words));
  std::vector<TextExample> rows;
  for (int i = 0; i < 160; ++i) {
    const auto topic = static_cast<std::int32_t>(generator.below(2)),
               urgency = static_cast<std::int32_t>(generator.below(3));
    std::string text = std::vector<std::string>{"", "soon ", "urgent "}[static_cast<std::size_t>(urgency)];
    for (int w = 0; w < 3; ++w) text += words[static_cast<std::size_t>(5 + 3 * topic + generator.below(3))] + " the ";
    rows.push_back(
        {.encoding = tokenizer.encode(text), .label = topic, .targets = {0.5F * static_cast<float>(urgency)}});
  }
  return rows;
}

int main() {
  manual_seed(3);
  const auto train = notices(default_generator()), valid = notices(default_generator());
  TwoHeads model({.vocab_size = 15,
                  .hidden_size = 32,
                  .num_hidden_layers = 2,
                  .num_attention_heads = 2,
                  .intermediate_size = 64,
                  .max_position_embeddings = 16});
  set_requires_grad(model.bert.embeddings.token_type_embeddings, false);         // frozen: it keeps its weights
  const AdamWOptions options{.lr = 5e-3, .weight_decay = 0.01};                  // biases and norms: no weight decay
  AdamW optimizer(layerwise_lr_groups(model.named_parameters(), options, 0.8));  // each layer down: 0.8 of the rate
  DataLoader loader(train, {.batch_size = 16, .shuffle = true}), valid_loader(valid, {.batch_size = 32});
  Trainer trainer(model, optimizer, {.epochs = 6, .problem_type = ProblemType::kSingleLabelClassification});
  trainer.fit(loader, valid_loader);
  const double accuracy = evaluate(model, valid_loader).scores["accuracy"];
  std::printf("accuracy of the topic: %.3f, rates: %.5f (embeddings) to %.5f (heads)\n", accuracy, optimizer.lr(0),
              optimizer.lr(optimizer.num_groups() - 1));
  return accuracy > 0.9 ? 0 : 1;
}
