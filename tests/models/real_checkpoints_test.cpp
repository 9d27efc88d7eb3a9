// Pretrained weights as people have them, against transformers: fixtures/models/make_real_checkpoints.py.
#include <tempa/autograd/no_grad.hpp>
#include <tempa/data/collate.hpp>
#include <tempa/data/labeled_texts.hpp>
#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/optim/param_groups.hpp>
#include <tempa/text/auto_tokenizer.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace real_checkpoints_test {

using namespace tempa;

namespace {

using Classifier = BertForSequenceClassification<float>;

constexpr std::int64_t kLength = 128;
const std::vector<std::string> kLabels{"positive", "neutral", "negative"};

/// The eight texts of the script.
std::vector<std::string> texts() {
  std::vector<std::string> all{"enak sekali",
                               "Pelayanannya lambat, tetapi makanannya enak dan harganya murah!",
                               "The room was clean; the staff wasn't friendly.",
                               "東京の宿はとても良かったです。",
                               "naïve café — 1,234.50 €",
                               "a",
                               "",
                               ""};
  for (int i = 0; i < 5; ++i) all[6] += "saya tidak akan kembali lagi ke sini . ";
  for (int i = 0; i < 200; ++i) all[7] += "word ";
  return all;
}

/// One of the folders, with what transformers computes from it.
struct Checkpoint {
  std::string name;
  std::filesystem::path folder;
  StateDict expected;

  template <typename T>
  std::vector<T> get(const std::string& what) const {
    return expected.get<T>(name + "." + what).to_vector();
  }
  Classifier model() const {
    auto model = Classifier::from_pretrained(
        folder, {.labels = kLabels, .problem_type = ProblemType::kSingleLabelClassification});
    for (auto& [parameter, variable] : model.named_parameters()) {
      const bool is_new = parameter.find("pooler") != std::string::npos || parameter.starts_with("classifier");
      if (!is_new) continue;
      Tensor<float> weights = variable.value();  // shared
      const auto values = weights.span();
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] =
            parameter.ends_with("bias") ? 0.0F : static_cast<float>(0.05 * std::sin(static_cast<double>(i + 1)));
    }
    return model;
  }
};

std::uint32_t crc32_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string chunk(std::size_t{1} << 24, '\0');
  std::uint32_t crc = 0;
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), file.gcount() > 0)
    crc = crc32(std::string_view(chunk).substr(0, static_cast<std::size_t>(file.gcount())), crc);
  return crc;
}

/// @return nothing where the folder is not there, or another one than the script had; the test then has said so.
std::optional<Checkpoint> checkpoint(const std::string& name) {
  const char* const root = std::getenv("TEMPA_REAL_CHECKPOINTS");
  if (root == nullptr || *root == '\0') {
    WARN("skipped: TEMPA_REAL_CHECKPOINTS does not name a folder with " << name);
    return std::nullopt;
  }
  Checkpoint found{name, std::filesystem::path(root) / name,
                   load_safetensors(fixture_path("models/real_checkpoints.safetensors").string())};
  const std::filesystem::path weights = found.folder / "model.safetensors";
  if (!std::filesystem::exists(weights)) {
    WARN("skipped: there is no " << weights.string());
    return std::nullopt;
  }
  if (crc32_of_file(weights) != static_cast<std::uint32_t>(found.get<std::int64_t>("crc32")[0])) {
    WARN("skipped: " << weights.string() << " has other weights than those of make_real_checkpoints.py");
    return std::nullopt;
  }
  return found;
}

double largest_difference(std::span<const float> ours, std::span<const float> theirs) {
  REQUIRE(ours.size() == theirs.size());
  double largest = 0;
  for (std::size_t i = 0; i < ours.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(ours[i]) - static_cast<double>(theirs[i])));
  return largest;
}

