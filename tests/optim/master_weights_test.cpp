// Optimizers of 16-bit parameters: float32 master weights behind 16-bit copies.
#include <tempa/core/random.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace master_weights_test {

using namespace tempa;

namespace {

constexpr Index kSize = 1031;  // two blocks of a pass, and a remainder

template <typename T>
Tensor<T> random_values(std::uint64_t seed, double stddev) {
  Generator generator(seed);
  Tensor<T> values({kSize});
  for (T& value : values.span()) value = element_cast<T>(stddev * generator.normal());
  return values;
}

template <typename T>
std::vector<std::uint16_t> bits_of(const Tensor<T>& x) {
  std::vector<std::uint16_t> bits;
  for (const T value : x.span()) bits.push_back(value.bits);
  return bits;
}

std::vector<float> master_of(const Optimizer& optimizer) {
  return std::get<Tensor<float>>(optimizer.state_dict().tensors.at("state.0.master")).to_vector();
}

template <typename T>
std::vector<std::uint16_t> rounded(const std::vector<float>& values) {
  return bits_of(Tensor<float>::from(values).cast<T>());
}

using MakeOptimizer = std::function<std::unique_ptr<Optimizer>(const ParameterList&)>;

std::vector<MakeOptimizer> optimizers() {
  const auto of = []<typename O>(std::type_identity<O>, typename O::Options options) -> MakeOptimizer {
    return [options](const ParameterList& parameters) { return std::make_unique<O>(parameters, options); };
  };
  return {of(std::type_identity<SGD>{}, {.lr = 0.01, .weight_decay = 0.1}),
          of(std::type_identity<SGD>{}, {.lr = 0.01, .momentum = 0.9, .nesterov = true, .maximize = true}),
          of(std::type_identity<Adam>{}, {.lr = 1e-3, .weight_decay = 0.1}),
          of(std::type_identity<AdamW>{}, {.lr = 1e-3, .amsgrad = true})};
}

template <typename T>
void check_masters() {
  for (const MakeOptimizer& make : optimizers()) {
    const Variable<T> half(random_values<T>(1, 1.0), true);
    const Variable<float> single(half.value().template cast<float>(), true);
    const auto of_half = make({half}), of_single = make({single});
    for (std::uint64_t step = 0; step < 5; ++step) {
      const auto gradient = random_values<T>(100 + step, 0.1);
      half.accumulate_grad(gradient);
      single.accumulate_grad(gradient.template cast<float>());
      of_half->step();
      of_single->step();
      CHECK(master_of(*of_half) == single.value().to_vector());
      CHECK(bits_of(half.value()) == rounded<T>(single.value().to_vector()));
    }
  }
}

}  // namespace

TEST_CASE("Master weights: they have the bits of a float training with the same gradients, and the copy is rounded",
          "[optim]") {
  check_masters<bfloat16>();
  check_masters<float16>();
}

TEST_CASE("Master weights: steps that 16 bits cannot resolve add up", "[optim]") {
  const Variable<bfloat16> p(Tensor<bfloat16>::full({1}, bfloat16(1.0f)), true);
  SGD optimizer({p}, {.lr = 0x1p-12});  // half of bfloat16's step below 1 is 2^-9
  for (int step = 1; step <= 64; ++step) {
    p.accumulate_grad(Tensor<bfloat16>::full({1}, bfloat16(1.0f)));
    optimizer.step();
    CHECK(p.value().item().bits == bfloat16(1.0f - static_cast<float>(step) * 0x1p-12f).bits);
  }
  CHECK(static_cast<float>(p.value().item()) == 1.0f - 0x1p-6f);
}

