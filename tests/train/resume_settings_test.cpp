// A training is not resumed with other settings in silence: each that changes it is named.
#include <tempa/data/augmented_texts.hpp>
#include <tempa/data/token_classification.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/reduce_lr_on_plateau.hpp>
#include <tempa/train/trainer.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace resume_settings_test {

using namespace tempa;

namespace {

/// All that a training is told.
struct Told {
  TrainerOptions trainer{.epochs = 2, .log = nullptr, .progress = {.out = nullptr}};
  DataLoaderOptions loader{.batch_size = 4, .shuffle = true, .seed = 3};
  BertConfig config{.vocab_size = 10,
                    .hidden_size = 8,
                    .num_hidden_layers = 1,
                    .num_attention_heads = 2,
                    .intermediate_size = 12,
                    .max_position_embeddings = 16,
                    .id2label = {"a", "b", "c"}};
  ClassificationLossOptions loss{};
  AdamWOptions adamw{.lr = 1e-3};
  ReduceLROnPlateauOptions plateau{};
  std::optional<AveragedModelOptions> average = AveragedModelOptions{.decay = 0.8};
  std::optional<GradScalerOptions> scaler{};
  Index rows = 12;
};

void train(const Told& told) {
  manual_seed(5);
  std::vector<TextExample> rows;
  for (Index i = 0; i < told.rows; ++i)
    rows.push_back({.encoding = {{1, 3 + static_cast<std::int32_t>(i % 7), 2}, {0, 0, 0}},
                    .label = static_cast<std::int32_t>(i % 3)});
  BertForSequenceClassification<float> model(told.config);
  model.loss_options = told.loss;
  AdamW optimizer(model.named_parameters(), told.adamw);
  std::optional<AveragedModel> average;
  if (told.average) average.emplace(model.named_parameters(), *told.average);
  std::optional<GradScaler> scaler;
  if (told.scaler) scaler.emplace(*told.scaler);
  DataLoader loader(rows, told.loader);
  ReduceLROnPlateau plateau(optimizer, told.plateau);
  TrainerOptions options = told.trainer;
  options.average = average ? &*average : nullptr;
  options.scaler = scaler ? &*scaler : nullptr;
  options.checkpoint.log = nullptr;
  Trainer trainer(model, optimizer, options);
  trainer.set_scheduler(plateau);
  trainer.fit(loader, loader);
}

}  // namespace

TEST_CASE("resume: every setting of trainer, loader, model, loss, optimizer and schedule is named", "[train]") {
  const TemporaryFolder folder;
  Told first;
  first.trainer.checkpoint.folder = folder.path().string();
  train(first);
  first.trainer.checkpoint.resume = true;
  CHECK_NOTHROW(train(first));

  const std::vector<std::pair<const char*, std::function<void(Told&)>>> changes{
      {"epochs: 2 in the checkpoint, 3 now", [](Told& t) { t.trainer.epochs = 3; }},
      {"evaluate_every: 1 in", [](Told& t) { t.trainer.evaluate_every = 2; }},
      {"gradient_accumulation_steps: 1 in", [](Told& t) { t.trainer.gradient_accumulation_steps = 2; }},
      {"max_grad_norm: 0 in", [](Told& t) { t.trainer.max_grad_norm = 0.1; }},
      {"metric:  in the checkpoint, loss now", [](Told& t) { t.trainer.metric = "loss"; }},
      {"problem_type: of the batches in",
       [](Told& t) { t.trainer.problem_type = ProblemType::kSingleLabelClassification; }},
      {"patience: none in the checkpoint, 1 now", [](Told& t) { t.trainer.patience = 1; }},
      {"graph: no in", [](Told& t) { t.trainer.graph = true; }},
      {"restore_best: yes in", [](Told& t) { t.trainer.restore_best = false; }},
      {"scaler: no in", [](Told& t) { t.scaler = GradScalerOptions{}; }},
      {"average decay: 0.8 in the checkpoint, 0.9 now", [](Told& t) { t.average->decay = 0.9; }},
      {"average warm_up: no in", [](Told& t) { t.average->warm_up = true; }},
      {"averaging: exponential in", [](Told& t) { t.average->averaging = Averaging::kEqual; }},
      {"average: yes in", [](Told& t) { t.average.reset(); }},
      {"batch_size: 4 in", [](Told& t) { t.loader.batch_size = 3; }},
      {"shuffle: yes in", [](Told& t) { t.loader.shuffle = false; }},
      {"data seed: 3 in", [](Told& t) { t.loader.seed = 4; }},
      {"drop_last: no in", [](Told& t) { t.loader.drop_last = true; }},
      {"group_by_length: no in", [](Told& t) { t.loader.group_by_length = true; }},
      {"tokens_per_batch: 0 in", [](Told& t) { t.loader.tokens_per_batch = 12; }},
      {"rows: 12 in the checkpoint, 11 now", [](Told& t) { t.rows = 11; }},
      {"model hidden_dropout_prob: 0.1 in the checkpoint, 0.3 now",
       [](Told& t) { t.config.hidden_dropout_prob = 0.3; }},
      {"model attention_probs_dropout_prob: 0.1 in", [](Told& t) { t.config.attention_probs_dropout_prob = 0.0; }},
      {"model id2label: ",
       [](Told& t) {
         t.config.id2label = {"b", "a", "c"};
       }},
      {"class_weights: none in the checkpoint, 1 0.5 2 now",
       [](Told& t) {
         t.loss.class_weights = {1, 0.5, 2};
       }},
      {"label_smoothing: 0 in", [](Told& t) { t.loss.label_smoothing = 0.1; }},
      {"groups.0.lr: 0.001 in", [](Told& t) { t.adamw.lr = 2e-3; }},
      {"groups.0.weight_decay: 0.01 in", [](Told& t) { t.adamw.weight_decay = 0.3; }},
      {"groups.0.beta2: 0.999 in", [](Told& t) { t.adamw.betas[1] = 0.98; }},
      {"plateau factor: 0.1 in", [](Told& t) { t.plateau.factor = 0.5; }},
      {"plateau patience: 10 in", [](Told& t) { t.plateau.patience = 3; }}};
  for (const auto& [line, change] : changes) {
    Told other = first;
    change(other);
    const std::string complaint = thrown<ConfigError>([&, &other = other] { train(other); });
    INFO(line << ": " << complaint);
    CHECK(complaint.find(concat("\n- ", line)) != std::string::npos);
  }

  // What changes no weights may differ.
  first.loader.num_workers = 2;
  first.loader.prefetch_factor = 3;
  first.trainer.checkpoint.every_steps = 1;
  first.trainer.checkpoint.save_total_limit = 5;
  first.trainer.on_fault = OnFault::kSkip;
  first.trainer.stop_requested = [] { return false; };
  CHECK_NOTHROW(train(first));
}

