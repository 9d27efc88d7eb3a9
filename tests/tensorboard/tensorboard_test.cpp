// SummaryWriter: everything it writes comes back, here by our own reader; fixtures/train/check_tensorboard.py runs this
// program and reads the same folder by the packages tensorboard, torch and Pillow.
#include <tempa/autograd/no_grad.hpp>
#include <tempa/data/batch.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/plot/confusion_matrix_plot.hpp>
#include <tempa/tensorboard/summary_writer.hpp>

#include "support/catch.hpp"
#include "support/png_decoder.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace tensorboard_test {

using namespace tempa;

namespace {

BertForSequenceClassification<float> small_bert() {
  BertConfig config;
  config.vocab_size = 11;
  config.hidden_size = 8;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 12;
  config.max_position_embeddings = 8;
  config.id2label = {"a", "b", "c"};
  manual_seed(1);
  return BertForSequenceClassification<float>(config);
}

Batch small_batch() {
  Batch batch = pack_padded(Tensor<std::int32_t>::from({2, 5, 6, 3, 2, 7, 3, 0}, {2, 4}),
                            Tensor<std::int32_t>::from({1, 1, 1, 1, 1, 1, 1, 0}, {2, 4}));
  batch.labels = Tensor<std::int32_t>::from({0, 2});
  return batch;
}

/// Events of the only event file directly in `folder`, the first left out.
std::vector<LogEvent> events_in(const std::filesystem::path& folder) {
  std::vector<LogEvent> events;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().find("tfevents") == std::string::npos) continue;
    CHECK(events.empty());
    events = read_events(entry.path().string());
  }
  REQUIRE_FALSE(events.empty());
  CHECK(events.front().file_version == "brain.Event:2");
  events.erase(events.begin());
  return events;
}

const SummaryValue& only_value(const LogEvent& event) {
  REQUIRE(event.summary.size() == 1);
  return event.summary.front();
}

nlohmann::json json_of(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

}  // namespace