void check_outputs(const std::string& name) {
  const auto real = checkpoint(name);
  if (!real) return;
  const AnyTokenizer tokenizer = AutoTokenizer::from_pretrained(real->folder);
  CHECK(tokenizer.model_max_length() == 512);
  std::vector<TextExample> examples;
  std::vector<std::int32_t> ids, lengths;
  for (const std::string& text : texts()) {
    examples.push_back({.encoding = tokenizer.encode(text, {.max_length = kLength})});
    const auto& own = examples.back().encoding.ids;
    ids.insert(ids.end(), own.begin(), own.end());
    lengths.push_back(static_cast<std::int32_t>(own.size()));
  }
  REQUIRE(lengths == real->get<std::int32_t>("lengths"));
  REQUIRE(ids == real->get<std::int32_t>("ids"));

  const NoGrad no_grad;
  auto model = real->model();
  model.eval();
  const Batch batch = PackedCollate{}(examples);
  const Tensor<float> hidden = model.bert(batch).last_hidden_state.value();  // (N,C)
  const auto width = static_cast<std::size_t>(hidden.size(1));
  std::vector<float> first, mean;
  std::size_t begin = 0;
  for (const std::int32_t length : lengths) {
    const auto rows = hidden.span().subspan(begin * width, static_cast<std::size_t>(length) * width);
    first.insert(first.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(width));
    for (std::size_t c = 0; c < width; ++c) {
      double sum = 0;
      for (std::size_t at = c; at < rows.size(); at += width) sum += static_cast<double>(rows[at]);
      mean.push_back(static_cast<float>(sum / length));
    }
    begin += static_cast<std::size_t>(length);
  }
  const double of_first = largest_difference(first, real->get<float>("first"));
  const double of_mean = largest_difference(mean, real->get<float>("mean"));
  const double of_logits = largest_difference(model(batch).logits.value().span(), real->get<float>("logits"));
  INFO(name << ": largest differences: first token " << of_first << ", mean " << of_mean << ", logits " << of_logits);
  CHECK(of_first < 1e-5);
  CHECK(of_mean < 1e-5);
  CHECK(of_logits < 1e-5);
}

void check_training(const std::string& name) {
  const auto real = checkpoint(name);
  if (!real) return;
  const AnyTokenizer tokenizer = AutoTokenizer::from_pretrained(real->folder);
  auto model = real->model();
  model.eval();  // no dropout
  const std::vector<TextExample> rows =
      encode_texts(read_labeled_texts(example_path("smsa_sentiment/sample/train_preprocess.tsv"), kLabels), tokenizer,
                   {.max_length = kLength});
  const auto losses = real->get<float>("losses"), norms = real->get<float>("norms");
  constexpr std::size_t kBatch = 8;
  AdamW optimizer(weight_decay_groups(model.named_parameters(), AdamWOptions{.lr = 5e-5, .weight_decay = 0.01}));
  LinearScheduleWithWarmup schedule(optimizer,
                                    {.num_training_steps = static_cast<Index>(losses.size()), .num_warmup_steps = 5});
  double of_losses = 0, of_norms = 0;
  for (std::size_t step = 0; step < losses.size(); ++step) {
    std::vector<TextExample> part;
    for (std::size_t i = 0; i < kBatch; ++i) part.push_back(rows[(step * kBatch + i) % rows.size()]);
    const auto loss = model(PackedCollate{}(part)).loss;
    loss.backward();
    const double norm = clip_grad_norm(optimizer, 1.0);
    optimizer.step();
    schedule.step();
    of_losses = std::max(of_losses, std::abs(static_cast<double>(loss.item()) - static_cast<double>(losses[step])));
    of_norms = std::max(of_norms, std::abs(norm / static_cast<double>(norms[step]) - 1));
  }
  INFO(name << ": largest differences: losses " << of_losses << ", gradient norms (relative) " << of_norms);
  CHECK(of_losses < 1e-4);
  CHECK(of_norms < 1e-2);
}

}  // namespace

TEST_CASE("Real checkpoints: all-MiniLM-L6-v2 gives transformers' hidden states and logits", "[models]") {
  check_outputs("all-MiniLM-L6-v2");
}
TEST_CASE("Real checkpoints: multilingual-e5-small gives transformers' hidden states and logits", "[models]") {
  check_outputs("multilingual-e5-small");
}
TEST_CASE("Real checkpoints: 50 steps of all-MiniLM-L6-v2 have transformers' losses", "[models]") {
  check_training("all-MiniLM-L6-v2");
}
TEST_CASE("Real checkpoints: 50 steps of multilingual-e5-small have transformers' losses", "[models]") {
  check_training("multilingual-e5-small");
}

}  // namespace real_checkpoints_test
