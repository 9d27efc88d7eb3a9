// An encoder with several classifiers on the pooled first token, one for each label column.
#pragma once

#include <tempa/data/detail/matched_labels.hpp>
#include <tempa/data/label_columns.hpp>
#include <tempa/models/encoder/encoder.hpp>
#include <tempa/models/heads/head.hpp>
#include <tempa/models/heads/outputs.hpp>
#include <tempa/models/pretrained/detail/label_heads.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/cross_entropy.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// logits_a = classifiers[a](Dropout(pooler_output)); loss = sum_a cross_entropy(logits_a, labels[:, a]);
/// where labels are missing (`kNoLabel`), the sum of all columns' losses over the mean number of labels of a column.
/// `id2label` of the configuration names all classes of all columns, see `flat_labels`.
/// @source IndoNLU BertForMultiLabelClassification
template <typename With>
struct LabelColumnsClassification : HeadMembers<LabelColumnsClassification<With>, With> {
  using Members = HeadMembers<LabelColumnsClassification<With>, With>;
  using T = typename Members::value_type;
  using Config = typename Members::Config;
  static constexpr std::string_view kTask = "ForLabelColumnsClassification";
  static constexpr std::string_view kName = detail::ClassName<Config::kClassName, kTask>::kName;

  Dropout dropout;
  std::vector<Linear<T>> classifiers;      ///< (A) of (K,C)
  std::vector<LabelColumn> label_columns;  ///< (A)

  LabelColumnsClassification() = default;
  /// Random weights, drawn from `default_generator()`; the columns are those that `id2label` names.
  /// @throws ConfigError for an impossible configuration, or labels that are not of columns.
  explicit LabelColumnsClassification(const Config& configuration)
      : Members(configuration), dropout(this->head_dropout()), label_columns(label_columns_of(config().id2label)) {
    config().problem_type.reset();
    for (const LabelColumn& column : label_columns)
      classifiers.push_back(this->head_classifier(static_cast<Index>(column.labels.size())));
  }
  /// The same with the given columns. @throws ConfigError as above and `flat_labels`.
  LabelColumnsClassification(Config configuration, std::span<const LabelColumn> columns)
      : LabelColumnsClassification(with_columns(std::move(configuration), columns)) {}

  using Members::config;

  /// Logits of each column, and the loss when the batch has labels (B,A).
  /// @throws as the encoder; ShapeError for another number of columns; ValueError for a label outside of its column.
  LabelColumnsOutput<T> operator()(const Batch& batch) const {
    const auto columns = static_cast<Index>(classifiers.size());
    const double weight = loss_weight(batch);
    const auto pooled = dropout(this->base()(batch, OutputRows::kFirstToken).pooler_output);
    LabelColumnsOutput<T> output;
    for (Index a = 0; a < columns; ++a) {
      output.logits.push_back(classifiers[static_cast<std::size_t>(a)](pooled));
      if (batch.labels.empty()) continue;
      const auto labels = column_of(batch.labels, a);
      auto loss = cross_entropy(output.logits.back(), labels);
      const double labeled = cross_entropy_weight(labels, classes_of(a));
      if (labeled != weight) loss = loss * (labeled / weight);
      output.loss = a == 0 ? loss : add(output.loss, loss);
    }
    return output;
  }

  /// What the loss of a batch weighs: its rows, or where labels are missing (`kNoLabel`) the mean number of labels of a
  /// column; see `loss_weight_of`.
  /// @throws ShapeError for another number of columns.
  double loss_weight(const Batch& batch) const {
    const auto columns = static_cast<Index>(classifiers.size());
    if (batch.labels.empty()) return 0;
    check_shape(kName, "labels", batch.labels.shape(), {batch.size(), columns});
    double labels = 0;
    for (Index a = 0; a < columns; ++a) labels += cross_entropy_weight(column_of(batch.labels, a), classes_of(a));
    return labels / static_cast<double>(columns);
  }

  void visit(auto&& f) {
    f(this->base_prefix(), this->base());
    f("dropout", dropout);
    f("classifiers", classifiers);
  }

  using Members::from_pretrained;
  /// The encoder of a Hugging Face folder with classifiers for `columns`; those that the folder has are kept, column by
  /// column and label by label, see `match_label_columns`. @throws as `load_pretrained`, `flat_labels`.
  static LabelColumnsClassification from_pretrained(const std::filesystem::path& folder,
                                                    std::span<const LabelColumn> columns,
                                                    PretrainedOptions options = {}) {
    options.labels = flat_labels(columns);
    return load_pretrained<LabelColumnsClassification>(folder, options);
  }

  /// What becomes of a folder's classifiers. Where the folder's labels have no names, classifiers of as many labels
  /// are kept in their order. @param known of the folder, which may be one of another model. @param given by
  /// `flat_labels`.
  static LabelHeads label_heads(const std::vector<std::string>& known, const std::vector<std::string>& given,
                                const MatchLabelsOptions& options) {
    constexpr Index kNone = MatchedLabels::kNone;
    const auto name_of = [](Index a) { return "classifiers." + std::to_string(a); };
    const auto has_column = [](const std::string& label) { return label.find('=') != std::string::npos; };
    const bool columns = std::all_of(known.begin(), known.end(), has_column), unnamed = are_default_labels(known);
    const std::vector<LabelColumn> old = columns ? label_columns_of(known) : std::vector<LabelColumn>();
    MatchedLabelColumns matched = match_label_columns(old, label_columns_of(given), options);
    LabelHeads result{.labels = flat_labels(matched.columns),
                      .heads = {},
                      .known_heads = {},
                      .summary = unnamed ? "labels: the model's have no names; its classifiers go on in their order"
                                         : matched.summary()};
    for (Index a = 0; a < static_cast<Index>(unnamed ? matched.columns.size() : old.size()); ++a)
      result.known_heads.push_back(name_of(a));
    for (Index a = 0; a < static_cast<Index>(matched.columns.size()); ++a) {
      auto& labels = matched.labels[static_cast<std::size_t>(a)];
      const Index source = unnamed ? a : matched.heads[static_cast<std::size_t>(a)];
      LabelHead head{.name = name_of(a), .rows = std::move(labels.rows)};
      if (source != kNone) head.source = name_of(source);
      if (unnamed) {
        std::iota(head.rows.begin(), head.rows.end(), Index{0});
        head.source_rows = static_cast<Index>(head.rows.size());
      } else if (source != kNone) {
        head.source_rows = static_cast<Index>(old[static_cast<std::size_t>(source)].labels.size());
      }
      result.heads.push_back(std::move(head));
    }
    return result;
  }

 private:
  static Config with_columns(Config configuration, std::span<const LabelColumn> columns) {
    configuration.id2label = flat_labels(columns);
    return configuration;
  }
  Index classes_of(Index a) const {
    return static_cast<Index>(label_columns[static_cast<std::size_t>(a)].labels.size());
  }
  // @param labels (B,A). @return (B)
  static Tensor<std::int32_t> column_of(const Tensor<std::int32_t>& labels, Index a) {
    const auto table = labels.to(Device::cpu());
    std::vector<std::int32_t> column;
    for (Index b = 0; b < table.size(0); ++b) column.push_back(table.data()[b * table.size(1) + a]);
    return Tensor<std::int32_t>::from(column).to(labels.device());
  }
};

}  // namespace tempa::inline TEMPA_ABI