TEST_CASE("TensorBoard: what is written comes back", "[train]") {
  if (!kWritesPng) {
    WARN("skipped: this build has no cairo, and so no images");
    return;
  }
  const TemporaryFolder temporary;
  const char* const named = std::getenv("TEMPA_TENSORBOARD_DIR");
  const std::filesystem::path folder =
      named != nullptr ? std::filesystem::path(named) : temporary.path() / "run/of today";
  nlohmann::json expected;
  SummaryWriter writer(folder, {.max_queue = 4, .filename_suffix = ".test"});

  const std::vector<double> scalars{1.0, 0.1, -2.5e-30, 1e39, std::numeric_limits<double>::quiet_NaN(), 3e38};
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    writer.add_scalar("train/loss ロス", scalars[i], static_cast<Index>(i) * 100,
                      1.7e9 + 0.25 * static_cast<double>(i));
    expected["scalars"].push_back({{"step", i * 100},
                                   {"wall_time", 1.7e9 + 0.25 * static_cast<double>(i)},
                                   {"value", json_of(static_cast<float>(scalars[i]))}});
  }
  writer.add_scalars("scores", {{"f1/macro", 0.5}, {"accuracy", 0.75}}, 7);

  Generator generator(5);
  std::vector<std::vector<double>> samples{{0.0}, {1.0, 1.0}, {-1e-13, 1e-12, 2e20, -0.5, 7}, {}};
  for (int i = 0; i < 2000; ++i)
    samples.back().push_back((generator.uniform() - 0.3) * std::pow(10.0, generator.below(9)));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    writer.add_histogram("weights", Tensor<double>::from(samples[i]), static_cast<Index>(i));
    expected["histograms"].push_back(samples[i]);
  }
  writer.add_text("notes", "| a | b |\n|---|---|\n| **Größe** | 日本語 |", 2);

  const auto bytes = Tensor<std::uint8_t>::from({0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255}, {3, 2, 2});
  const auto reals = Tensor<float>::from({0.0f, 0.999f, 0.5f, 1.5f, -1.0f, NAN}, {1, 2, 3});
  writer.add_image("bytes", bytes, 1);
  writer.add_image("reals", reals, 1, ImageFormat::kHWC);
  writer.add_image("grey", Tensor<float>::from({0.25f, 0.75f}, {1, 2}), 1, ImageFormat::kHW);
  expected["images"] = {{"bytes", {{{0, 4, 252}, {1, 5, 253}}, {{2, 250, 254}, {3, 251, 255}}}},
                        {"reals", {{{0, 254, 127}, {255, 0, 0}}}},
                        {"grey", {{63, 191}}}};
  ConfusionMatrix matrix(2);
  matrix.add(std::vector<std::int32_t>{0, 1, 1}, std::vector<std::int32_t>{0, 1, 0});
  const Picture picture = plot_confusion_matrix(matrix, {"bad", "good"});
  writer.add_figure("confusion", picture, 3, {.scale = 1});
  writer.add_hparams({{"lr", 1e-5}, {"batch_size", 32}, {"frozen", true}, {"model", "indobert-base-p1"}},
                     {{"hparam/f1", 0.5}}, "trial");
  auto model = small_bert();
  model.train();
  writer.add_graph(model, small_batch());
  CHECK(model.dropout.mode.training);
  writer.close();
  if (named != nullptr) atomic_write_text((folder / "expected.json").string(), expected.dump());

  const auto events = events_in(folder);
  REQUIRE(events.size() == 16);
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    CHECK(events[i].step == static_cast<std::int64_t>(i) * 100);
    CHECK(events[i].wall_time == 1.7e9 + 0.25 * static_cast<double>(i));
    CHECK(only_value(events[i]).tag == "train/loss ロス");
    const float value = std::get<float>(only_value(events[i]).value);
    CHECK((value == static_cast<float>(scalars[i]) || (std::isnan(value) && std::isnan(scalars[i]))));
  }
  for (std::size_t i = 0; i < samples.size(); ++i)
    CHECK(std::get<HistogramSummary>(only_value(events[6 + i]).value) == make_histogram(samples[i]));
  CHECK(only_value(events[10]).tag == "notes/text_summary");
  CHECK(only_value(events[10]).plugin_name == "text");
  CHECK(std::get<TextSummary>(only_value(events[10]).value).strings.front().find("日本語") != std::string::npos);
  const auto image = [&](std::size_t i) {
    return decode_png(std::get<ImageSummary>(only_value(events[i]).value).encoded);
  };
  CHECK(image(11).pixels == std::vector<std::uint8_t>{0, 4, 252, 1, 5, 253, 2, 250, 254, 3, 251, 255});
  CHECK(image(12).pixels == std::vector<std::uint8_t>{0, 254, 127, 255, 0, 0});
  CHECK(image(13).pixels == std::vector<std::uint8_t>{63, 191});
  CHECK(image(13).channels == 1);
  CHECK(image(14).pixels == picture.pixels({.scale = 1}).to_vector());
  CHECK(std::get<ImageSummary>(only_value(events[14]).value).width == picture.pixels({.scale = 1}).size(1));
  CHECK_FALSE(events[15].graph_def.empty());

  CHECK(std::get<float>(only_value(events_in(folder / "scores_f1_macro").front()).value) == 0.5f);
  CHECK(events_in(folder / "scores_accuracy").front().step == 7);
  const auto trial = events_in(folder / "trial");
  REQUIRE(trial.size() == 4);
  CHECK(only_value(trial[1]).tag == "_hparams_/session_start_info");
  CHECK(only_value(trial[1]).plugin_content.find("indobert-base-p1") != std::string::npos);
  CHECK(only_value(trial[3]).tag == "hparam/f1");
}

