// Op cases of operations that only move or choose elements.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/gather.hpp>
#include <tempa/ops/shape.hpp>
#include <tempa/ops/where.hpp>

#include <string>
#include <utility>

/// 1 where the index of `make_indices` with bound 5 is even.
inline tempa::Tensor<std::uint8_t> make_mask(const tempa::Shape& shape) {
  tempa::Tensor<std::uint8_t> mask(shape);
  const auto indices = make_indices(shape, 5);
  for (tempa::Index i = 0; i < shape.numel(); ++i) mask.data()[i] = indices.data()[i] % 2 == 0;
  return mask;
}

/// A case of the family.
inline OpCase shape_case(std::string name, OpFunction f, Shapes shapes, std::function<Shapes(tempa::Index)> sized,
                         Shapes large, std::vector<OpError> errors = {}) {
  OpCase op{.name = std::move(name),
            .f = std::move(f),
            .fixture = "shape",
            .sized = std::move(sized),
            .large = {std::move(large)},
            .errors = std::move(errors)};
  for (const auto& shape : shapes) op.inputs.push_back({.shape = shape});
  return op;
}

/// Calls `visit` with every case of views and copies.
template <typename Visit>
void shape_cases(Visit&& visit) {
  using namespace tempa;
  visit(shape_case(
      "reshape",
      [](const auto& in) {
        return reshape(in[0], {4, -1});
      },
      {{2, 2, 3}},
      [](Index n) {
        return Shapes{{2, 2, n}};
      },
      {{1280, 1024}}, {expect_error<ShapeError>("[reshape] shape (2,3) has 6 elements but (4) has 4", [] {
        reshape(make_variable({2, 3}), Shape{4});
      })}));
  visit(shape_case(
      "unsqueeze and squeeze", [](const auto& in) { return squeeze(unsqueeze(in[0], 1), -1); }, {{4, 3, 1}},
      [](Index n) {
        return Shapes{{n, 1}};
      },
      {{1280, 1024, 1}},
      {expect_error<ShapeError>("[squeeze] axis 0 must have size 1 but the shape is (2,1)",
                                [] {
                                  squeeze(make_variable({2, 1}), 0);
                                }),
       expect_error<ShapeError>("[unsqueeze] axis 3 is outside of shape (2,1)", [] {
         unsqueeze(make_variable({2, 1}), 3);
       })}));
  visit(shape_case(
      "transpose", [](const auto& in) { return transpose(in[0], 0, -1); }, {{2, 5, 3}},
      [](Index n) {
        return Shapes{{n, 37}};
      },
      {{1280, 1024}}, {expect_error<ShapeError>("[transpose] axis 2 is outside of shape (2,1)", [] {
        transpose(make_variable({2, 1}), 0, 2);
      })}));
  visit(shape_case(
      "permute",
      [](const auto& in) {
        return permute(in[0], {2, 0, 3, 1});
      },
      {{2, 3, 4, 2}},
      [](Index n) {
        return Shapes{{2, n, 3, 5}};
      },
      {{32, 40, 12, 64}},
      {expect_error<ShapeError>("[permute] expected 2 axes for shape (2,1) but has 3",
                                [] {
                                  permute(make_variable({2, 1}), {0, 1, 2});
                                }),
       expect_error<ShapeError>("[permute] axis -1 is named twice", [] {
         permute(make_variable({2, 1}), {1, -1});
       })}));
  visit(shape_case(
      "broadcast_to",
      [](const auto& in) {
        return broadcast_to(in[0], {2, 3, 5, in[0].size(-1)});
      },
      {{3, 1, 4}},
      [](Index n) {
        return Shapes{{3, 1, n}};
      },
      {{3, 1, 4096}}, {expect_error<ShapeError>("[broadcast_to] shape (2,3) does not broadcast to (3)", [] {
        broadcast_to(make_variable({2, 3}), Shape{3});
      })}));
  visit(shape_case(
      "slice rows", [](const auto& in) { return slice(in[0], 0, 1, 4); }, {{5, 3}},
      [](Index n) {
        return Shapes{{5, n}};
      },
      {{5, 16384}},
      {expect_error<ShapeError>("[slice] [1,4) is outside of axis 0 of shape (3)",
                                [] { slice(make_variable({3}), 0, 1, 4); }),
       expect_error<ShapeError>("[slice] [2,1) is outside of axis 0 of shape (3)",
                                [] { slice(make_variable({3}), 0, 2, 1); })}));
  visit(shape_case(
      "slice columns", [](const auto& in) { return slice(in[0], 1, 2, -1); }, {{3, 6, 2}},
      [](Index n) {
        return Shapes{{3, n + 3, 2}};
      },
      {{1280, 8, 128}}));
  visit(shape_case(
      "cat", [](const auto& in) { return cat(in, 1); }, {{2, 3, 2}, {2, 1, 2}, {2, 4, 2}},
      [](Index n) {
        return Shapes{{2, n}, {2, 1}, {2, 2 * n}};
      },
      {{1280, 512}, {1280, 3}, {1280, 128}},
      {expect_error<ValueError>("[cat] expected at least one tensor but got none",
                                [] { cat(std::vector<Variable<float>>{}, 0); }),
       expect_error<ShapeError>("[cat] every tensor must have shape (2,4) but has (3,4)", [] {
         cat<float>({make_variable({2, 3}), make_variable({3, 4})}, 1);
       })}));
  visit(shape_case(
      "stack", [](const auto& in) { return stack(in, -1); }, {{3, 4}, {3, 4}},
      [](Index n) {
        return Shapes{{n, 2}, {n, 2}};
      },
      {{1280, 128}, {1280, 128}},
      {expect_error<ShapeError>("[stack] every tensor must have shape (2,3) but has (3,2)", [] {
        stack<float>({make_variable({2, 3}), make_variable({3, 2})}, 0);
      })}));
}

