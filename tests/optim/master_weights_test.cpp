// Optimizers of 16-bit parameters: float32 master weights behind 16-bit copies.
#include <tempa/autograd/no_grad.hpp>
#include <tempa/core/random.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/devices.hpp"
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

/// A parameter that was `values` before it was rounded.
template <typename T>
Variable<T> rounded_parameter(const Tensor<float>& values, Device device = Device::cpu()) {
  Variable<T> parameter(Tensor<T>(values.shape()), true);
  parameter.assign_rounded(values.clone());
  parameter.move_to(device);
  return parameter;
}

/// Five steps of `half` and of a float parameter that begins as `single_values`, with the same gradients.
template <typename T>
void check_masters(const MakeOptimizer& make, const Variable<T>& half, const Tensor<float>& single_values) {
  const Device device = half.device();
  const Variable<float> single(single_values.clone().to(device), true);
  const auto of_half = make({half}), of_single = make({single});
  for (std::uint64_t step = 0; step < 5; ++step) {
    const auto gradient = random_values<T>(100 + step, 0.1);
    half.accumulate_grad(gradient.clone().to(device));
    single.accumulate_grad(gradient.template cast<float>().to(device));
    of_half->step();
    of_single->step();
    CHECK(master_of(*of_half) == single.value().to_vector());
    CHECK(bits_of(half.value().to(Device::cpu())) == rounded<T>(single.value().to_vector()));
  }
}

template <typename T>
void check_masters() {
  const auto halves = random_values<T>(1, 1.0);
  const auto singles = random_values<float>(2, 1.0);
  for (const Device device : devices())
    for (const MakeOptimizer& make : optimizers()) {
      INFO(device);
      check_masters(make, Variable<T>(halves.clone().to(device), true), halves.template cast<float>());
      check_masters(make, rounded_parameter<T>(singles, device), singles);
    }
}

}  // namespace

TEST_CASE("Master weights: they have the bits of a float training with the same gradients, and the copy is rounded",
          "[optim]") {
  check_masters<bfloat16>();
  check_masters<float16>();
}

TEST_CASE("Master weights: what a parameter was before it was rounded is saved before the first step", "[optim]") {
  const auto values = random_values<float>(2, 1.0);
  const auto gradient = random_values<bfloat16>(3, 0.1);
  const auto first = rounded_parameter<bfloat16>(values), second = rounded_parameter<bfloat16>(values.cast<float>());
  const SGDOptions options{.lr = 0x1p-12};
  SGD undisturbed({first}, options), resumed({second}, options);
  CHECK(master_of(undisturbed) == values.to_vector());
  OptimizerState state = undisturbed.state_dict();
  std::get<Tensor<float>>(state.tensors.at("state.0.master")) = values.clone();
  resumed.load_state_dict(state);
  CHECK(second.unrounded().empty());  // what is loaded counts, not what the new model began with
  for (const auto& p : {first, second}) p.accumulate_grad(gradient.clone());
  undisturbed.step();
  resumed.step();
  CHECK(first.unrounded().empty());
  CHECK(master_of(resumed) == master_of(undisturbed));
}

TEST_CASE("Master weights: they begin anew with weights that are loaded anew", "[optim]") {
  auto p = rounded_parameter<bfloat16>(Tensor<float>::from({1.0009765625f, 2}));
  SGD optimizer({p}, {.lr = 0x1p-14});
  const auto step = [&] {
    p.accumulate_grad(Tensor<bfloat16>::full({2}, bfloat16(1.0f)));
    optimizer.step();
  };
  step();
  step();
  CHECK(master_of(optimizer) == std::vector<float>{1.0009765625f - 2 * 0x1p-14f, 2 - 2 * 0x1p-14f});
  p.assign_rounded(Tensor<float>::from({1.00048828125f, 5}));
  CHECK(master_of(optimizer) == std::vector<float>{1.00048828125f, 5});
  step();
  CHECK(master_of(optimizer) == std::vector<float>{1.00048828125f - 0x1p-14f, 5 - 0x1p-14f});
  p.assign(Tensor<float>::from({1, 3}).cast<bfloat16>());  // of bfloat16's own: nothing more is known
  step();
  CHECK(master_of(optimizer) == std::vector<float>{1.00048828125f - 2 * 0x1p-14f, 3 - 0x1p-14f});
}

TEST_CASE("Master weights: what is written after the rounding counts", "[optim]") {
  auto p = rounded_parameter<bfloat16>(Tensor<float>::from({1.0009765625f, 2.001f}));
  p.mutable_value().data()[1] = bfloat16(7.0f);
  SGD optimizer({p}, {.lr = 0x1p-14});
  p.accumulate_grad(Tensor<bfloat16>::full({2}, bfloat16(1.0f)));
  optimizer.step();
  CHECK(master_of(optimizer) == std::vector<float>{1.0009765625f - 0x1p-14f, 7 - 0x1p-14f});
}

TEST_CASE("Variable: a 16-bit parameter that will not be trained keeps nothing but its values", "[optim]") {
  const auto values = Tensor<float>::from({1.001f, 2.001f});
  auto frozen = rounded_parameter<float16>(values);
  CHECK(frozen.unrounded().to_vector() == values.to_vector());
  frozen.set_requires_grad(false);
  CHECK(frozen.unrounded().empty());
  frozen.assign_rounded(values.clone());
  CHECK(frozen.unrounded().empty());
  const NoGrad no_grad;
  const auto loaded = rounded_parameter<float16>(values);
  CHECK(loaded.unrounded().empty());
  CHECK(bits_of(loaded.value()) == rounded<float16>(values.to_vector()));
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
