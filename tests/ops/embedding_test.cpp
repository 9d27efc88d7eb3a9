#include "ops/embedding_cases.hpp"

#include "support/catch.hpp"

namespace embedding_test {

using namespace tempa;

TEST_CASE("Embedding: values, gradients, sizes, errors and threads", "[ops]") {
  embedding_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Embedding: the padding row gets nothing, and keeps what it has from elsewhere", "[ops]") {
  const auto ids = Tensor<std::int32_t>::from({1, 0, 1, 2});
  const Variable<double> table(make_variable<double>({3, 2}).value(), true);
  embedding(table, ids, {.padding_idx = 1}).backward(Tensor<double>::full({4, 2}, 1.0));
  CHECK(table.grad().to_vector() == std::vector<double>{1, 1, 0, 0, 1, 1});
  table.mutable_grad().fill(5);
  embedding(table, ids, {.padding_idx = 1}).backward(Tensor<double>::full({4, 2}, 1.0));
  CHECK(table.grad().to_vector() == std::vector<double>{6, 6, 5, 5, 6, 6});
}

TEST_CASE("Embedding: ids of any shape, none at all included", "[ops]") {
  const auto table = make_variable<float>({3, 2});
  CHECK(embedding(table, Tensor<std::int32_t>::from(std::vector<std::int32_t>{2}, Shape{})).shape() == Shape{2});
  CHECK(embedding(table, Tensor<std::int32_t>(Shape{0})).shape() == Shape{0, 2});
  CHECK(embedding(table, Tensor<std::int32_t>::zeros({2, 1, 3})).shape() == Shape{2, 1, 3, 2});
}

}  // namespace embedding_test