TEST_CASE("TensorBoard: the graph of BERT lies in the scopes of its modules, and every edge has two ends", "[train]") {
  auto model = small_bert();
  const auto nodes = trace_graph(model, small_batch());
  std::set<std::string> names;
  for (const GraphNode& node : nodes) CHECK(names.insert(node.name).second);
  for (const GraphNode& node : nodes) {
    CHECK(node.shape.has_value());
    for (const std::string& input : node.inputs) CHECK(names.contains(input));
    if (node.op == "Parameter") CHECK(node.inputs.empty());
  }
  for (const char* name :
       {"bert/embeddings/word_embeddings/weight", "bert/embeddings/embeddings_layer_norm",
        "bert/encoder/layer.0/attention/self/linears", "bert/encoder/layer.1/attention/self/query/linear",
        "bert/encoder/layer.1/attention/output/LayerNorm/dropout_add_layer_norm", "bert/encoder/layer.1/feed_forward",
        "bert/pooler/tanh", "classifier/linear", "classifier/bias", "cross_entropy"}) {
    CAPTURE(name);
    CHECK(names.contains(name));
  }
  CHECK(nodes.back().name == "cross_entropy");
  std::size_t parameters = 0;
  for (const GraphNode& node : nodes) parameters += node.op == "Parameter" ? 1 : 0;
  CHECK(parameters == model.named_parameters().size());
  // A result that was recorded by the user, and no tape at all.
  const auto output = model(small_batch());
  CHECK(trace_graph(model, output.logits).back().name == "classifier/linear");
  const NoGrad no_grad;
  CHECK(thrown<ValueError>([&] { trace_graph(model, small_batch()); }).find("[add_graph] expected a recorded result") ==
        0);
}

TEST_CASE("TensorBoard: histograms have the buckets of the default bins", "[train]") {
  CHECK(tensorboard_bins().size() == 1549);
  CHECK(tensorboard_bins()[774] == 0.0);
  const HistogramSummary zero = make_histogram(Tensor<float>::zeros({3}));
  CHECK(zero.bucket == std::vector<double>{0, 3});
  CHECK(zero.bucket_limit == std::vector<double>{0, 1e-12});
  const HistogramSummary wide = make_histogram(Tensor<std::int32_t>::from({-5, 1, 2, 3}));
  CHECK(wide.num == 4);
  CHECK(wide.sum == 1);
  CHECK(wide.sum_squares == 39);
  CHECK(wide.min == -5);
  CHECK(wide.max == 3);
  CHECK(wide.bucket.front() == 0);
  CHECK(wide.bucket.size() == wide.bucket_limit.size());
  const HistogramSummary with_nan = make_histogram(std::vector<double>{1, std::nan(""), 2});
  CHECK(std::isnan(with_nan.min));
  CHECK(with_nan.num == 3);
  CHECK(thrown<ValueError>([] { make_histogram(std::vector<double>{}); }).find("none of 0 is") != std::string::npos);
  CHECK_THROWS_AS(make_histogram(std::vector<double>{1e21}), ValueError);
}

TEST_CASE("TensorBoard: what cannot be written is refused", "[train]") {
  const TemporaryFolder folder;
  SummaryWriter writer(folder.path() / "run");
  CHECK_THROWS_AS(writer.add_scalar("", 1), ValueError);
  CHECK_THROWS_AS(writer.add_scalar("\xff", 1), ValueError);
  CHECK_THROWS_AS(writer.add_text("a", "\xc3"), ValueError);
  CHECK_THROWS_AS(writer.add_encoded_image("a", "no png"), ValueError);
  CHECK(thrown<ShapeError>([&] {
          writer.add_image("a", Tensor<float>::zeros({2, 4, 4}));
        }) == "[add_image] image must have shape (3,H,W), (1,H,W) or (4,H,W) but has (2,4,4)");
  CHECK_THROWS_AS(writer.add_image("a", Tensor<float>::zeros({4, 4})), ShapeError);
  const auto file = folder.write("file", "");
  CHECK(thrown<IoError>([&] { SummaryWriter blocked(file); }).find(file.string() + ": cannot ") == 0);
  CHECK(thrown<IoError>([&] {
          SummaryWriter blocked("/proc/no/run");
        }).find("/proc/no/run: cannot create the folder: ") == 0);
  writer.close();
  CHECK_THROWS_AS(writer.add_scalar("a", 1), IoError);
}

TEST_CASE("TensorBoard: two writers in one folder have files of their own", "[train]") {
  const TemporaryFolder folder;
  SummaryWriter first(folder.path()), second(folder.path());
  CHECK(first.path() != second.path());
}

}  // namespace tensorboard_test
