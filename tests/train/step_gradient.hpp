// The gradient of one optimizer step of a trainer, and rows cut into its batches by chance.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/optim/sgd.hpp>
#include <tempa/train/trainer.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

/// The rows in `parts` batches, cut by chance.
template <typename Row, typename Collate>
auto random_cut(tempa::Generator& random, const std::vector<Row>& rows, std::size_t parts, const Collate& collate) {
  std::vector<std::size_t> ends{rows.size()};
  while (ends.size() < parts) {
    const auto end = 1 + static_cast<std::size_t>(random.below(static_cast<tempa::Index>(rows.size()) - 1));
    if (std::find(ends.begin(), ends.end(), end) == ends.end()) ends.push_back(end);
  }
  std::sort(ends.begin(), ends.end());
  std::vector<decltype(collate(std::span<const Row>(rows)))> batches;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    batches.push_back(collate(std::span<const Row>(rows).subspan(begin, end - begin)));
    begin = end;
  }
  return batches;
}

/// What an optimizer step did.
struct Step {
  std::vector<double> gradient;  ///< of all parameters, sorted by name, end to end
  double loss = 0;
};

/// One optimizer step on all batches: its gradient is what SGD with a rate of 1 takes from the weights, which are then
/// as they were.
template <typename Model, typename Data>
Step step_on(Model& model, std::vector<Data> batches) {
  using namespace tempa;
  auto parameters = model.named_parameters();
  std::sort(parameters.begin(), parameters.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::vector<decltype(parameters[0].variable.value().to_vector())> before;
  for (const auto& parameter : parameters) before.push_back(parameter.variable.value().to_vector());
  SGD optimizer(model.parameters(), {.lr = 1.0});
  Trainer trainer(model, optimizer,
                  {.epochs = 1,
                   .gradient_accumulation_steps = static_cast<Index>(batches.size()),
                   .log = nullptr,
                   .progress = {.out = nullptr}});
  Step step;
  trainer.on_step_end([&](const StepRecord& record) { step.loss = record.loss; });
  trainer.fit(batches);
  REQUIRE(trainer.steps() == 1);
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    auto values = parameters[p].variable.mutable_value().span();
    for (std::size_t i = 0; i < values.size(); ++i) {
      step.gradient.push_back(static_cast<double>(before[p][i]) - static_cast<double>(values[i]));
      values[i] = before[p][i];
    }
  }
  return step;
}

/// The same by a loop of one's own, for batches that a trainer has no scores of: their weights, then backward.
template <typename Model, typename Data>
Step step_by_hand(Model& model, const std::vector<Data>& batches) {
  using namespace tempa;
  auto parameters = model.named_parameters();
  std::sort(parameters.begin(), parameters.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  double total = 0;
  for (const Data& batch : batches) total += loss_weight_of(model, batch);
  Step step;
  for (const Data& batch : batches) {
    const auto loss = model(batch).loss;
    const double share = total == 0 ? 0.0 : loss_weight_of(model, batch) / total;
    step.loss += share * loss.item();
    loss.backward(std::remove_cvref_t<decltype(loss.value())>::full({}, share));
  }
  for (auto& parameter : parameters) {
    for (const double g : parameter.variable.grad().to_vector()) step.gradient.push_back(g);
    parameter.variable.clear_grad();
  }
  return step;
}

/// The largest distance of two gradients.
template <typename A, typename B>
double distance(const std::vector<A>& a, const std::vector<B>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}