TEST_CASE("Master weights: a saved optimizer goes on bit for bit", "[optim]") {
  for (const MakeOptimizer& make : optimizers()) {
    const Variable<bfloat16> first(random_values<bfloat16>(3, 1.0), true);
    const auto one_step = [](const Variable<bfloat16>& p, Optimizer& optimizer, std::uint64_t seed) {
      p.accumulate_grad(random_values<bfloat16>(seed, 0.1));
      optimizer.step();
    };
    const auto undisturbed = make({first});
    for (std::uint64_t step = 0; step < 3; ++step) one_step(first, *undisturbed, step);
    const Variable<bfloat16> second(first.value().clone(), true);
    const auto resumed = make({second});
    resumed->load_state_dict(undisturbed->state_dict());
    for (std::uint64_t step = 3; step < 6; ++step) {
      one_step(first, *undisturbed, step);
      one_step(second, *resumed, step);
    }
    CHECK(master_of(*resumed) == master_of(*undisturbed));
    CHECK(bits_of(second.value()) == bits_of(first.value()));
  }
}

TEST_CASE("Master weights: what something else writes into the parameter is taken over", "[optim]") {
  Variable<float16> p(Tensor<float16>::from({float16(1.0f), float16(2.0f)}), true);
  SGD optimizer({p}, {.lr = 0x1p-14});
  const auto step = [&] {
    p.accumulate_grad(Tensor<float16>::full({2}, float16(1.0f)));
    optimizer.step();
  };
  step();
  CHECK(master_of(optimizer) == std::vector<float>{1.0f - 0x1p-14f, 2.0f - 0x1p-14f});
  p.mutable_value().data()[1] = float16(5.0f);  // as load_state_dict does
  step();
  CHECK(master_of(optimizer) == std::vector<float>{1.0f - 2 * 0x1p-14f, 5.0f - 0x1p-14f});
}

TEST_CASE("Master weights: a state of another precision is refused", "[optim]") {
  const Variable<double> p(Tensor<double>::zeros({2}), true);
  AdamW optimizer({p});
  OptimizerState state = optimizer.state_dict();
  state.tensors.emplace("state.0.master", Tensor<float>::zeros({2}));
  CHECK(thrown<ConfigError>([&] { optimizer.load_state_dict(state); }) ==
        "[AdamW] the saved state has state.0.master, which is not known here");
}

TEST_CASE("clip_grad_norm: 16-bit gradients are measured in double and scaled when the optimizer reads them",
          "[optim]") {
  const Variable<bfloat16> p(Tensor<bfloat16>::zeros({2}), true);
  p.accumulate_grad(Tensor<float>::from({3, 4}).cast<bfloat16>());
  SGD optimizer({p}, {.lr = 1});
  CHECK(clip_grad_norm(optimizer, 10) == 5);
  CHECK(clip_grad_norm(optimizer, 10, {.norm_type = NormType::kInf}) == 4);
  CHECK(clip_grad_norm(optimizer, 0.5) == 5);
  CHECK(p.grad_factor() == 0.5 / (5 + 1e-6));
  CHECK(std::abs(clip_grad_norm(optimizer, 10) - 0.5) <= 1e-6);
  optimizer.step();
  const auto coefficient = static_cast<float>(0.5 / (5 + 1e-6));
  CHECK(master_of(optimizer) == std::vector<float>{-3 * coefficient, -4 * coefficient});
  CHECK(p.grad_factor() == 1);
}

TEST_CASE("AveragedModel: the average of 16-bit weights is float, and their own come back to the bit", "[optim]") {
  Variable<bfloat16> p(Tensor<float>::from({1, 2}).cast<bfloat16>(), true);
  AveragedModel average({p}, {.averaging = Averaging::kEqual});
  average.update();
  p.mutable_value().copy_from(Tensor<float>::from({1.0078125f, 2}).cast<bfloat16>());
  average.update();
  CHECK(average.average<float>(0).to_vector() == std::vector<float>{1.00390625f, 2});  // between two bfloat16
  const auto own = bits_of(p.value());
  {
    const auto applied = average.apply();
    CHECK(bits_of(p.value()) == rounded<bfloat16>({1.00390625f, 2}));
    CHECK(bits_of(p.value()) != own);
  }
  CHECK(bits_of(p.value()) == own);
  CHECK(average.average<float>(0).to_vector() == std::vector<float>{1.00390625f, 2});
}

}  // namespace master_weights_test
