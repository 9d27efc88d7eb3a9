// The example's results: predictions, metrics, pictures.
#pragma once

#include "model.hpp"
#include "options.hpp"

#include <tempa/plot/class_distribution_plot.hpp>
#include <tempa/plot/confusion_matrix_plot.hpp>
#include <tempa/plot/predictions_plot.hpp>
#include <tempa/tensorboard/summary_writer.hpp>
#include <tempa/train/predict.hpp>
#include <tempa/train/report.hpp>
#include <tempa/train/training_plots.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// Predictions for the first `count` rows of a part, with the true labels.
template <tempa::Floating T>
std::vector<tempa::PredictedExample> predictions(ReviewClassifier<T>& model, const tempa::LabeledTexts& texts,
                                                 std::span<const tempa::TextExample> examples,
                                                 const std::vector<std::string>& names, std::size_t count = 12) {
  using namespace tempa;
  examples = examples.first(std::min(count, examples.size()));
  const Tensor<float> logits = predict_logits(model, examples);                                       // (n,2)
  const auto shares = probabilities_of(logits, ProblemType::kSingleLabelClassification).to_vector();  // (n,2)
  const std::vector<std::int32_t> predicted = argmax_rows(logits);
  std::vector<PredictedExample> result;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto label = static_cast<std::size_t>(predicted[i]);
    result.push_back({.text = texts.texts[i],
                      .predicted = names[label],
                      .actual = names[static_cast<std::size_t>(texts.labels[i])],
                      .probability = static_cast<double>(shares[2 * i + label])});
  }
  return result;
}

/// Scores with F1 micro, which for one label a row equals the accuracy.
inline tempa::Evaluation with_f1_micro(tempa::Evaluation evaluation) {
  evaluation.scores.add({.name = "f1_micro", .value = tempa::precision_recall_f1(*evaluation.confusion).micro.f1});
  return evaluation;
}

/// Saves a picture as SVG, and as PNG where this build can.
inline void save_picture(const tempa::Picture& picture, const std::filesystem::path& folder, const std::string& name) {
  picture.save_svg(folder / (name + ".svg"));
  if (tempa::kWritesPng) picture.save_png(folder / (name + ".png"));
}

/// Shows a picture in TensorBoard, where this build can.
inline void show_picture(tempa::SummaryWriter& writer, const std::string& tag, const tempa::Picture& picture,
                         tempa::Index step = 0) {
  if (tempa::kWritesPng) writer.add_figure(tag, picture, step);
}

/// Pictures of a run. @param rates learning rate of each step; none when nothing was trained.
inline void save_pictures(const std::filesystem::path& folder, const tempa::RunReport& report,
                          const std::vector<tempa::ClassDistribution>& classes, const std::vector<double>& rates,
                          const std::vector<tempa::PredictedExample>& shown, const std::vector<std::string>& names) {
  using namespace tempa;
  std::filesystem::create_directories(folder);
  save_picture(plot_class_distribution(classes, names, {.title = "Reviews of each class"}), folder,
               "class_distribution");
  save_picture(plot_confusion_matrix(*report.test->confusion, names, {.title = "Test part"}), folder,
               "confusion_matrix");
  save_picture(plot_predictions(shown), folder, "predictions");
  if (rates.empty()) return;
  save_picture(plot_learning_curves(report.train), folder, "learning_curves");
  save_picture(plot_learning_rate(rates), folder, "learning_rate");
}