/// Calls `visit` with every case of indices and masks.
template <typename Visit>
void choice_cases(Visit&& visit) {
  using namespace tempa;
  visit(shape_case(
      "index_select",
      [](const auto& in) { return index_select(in[0], 0, make_indices({7}, in[0].size(0)).to(in[0].device())); },
      {{5, 3}},
      [](Index n) {
        return Shapes{{n, 70}};
      },
      {{64, 16384}},
      {expect_error<ValueError>("[index_select] index 3 is outside of axis 0 of shape (3,2)",
                                [] {
                                  index_select(make_variable({3, 2}), 0, make_indices({1}, 5));
                                }),
       expect_error<ShapeError>("[index_select] index must have 1 dimensions but has shape (2,2)", [] {
         index_select(make_variable({3, 2}), 0, make_indices({2, 2}, 2));
       })}));
  visit(shape_case(
      "index_select middle",
      [](const auto& in) {
        return index_select(in[0], 1, make_indices({6}, 4).template cast<std::int64_t>().to(in[0].device()));
      },
      {{2, 4, 3}},
      [](Index n) {
        return Shapes{{2, 4, n}};
      },
      {{64, 4, 1024}}));
  visit(shape_case(
      "gather",
      [](const auto& in) {
        return gather(in[0], -1, make_indices({4, 7}, 5).to(in[0].device()));
      },
      {{4, 5}},
      [](Index n) {
        return Shapes{{4, n + 4}};
      },
      {{4, 32768}},
      {expect_error<ValueError>("[gather] index 3 is outside of axis -1 of shape (2,3)",
                                [] {
                                  gather(make_variable({2, 3}), -1, make_indices({2, 1}, 4));
                                }),
       expect_error<ShapeError>("[gather] index must have shape (2,1) but has (3,1)", [] {
         gather(make_variable({2, 3}), 1, make_indices({3, 1}, 2));
       })}));
  visit(shape_case(
      "gather first",
      [](const auto& in) {
        return gather(in[0], 0, make_indices({6, in[0].size(1)}, 4).to(in[0].device()));
      },
      {{4, 3}},
      [](Index n) {
        return Shapes{{4, n}};
      },
      {{4, 65536}}));
  visit(shape_case(
      "where",
      [](const auto& in) {
        return where(make_mask({in[0].size(0), 1}).to(in[0].device()), in[0], in[1]);
      },
      {{4, 3}, {3}},
      [](Index n) {
        return Shapes{{n, 3}, {3}};
      },
      {{1280, 128}, {128}}, {expect_error<ShapeError>("[where] shapes (4) and (2,3) cannot be broadcast", [] {
        where(make_mask({4}), make_variable({2, 3}), make_variable({3}));
      })}));
  visit(shape_case(
      "masked_fill",
      [](const auto& in) {
        return masked_fill(in[0], make_mask({1, in[0].size(1)}).to(in[0].device()), -3.5);
      },
      {{4, 5}},
      [](Index n) {
        return Shapes{{4, n}};
      },
      {{1280, 128}}, {expect_error<ShapeError>("[masked_fill] mask (2,2,3) does not broadcast to x (2,3)", [] {
        masked_fill(make_variable({2, 3}), make_mask({2, 2, 3}), 0);
      })}));
}
