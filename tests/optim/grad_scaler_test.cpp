// The loss scale against PyTorch's, and 16-bit gradients under it.
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/grad_scaler.hpp>
#include <tempa/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/fixtures.hpp"
#include "support/thrown.hpp"

#include <nlohmann/json.hpp>

#if defined(TEMPA_WITH_CUDA)
#include <tempa/device/cuda/graph.hpp>
#endif

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace grad_scaler_test {

using namespace tempa;
using nlohmann::json;

namespace {

template <typename T>
Variable<T> parameter(const std::vector<float>& values, Device device = Device::cpu()) {
  return Variable<T>(Tensor<float>::from(values).cast<T>().to(device), true);
}

/// sum_i p_i factors_i in float, whose gradient is `factors` in the parameter's type.
template <typename T>
Variable<float> product(const Variable<T>& p, const std::vector<float>& factors) {
  return sum(mul(cast<float>(p), Variable<float>(Tensor<float>::from(factors).to(p.device()))));
}

std::vector<float> values_of(const OptimizerState& state) {
  std::vector<float> result;
  for (const auto& entry : state.tensors)
    for (const float value : std::get<Tensor<float>>(entry.second).to_vector()) result.push_back(value);
  return result;
}

}  // namespace

TEST_CASE("GradScaler: scale, skipped steps, norms and parameters are PyTorch's at every step", "[optim]") {
  const json fixture = json::parse(std::ifstream(fixture_path("optim/grad_scaler.json")));
  const auto check = [&](const json& given, Device device, bool looks_at_gradients) {
    const auto p = parameter<float>({1, 2, 3}, device);
    SGD optimizer({p}, {.lr = 0.125, .momentum = 0.5});
    GradScaler scaler({.init_scale = given["init_scale"].get<double>(),
                       .growth_factor = given["growth_factor"].get<double>(),
                       .backoff_factor = given["backoff_factor"].get<double>(),
                       .growth_interval = given["growth_interval"].get<Index>()});
    Index skipped = 0;
    for (std::size_t step = 0; step < fixture["grads"].size(); ++step) {
      const json& expected = given["steps"][step];
      INFO("init_scale " << given["init_scale"] << ", step " << step << ", " << device
                         << (looks_at_gradients ? ", unscale" : ""));
      scaler.scale(product(p, fixture["grads"][step].get<std::vector<float>>())).backward();
      double norm = 0;
      StepOptions options;
      if (!given["max_norm"].is_null()) {
        if (looks_at_gradients) {
          scaler.unscale(optimizer);
          norm = clip_grad_norm(optimizer, given["max_norm"].get<double>());
        } else {
          options.max_norm = given["max_norm"].get<double>();
        }
      }
      const StepTaken taken = scaler.step(optimizer, options);
      CHECK_FALSE(p.has_grad());
      scaler.update();
      CHECK(taken == !expected["skipped"].get<bool>());
      if (options.max_norm && taken) norm = optimizer.grad_norm();
      skipped += expected["skipped"].get<bool>() ? 1 : 0;
      CHECK(scaler.skipped_steps() == skipped);
      CHECK(scaler.get_scale() == expected["scale"].get<double>());
      CHECK(scaler.growth_tracker() == expected["growth_tracker"].get<Index>());
      // PyTorch's norm, and so its coefficient, is a float of some ten roundings; 14 steps of three roundings each.
      constexpr double kRounding = std::numeric_limits<float>::epsilon();
      if (!expected["norm"].is_null() && (taken || looks_at_gradients))
        CHECK(std::abs(norm / expected["norm"].get<double>() - 1) <= 10 * kRounding);
      for (std::size_t i = 0; i < 3; ++i)
        CHECK(std::abs(static_cast<double>(p.value().to_vector()[i]) - expected["parameter"][i].get<double>()) <=
              14 * 13 * kRounding * 4);
    }
  };
  for (const json& given : fixture["cases"])
    for (const Device device : devices())
      for (const bool looks_at_gradients : {true, false}) check(given, device, looks_at_gradients);
}

TEST_CASE("GradScaler: an overflow halves the scale, skips the step, and leaves parameter and moments as they were",
          "[optim]") {
  for (const Device device : devices()) {
    INFO(device);
    const auto p = parameter<float16>({1, 2, 3}, device);
    AdamW optimizer({p}, {.lr = 0.1});
    GradScaler scaler;
    scaler.scale(product(p, {0.25f, 0.5f, -0.125f})).backward();
    CHECK(scaler.step(optimizer));
    scaler.update();
    const auto weights = p.value().cast<float>().to_vector();
    const auto state = values_of(optimizer.state_dict());
    CHECK(state.size() == 9);                                  // two moments and the master weights
    scaler.scale(product(p, {0.25f, 2.0f, 0.0f})).backward();  // 2 * 65536 is infinite in float16
    CHECK_FALSE(scaler.unscale(optimizer));
    CHECK_FALSE(scaler.step(optimizer));
    scaler.update();
    CHECK(scaler.get_scale() == 32768);
    CHECK(scaler.skipped_steps() == 1);
    CHECK_FALSE(p.has_grad());
    CHECK(p.value().cast<float>().to_vector() == weights);
    CHECK(values_of(optimizer.state_dict()) == state);
    CHECK(optimizer.state_dict().numbers.at("state.0.step") == 1);
    scaler.scale(product(p, {std::numeric_limits<float>::quiet_NaN(), 0.0f, 0.0f})).backward();
    CHECK_FALSE(scaler.step(optimizer));
    scaler.update();
    CHECK(scaler.get_scale() == 16384);
    CHECK(p.value().cast<float>().to_vector() == weights);
    CHECK(values_of(optimizer.state_dict()) == state);
    CHECK(optimizer.state_dict().numbers.at("state.0.step") == 1);
  }
}

TEST_CASE("GradScaler: a gradient below float16's smallest number arrives in the step, clipped or not", "[optim]") {
  constexpr float kTiny = 0x1p-30f;  // the smallest float16 is 2^-24
  for (const bool clips : {false, true}) {
    const auto p = parameter<float16>({0});
    SGD optimizer({p}, {.lr = 0x1p30});
    GradScaler scaler;
    scaler.scale(product(p, {kTiny})).backward();
    CHECK(static_cast<float>(p.grad().item()) == kTiny * 65536);
    if (clips) {
      scaler.unscale(optimizer);
      CHECK(clip_grad_norm(optimizer, std::numeric_limits<double>::infinity()) == static_cast<double>(kTiny));
      const double norm = clip_grad_norm({p}, 0x1p-32);
      CHECK(norm == static_cast<double>(kTiny));
      CHECK(static_cast<float>(p.grad().item()) == kTiny * 65536);
    }
    scaler.step(optimizer);
    const double expected = clips ? 0x1p-32 / (0x1p-30 + 1e-6) : 1.0;
    CHECK(std::abs(std::get<Tensor<float>>(optimizer.state_dict().tensors.at("state.0.master")).item() + expected) <=
          expected * static_cast<double>(std::numeric_limits<float>::epsilon()));
    CHECK(p.grad_factor() == 1);
  }
}

TEST_CASE("GradScaler: its state goes on where it was, and what cannot be is refused", "[optim]") {
  const auto p = parameter<float>({1});
  SGD optimizer({p}, {.lr = 0.1});
  GradScaler scaler({.init_scale = 8, .growth_interval = 3});
  const auto one_step = [&](GradScaler& by, float gradient) {
    by.scale(product(p, {gradient})).backward();
    by.step(optimizer);
    by.update();
  };
  one_step(scaler, std::numeric_limits<float>::infinity());
  one_step(scaler, 1);
  one_step(scaler, 1);
  GradScaler other;
  other.load_state_dict(scaler.state_dict());
  CHECK(other.state_dict() == scaler.state_dict());
  CHECK(other.skipped_steps() == 1);
  one_step(other, 1);
  CHECK(other.get_scale() == 8);  // 4, and the third step without an overflow doubled it
  auto state = scaler.state_dict();
  state.erase("scale");
  CHECK(thrown<ConfigError>([&] { other.load_state_dict(state); }) == "[GradScaler] the saved state has no scale");
  state = scaler.state_dict();
  state["_growth_tracker"] = 0.5;
  CHECK(thrown<ConfigError>([&] { other.load_state_dict(state); }) ==
        "[GradScaler] _growth_tracker must be a whole number but is 0.5");
  CHECK(other.get_scale() == 8);
  CHECK(thrown<ConfigError>([] { GradScaler({.growth_factor = 1}); }) ==
        "[GradScaler] growth_factor must be above 1 but is 1");
  CHECK(thrown<ConfigError>([] { GradScaler({.backoff_factor = 1}); }) ==
        "[GradScaler] backoff_factor must be in (0,1) but is 1");
  CHECK(thrown<ConfigError>([] { GradScaler({.init_scale = 0}); }) ==
        "[GradScaler] init_scale must be positive and finite but is 0");
}

TEST_CASE("GradScaler: calls out of order are refused, and without being enabled it does nothing", "[optim]") {
  const auto p = parameter<float>({1});
  SGD optimizer({p}, {.lr = 0.5});
  GradScaler scaler;
  CHECK(thrown<Error>([&] { scaler.update(); }) ==
        "[GradScaler] update() must come after step() but no gradients were looked at");
  scaler.scale(product(p, {1})).backward();
  scaler.unscale(optimizer);
  CHECK(thrown<Error>([&] { scaler.unscale(optimizer); }).find("but unscale() was called already") !=
        std::string::npos);
  scaler.step(optimizer);
  CHECK(thrown<Error>([&] { scaler.step(optimizer); }).find("was called already") != std::string::npos);
  CHECK(thrown<Error>([&] { scaler.unscale(optimizer); }).find("but step() was called already") != std::string::npos);
  scaler.update();
  CHECK(p.value().item() == 0.5f);
  GradScaler disabled({.enabled = false});
  const auto loss = product(p, {1});
  CHECK(disabled.scale(loss).node() == loss.node());
  loss.backward();
  CHECK(disabled.unscale(optimizer));
  CHECK(disabled.step(optimizer));
  disabled.update();
  CHECK(p.value().item() == 0.0f);
  CHECK(disabled.get_scale() == 1);
  CHECK(disabled.state_dict().empty());
}

#if defined(TEMPA_WITH_CUDA)
namespace {

/// What steps leave behind.
struct Trained {
  std::vector<float> first, second, moments;
  std::map<std::string, double> counts, scaler;
  std::vector<bool> taken;

  bool operator==(const Trained&) const = default;
};

/// Eight steps of two float16 parameters: overflows come first, in a row, and while one of them is frozen.
/// @param looks_at_gradients whether `unscale` and `clip_grad_norm` come before the step.
template <typename Optimizer, typename Options>
Trained train(Device device, bool looks_at_gradients, Options options) {
  const auto p = parameter<float16>({1, 2, 3}, device);
  auto q = parameter<float16>({-1, 0.5f}, device);
  Optimizer optimizer({p, q}, options);
  GradScaler scaler({.growth_interval = 2});
  const std::vector<float> factors = {2, 0.25f, 0.5f, 4, 8, 0.125f, 0.25f, 0.0625f};  // 2 * 65536 is too large
  Trained result;
  for (std::size_t s = 0; s < factors.size(); ++s) {
    q.set_requires_grad(s != 4 && s != 5);
    if (s == 3) optimizer.load_state_dict(optimizer.state_dict());
    const float factor = factors[s];
    scaler.scale(add(product(p, {factor, -factor, 0.25f}), product(q, {0.5f, factor}))).backward();
    StepOptions step;
    if (looks_at_gradients) {
      scaler.unscale(optimizer);
      clip_grad_norm(optimizer, 0.5);
    } else {
      step.max_norm = 0.5;
    }
    const StepTaken taken = scaler.step(optimizer, step);
    scaler.update();
    result.taken.push_back(taken);
  }
  result.first = p.value().template cast<float>().to_vector();
  result.second = q.value().template cast<float>().to_vector();
  result.moments = values_of(optimizer.state_dict());
  result.counts = optimizer.state_dict().numbers;
  result.scaler = scaler.state_dict();
  return result;
}

}  // namespace

TEST_CASE("GradScaler: on a CUDA device a step that does not wait is the one that does, and counts as the CPU's",
          "[optim][cuda]") {
  if (skips_without_cuda()) return;
  const auto check = [](const auto& trained) {
    const Trained looked = trained(Device::cuda(), true), plain = trained(Device::cuda(), false);
    CHECK(plain == looked);
    const Trained host = trained(Device::cpu(), false);
    CHECK(plain.taken == host.taken);
    CHECK(plain.scaler == host.scaler);
    CHECK(plain.counts == host.counts);
    CHECK(plain.taken == std::vector<bool>{false, true, true, false, false, true, true, true});
    CHECK(plain.counts.at("state.0.step") == 5);
    CHECK(plain.counts.at("state.1.step") == 4);
    REQUIRE(plain.first.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(plain.first[i] - host.first[i]) <= 0x1p-9f);  // an ulp of 2
  };
  check([](Device device, bool looks) { return train<AdamW>(device, looks, AdamWOptions{.lr = 0.1}); });
  check([](Device device, bool looks) {
    return train<SGD>(device, looks, SGDOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.5});
  });
}

TEST_CASE("GradScaler: on a CUDA device neither the loss, the step nor the update wait for the host", "[optim][cuda]") {
  if (skips_without_cuda()) return;
  const auto p = parameter<float16>({1, 2, 3}, Device::cuda());
  AdamW optimizer({p}, {.lr = 0.1});
  GradScaler scaler;
  const auto step = [&] {
    scaler.scale(product(p, {0.25f, 0.5f, -0.125f})).backward();
    const StepTaken taken = scaler.step(optimizer, {.max_norm = 1.0});
    scaler.update();
    return taken;
  };
  CHECK(step());
  const auto loss = product(p, {0.25f, 0.5f, -0.125f});  // whose factors come from the host
  cuda::Graph graph(0);
  graph.begin_capture();  // in which a wait is an error
  scaler.scale(loss).backward();
  const StepTaken taken = scaler.step(optimizer, {.max_norm = 1.0});
  scaler.update();
  CHECK_THROWS_AS(static_cast<bool>(taken), CudaError);
}
#endif

}  // namespace grad_scaler_test
