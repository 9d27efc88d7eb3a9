// What the heads of all families have in common: the encoder that they hold, its configuration, and their name.
//
// A family says what its heads stand on in a struct like this, for each `Floating` T:
//   struct WithBert {
//     using Model = BertModel<T>;
//     static constexpr MaskedLMNames kMaskedLM{…};
//     BertModel<T> bert;
//     BertModel<T>& base() { return bert; }
//     const BertModel<T>& base() const { return bert; }
//   };
// and its classes are then `SequenceClassification<WithBert<T>>` and so on.
#pragma once

#include <tempa/models/pretrained/pretrained.hpp>
#include <tempa/nn/dropout.hpp>
#include <tempa/nn/linear.hpp>
#include <tempa/ops/layer_norm.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// How the checkpoints of a family call the parts of its masked-LM head.
struct MaskedLMNames {
  std::string_view dense, layer_norm;  ///< modules
  std::string_view bias;               ///< a parameter, (V)
  std::string_view decoder;            ///< the module of the tied word embeddings, which is nothing to load
};

namespace detail {

/// A class name, put together when the program is compiled: "Bert" and "ForMaskedLM".
template <const std::string_view& Family, const std::string_view& Task>
struct ClassName {
  static constexpr auto kText = [] {
    std::array<char, Family.size() + Task.size()> text{};
    std::copy(Task.begin(), Task.end(), std::copy(Family.begin(), Family.end(), text.begin()));
    return text;
  }();
  static constexpr std::string_view kName{kText.data(), kText.size()};
};

/// An encoder without its pooler, for heads in which it has no part: then it is not one of their parameters.
template <typename Model>
struct WithoutPooler {
  Model& model;
  void visit(auto&& f) { model.visit_body(f); }
};

}  // namespace detail

/// Gives a head its encoder, `config()` and what every model has.
/// @tparam Self the head. @tparam With of the family, see above.
template <typename Self, typename With>
struct HeadMembers : With, ModuleMembers<Self, typename With::Model::value_type>, PretrainedMembers<Self> {
  using value_type = typename With::Model::value_type;
  using Config = decltype(With::Model::config);

  HeadMembers() = default;
  explicit HeadMembers(const Config& configuration) : With{typename With::Model(configuration)} {}

  Config& config() { return this->base().config; }
  const Config& config() const { return this->base().config; }

 protected:
  std::string_view base_prefix() const { return Config::checkpoint_names().base_prefix; }
  Dropout head_dropout() const { return Dropout(config().head_dropout_prob()); }
  /// @param labels K. @return (K,C), drawn anew.
  Linear<value_type> head_classifier(Index labels) const {
    const EncoderConfig encoder = config().encoder();
    return Linear<value_type>(encoder.hidden_size, labels, {.initializer_range = encoder.initializer_range});
  }
};

}  // namespace tempa::inline TEMPA_ABI
