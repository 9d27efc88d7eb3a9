#include "ops/shape_cases.hpp"

#include "support/catch.hpp"

#include <numeric>

namespace shape_test {

using namespace tempa;

TEST_CASE("Moving elements: values, gradients, sizes, errors and threads", "[ops]") {
  shape_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Reshape and slices of rows are views of the same storage", "[ops]") {
  const Variable<float> x(Tensor<float>::zeros({4, 3}));
  CHECK(reshape(x, {-1}).value().data() == x.value().data());
  CHECK(unsqueeze(x, 1).value().data() == x.value().data());
  CHECK(slice(x, 0, 1, 3).value().data() == x.value().data() + 3);
  CHECK(broadcast_to(x, x.shape()).node() == x.node());
}

TEST_CASE("Every permutation of four dimensions moves every element to its place", "[ops]") {
  const Shape shape{3, 17, 2, 19};
  Tensor<double> values(shape);
  std::iota(values.span().begin(), values.span().end(), 0.0);
  std::vector<Index> axes{0, 1, 2, 3};
  do {
    const auto y = permute(Variable<double>(values), axes).value();
    Index wrong = 0;
    for (Index a = 0; a < y.size(0); ++a)
      for (Index b = 0; b < y.size(1); ++b)
        for (Index c = 0; c < y.size(2); ++c)
          for (Index d = 0; d < y.size(3); ++d) {
            const Index to[] = {a, b, c, d};
            Index from[4] = {};
            for (std::size_t i = 0; i < 4; ++i) from[axes[i]] = to[i];
            wrong += y.at({a, b, c, d}) != values.at({from[0], from[1], from[2], from[3]});
          }
    INFO("axes " << axes[0] << axes[1] << axes[2] << axes[3]);
    CHECK(wrong == 0);
  } while (std::next_permutation(axes.begin(), axes.end()));
}

TEST_CASE("Operations that move elements take tensors without elements", "[ops]") {
  const Variable<float> x(Tensor<float>(Shape{2, 0, 3}), true);
  CHECK(transpose(x, 0, 2).shape() == Shape{3, 0, 2});
  CHECK(cat<float>({x, x}, 0).shape() == Shape{4, 0, 3});
  CHECK(broadcast_to(x, Shape{5, 2, 0, 3}).shape() == Shape{5, 2, 0, 3});
  CHECK(slice(x, 2, 1, 1).shape() == Shape{2, 0, 0});
}

}  // namespace shape_test
