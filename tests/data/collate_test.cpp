#include <tempa/data/collate.hpp>

#include "support/catch.hpp"

#include <vector>

namespace collate_test {

using namespace tempa;
using Ids = std::vector<std::int32_t>;

namespace {

const std::vector<TextExample> kThree{{.encoding = {{5, 6, 7}, {0, 0, 1}}, .label = 2},
                                      {.encoding = {{8}, {}}, .label = 0},
                                      {.encoding = {{9, 1}, {0, 1}}, .label = 1}};

}  // namespace

TEST_CASE("PackedCollate lays sequences end to end", "[data]") {
  const Batch batch = PackedCollate{}(kThree);
  CHECK(batch.ids.to_vector() == Ids{5, 6, 7, 8, 9, 1});
  CHECK(batch.token_type_ids.to_vector() == Ids{0, 0, 1, 0, 0, 1});
  CHECK(batch.cu_seqlens.to_vector() == Ids{0, 3, 4, 6});
  CHECK(batch.labels.to_vector() == Ids{2, 0, 1});
  CHECK(batch.targets.empty());
  CHECK(batch.max_seqlen == 3);
  CHECK(batch.size() == 3);
  CHECK(batch.tokens() == 6);
}

TEST_CASE("PackedCollate: targets of several labels and of a regression become (B,K)", "[data]") {
  const std::vector<TextExample> several{{.encoding = {{5}, {}}, .targets = {1, 0, 1}},
                                         {.encoding = {{6}, {}}, .targets = {0, 0, 1}}};
  const Batch batch = PackedCollate{}(several);
  CHECK(batch.targets.shape() == Shape{2, 3});
  CHECK(batch.targets.to_vector() == std::vector<float>{1, 0, 1, 0, 0, 1});
  CHECK(batch.labels.empty());
  const Batch regression = PackedCollate{}(std::vector<TextExample>{{.encoding = {{5}, {}}, .targets = {2.5F}}});
  CHECK(regression.targets.shape() == Shape{1, 1});
}

TEST_CASE("PaddedCollate makes the table that pack_padded turns into the packed batch", "[data]") {
  const PaddedBatch padded = PaddedCollate{.pad_token_id = 99}(kThree);
  CHECK(padded.ids.shape() == Shape{3, 3});
  CHECK(padded.ids.to_vector() == Ids{5, 6, 7, 8, 99, 99, 9, 1, 99});
  CHECK(padded.attention_mask.to_vector() == Ids{1, 1, 1, 1, 0, 0, 1, 1, 0});
  CHECK(padded.token_type_ids.to_vector() == Ids{0, 0, 1, 0, 0, 0, 0, 1, 0});
  CHECK(padded.labels.to_vector() == Ids{2, 0, 1});
  CHECK(padded.size() == 3);
  const Batch packed = PackedCollate{}(kThree);
  const Batch again = pack_padded(padded.ids, padded.attention_mask, padded.token_type_ids);
  CHECK(again.ids.to_vector() == packed.ids.to_vector());
  CHECK(again.token_type_ids.to_vector() == packed.token_type_ids.to_vector());
  CHECK(again.cu_seqlens.to_vector() == packed.cu_seqlens.to_vector());

  CHECK(PaddedCollate{.pad_to_multiple_of = 8}(kThree).ids.shape() == Shape{3, 8});
  CHECK(PaddedCollate{.pad_to_multiple_of = 3}(kThree).ids.shape() == Shape{3, 3});
  CHECK(PaddedCollate{.min_length = 5}(kThree).ids.shape() == Shape{3, 5});
  CHECK_THROWS_AS(PaddedCollate{.pad_to_multiple_of = 0}(kThree), ConfigError);
}

TEST_CASE("Collating examples that do not fit together is a ValueError", "[data]") {
  const TextExample good = kThree[0];
  TextExample unlabelled = good, empty = good, types = good, targets = good;
  unlabelled.label.reset();
  empty.encoding = {};
  types.encoding.token_type_ids.pop_back();
  targets.targets = {1.0F};
  const std::vector<std::vector<TextExample>> cases{
      {}, {good, unlabelled}, {unlabelled, good}, {good, empty}, {good, types}, {good, targets}};
  for (const auto& examples : cases) {
    CHECK_THROWS_AS(PackedCollate{}(examples), ValueError);
    CHECK_THROWS_AS(PaddedCollate{}(examples), ValueError);
  }
  CHECK_THROWS_WITH(PackedCollate{}(cases[1]),
                    "[collate] all examples of a batch must have a label, or none, but example "
                    "1 has none and example 0 has one");
}

}  // namespace collate_test
