#include <tempa/ops/reduction.hpp>
#include <tempa/ops/soft_cross_entropy.hpp>

#include "support/catch.hpp"
#include "support/op_case.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace soft_cross_entropy_test {

using namespace tempa;

namespace {

/// (rows,classes) positive, rows of different sums.
template <typename T>
Tensor<T> targets_of(Index rows, Index classes) {
  const auto values = make_values(rows * classes, {.shape = {}, .low = 0, .high = 1}, 9);
  return Tensor<double>::from(values, {rows, classes}).template cast<T>();
}

const CrossEntropyOptions kWeighted{.class_weights = {0.5, 2, 1, 0.25}, .label_smoothing = 0.25};

}  // namespace

TEST_CASE("Cross-entropy with probabilities: values, gradients, sizes, errors and threads", "[ops]") {
  const auto call = [](Shape logits, Shape targets, CrossEntropyOptions options = {}) {
    return [=] { cross_entropy(make_variable(logits), Tensor<float>::zeros(targets), options); };
  };
  for (const auto reduction : {Reduction::kMean, Reduction::kSum, Reduction::kNone}) {
    OpCase op{.name = "cross_entropy of probabilities " + std::to_string(static_cast<int>(reduction)),
              .inputs = {{.shape = {5, 4}}},
              .f =
                  [=](const auto& in) {
                    using T = typename std::remove_cvref_t<decltype(in[0])>::value_type;
                    const auto targets = targets_of<Accumulator<T>>(in[0].size(0), in[0].size(1));
                    return cross_entropy(in[0], targets.to(in[0].device()),
                                         {.label_smoothing = 0.25, .reduction = reduction});
                  },
              .without_fixture = "the next test compares it with the cross-entropy of labels, which has one",
              .sized =
                  [](Index n) {
                    return Shapes{{4, n + 1}};
                  },
              .naive =
                  [=](const std::vector<Tensor<double>>& in) {
                    const Index rows = in[0].size(0), classes = in[0].size(1);
                    const auto targets = targets_of<double>(rows, classes);
                    std::vector<double> losses;
                    for (Index i = 0; i < rows; ++i) {
                      double sum = 0, loss = 0;
                      for (Index k = 0; k < classes; ++k) sum += std::exp(in[0].at({i, k}));
                      for (Index k = 0; k < classes; ++k)
                        loss -= (0.75 * targets.at({i, k}) + 0.25 / static_cast<double>(classes)) *
                                (in[0].at({i, k}) - std::log(sum));
                      losses.push_back(loss);
                    }
                    if (reduction == Reduction::kNone) return Tensor<double>::from(losses);
                    double total = 0;
                    for (const double loss : losses) total += loss;
                    return Tensor<double>::full(
                        {}, reduction == Reduction::kMean ? total / static_cast<double>(rows) : total);
                  },
              .large = {{{1280, 768}}},
              .errors = {expect_error<ShapeError>("[cross_entropy] target_probs must have shape (2,3) but has (3,2)",
                                                  call({2, 3}, {3, 2})),
                         expect_error<ShapeError>("[cross_entropy] logits must have 2 dimensions but has shape (3)",
                                                  call({3}, {3})),
                         expect_error<ShapeError>("[cross_entropy] class_weights must have shape (3) but has (2)",
                                                  call({2, 3}, {2, 3}, {.class_weights = {1, 2}})),
                         expect_error<ValueError>("[cross_entropy] label_smoothing must be in [0,1] but is 1.5",
                                                  call({2, 3}, {2, 3}, {.label_smoothing = 1.5}))}};
    DYNAMIC_SECTION(op.name) { check_op(op); }
  }
}

TEST_CASE("Cross-entropy with probabilities: certain ones are labels, with weights and smoothing", "[ops]") {
  const Index rows = 6, classes = 4;
  const auto labels = make_indices({rows}, classes);
  auto certain = Tensor<double>::zeros({rows, classes});
  for (Index i = 0; i < rows; ++i) certain.data()[i * classes + labels.data()[i]] = 1;
  for (const auto reduction : {Reduction::kSum, Reduction::kNone}) {  // the means divide by other things
    CrossEntropyOptions options = kWeighted;
    options.reduction = reduction;
    const auto soft = make_variable<double>({rows, classes}), hard = make_variable<double>({rows, classes});
    const auto soft_loss = cross_entropy(soft, certain, options), hard_loss = cross_entropy(hard, labels, options);
    sum(soft_loss).backward();
    sum(hard_loss).backward();
    for (Index i = 0; i < hard_loss.numel(); ++i)
      CHECK(soft_loss.value().data()[i] == Approx(hard_loss.value().data()[i]).epsilon(1e-12));
    for (Index i = 0; i < hard.numel(); ++i)
      CHECK(soft.grad().data()[i] == Approx(hard.grad().data()[i]).epsilon(1e-12).margin(1e-12));
  }
}

}  // namespace soft_cross_entropy_test