TEST_CASE("resume: what a dataset and a collate function do at random is named", "[train]") {
  const auto settings_of = [](const auto& shows) {
    std::map<std::string, std::string> settings;
    shows.visit_settings(
        [&](const std::string& name, const auto& value) { settings[name] = detail::setting_text(value); });
    return settings;
  };
  CHECK(settings_of(TokenCollate{.word_mask_prob = 0.25, .mask_token_id = 4}).at("word_mask_prob") == "0.25");
  const std::vector<TokenExample> rows{
      {.encoding = {{1, 5, 2}, {}}, .word_ids = {-1, 0, -1}, .labels = {kNoLabel, 1, kNoLabel}}};
  const DataLoader plain(rows, {.batch_size = 2}, TokenCollate{}),
      masking(rows, {.batch_size = 2}, TokenCollate{.word_mask_prob = 0.25, .mask_token_id = 4});
  const auto noted = [](const auto& loader) {
    std::map<std::string, std::string> settings;
    detail::note_loader_settings(
        loader, [&](const std::string& name, std::string value) { settings[name] = std::move(value); });
    return settings;
  };
  CHECK(noted(plain) != noted(masking));
}

TEST_CASE("resume: settings can be compared before the data are read", "[train]") {
  const TemporaryFolder folder, data;
  const std::string file = data.write("train.tsv", "one");
  Told first;
  first.trainer.checkpoint = {.folder = folder.path().string(), .settings = {{"--train", file_setting(file)}}};
  CheckpointOptions again = first.trainer.checkpoint;
  again.resume = true;
  CHECK_NOTHROW(check_settings(again));  // nothing to resume
  train(first);
  CHECK_NOTHROW(check_settings(again));
  data.write("train.tsv", "two");
  again.settings["--train"] = file_setting(file);
  again.settings["--new"] = "1";
  const std::string complaint = thrown<ConfigError>([&] { check_settings(again); });
  CHECK(complaint.find("\n- --train: " + file + ", CRC-32 ") != std::string::npos);
  CHECK(complaint.find("\n- --new: absent in the checkpoint, 1 now") != std::string::npos);
  again.accept_changes = true;
  CHECK_NOTHROW(check_settings(again));
}

TEST_CASE("file_setting: of a folder the small files count, and not the weights", "[train]") {
  const TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors", "1");
  const std::string path = folder.path().string(), before = file_setting(path);
  CHECK(before.starts_with(path + ", CRC-32 "));
  folder.write("model.safetensors", "2");
  CHECK(file_setting(path) == before);
  folder.write("vocab.txt", "[UNK]");
  CHECK(file_setting(path) != before);
}

}  // namespace resume_settings_test
