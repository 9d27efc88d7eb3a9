// The names of old and foreign checkpoints.
#include <tempa/models/pretrained/detail/checkpoint_names.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace checkpoint_names_test {

using namespace tempa;

namespace {

using Names = std::vector<std::string>;

StateDict state_of(const Names& names) {
  StateDict state;
  for (const std::string& name : names) state.insert(name, Tensor<float>::zeros({1}));
  return state;
}

Names names_of(const StateDict& state) {
  Names names;
  for (const auto& entry : state) names.push_back(entry.name);
  return names;
}

const Names kClassifier{"bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.bias", "classifier.weight"};
const CheckpointNames kBert{.base_prefix = "bert"};
const Names kEncoder{"embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"};

}  // namespace

TEST_CASE("Checkpoint names: every age of a name becomes the model's", "[io]") {
  struct Case {
    std::string from, in_classifier, in_encoder;
  };
  const std::vector<Case> cases{
      {"bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.weight", "embeddings.LayerNorm.weight"},
      {"embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.weight", "embeddings.LayerNorm.weight"},
      {"bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight", "embeddings.LayerNorm.weight"},
      {"embeddings.LayerNorm.beta", "bert.embeddings.LayerNorm.bias", "embeddings.LayerNorm.bias"},
      {"module.bert.embeddings.LayerNorm.beta", "bert.embeddings.LayerNorm.bias", "embeddings.LayerNorm.bias"},
      {"module.module.embeddings.LayerNorm.beta", "bert.embeddings.LayerNorm.bias", "embeddings.LayerNorm.bias"},
      {"classifier.weight", "classifier.weight", "classifier.weight"},
      {"module.classifier.weight", "classifier.weight", "classifier.weight"},
      {"bert.classifier.weight", "classifier.weight", "bert.classifier.weight"},
      {"cls.predictions.bias", "cls.predictions.bias", "cls.predictions.bias"},
      // Only whole names: "gamma" elsewhere, and a name that only begins like the prefix, stay.
      {"embeddings.gamma", "embeddings.gamma", "embeddings.gamma"},
      {"LayerNorm.gamma.x", "LayerNorm.gamma.x", "LayerNorm.gamma.x"},
      {"bertembeddings.LayerNorm.weight", "bertembeddings.LayerNorm.weight", "bertembeddings.LayerNorm.weight"},
      {"bert", "bert", "bert"},
      {"bert.", "bert.", "bert."}};
  for (const Case& one : cases) {
    INFO(one.from);
    CHECK(names_of(rename_checkpoint(state_of({one.from}), state_of(kClassifier), kBert, "file").state) ==
          Names{one.in_classifier});
    CHECK(names_of(rename_checkpoint(state_of({one.from}), state_of(kEncoder), kBert, "file").state) ==
          Names{one.in_encoder});
  }
}

TEST_CASE("Checkpoint names: a name that the model has stays as it is", "[io]") {
  const Names odd{"module.x", "a.LayerNorm.gamma", "bert.y", "y2.position_ids"};
  const RenamedCheckpoint renamed = rename_checkpoint(state_of(odd), state_of(odd), kBert, "file");
  CHECK(names_of(renamed.state) == odd);
  CHECK(renamed.ignored.empty());
}

TEST_CASE("Checkpoint names: constant tables and tied doubles are passed over, and said", "[io]") {
  const Names tables{"bert.embeddings.position_ids", "module.embeddings.token_type_ids", "position_ids"};
  const RenamedCheckpoint renamed = rename_checkpoint(state_of(tables), state_of(kClassifier), kBert, "file");
  CHECK(renamed.state.empty());
  CHECK(renamed.ignored == Names{"bert.embeddings.position_ids", "embeddings.token_type_ids", "position_ids"});

  const Names tied{"cls.predictions.bias", "cls.predictions.decoder.weight", "cls.predictions.decoder.bias"};
  CheckpointNames with_head = kBert;
  with_head.tied = {"cls.predictions.decoder"};
  const RenamedCheckpoint language_model =
      rename_checkpoint(state_of(tied), state_of({"cls.predictions.bias"}), with_head, "file");
  CHECK(names_of(language_model.state) == Names{"cls.predictions.bias"});
  CHECK(language_model.ignored == Names{"cls.predictions.decoder.weight", "cls.predictions.decoder.bias"});
  // For a model without that head they are left over like the rest of it.
  CHECK(names_of(rename_checkpoint(state_of(tied), state_of(kClassifier), kBert, "file").state) == tied);
}

TEST_CASE("Checkpoint names: two tensors for one weight are refused with both names", "[io]") {
  const std::vector<std::pair<Names, std::string>> cases{
      {{"bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"},
       "file: expected each weight once but 'bert.embeddings.LayerNorm.gamma' and 'bert.embeddings.LayerNorm.weight' "
       "are both 'bert.embeddings.LayerNorm.weight'"},
      {{"embeddings.LayerNorm.bias", "bert.embeddings.LayerNorm.bias"},
       "file: expected each weight once but 'embeddings.LayerNorm.bias' and 'bert.embeddings.LayerNorm.bias' are both "
       "'bert.embeddings.LayerNorm.bias'"},
      {{"module.x", "x"}, "file: expected each weight once but 'module.x' and 'x' are both 'x'"}};
  for (const auto& [names, message] : cases)
    CHECK(thrown<FormatError>([&, &from = names] {
            rename_checkpoint(state_of(from), state_of(kClassifier), kBert, "file");
          }) == message);
}

TEST_CASE("Checkpoint names: the tensors are shared, not copied", "[io]") {
  StateDict source;
  Tensor<float> weight = Tensor<float>::zeros({1});
  source.insert("module.classifier.weight", weight);
  const RenamedCheckpoint renamed = rename_checkpoint(source, state_of(kClassifier), kBert, "file");
  weight.fill(7);
  CHECK(renamed.state.get<float>("classifier.weight").item() == 7);
}

}  // namespace checkpoint_names_test
