// Steps for all tensors at once against the steps for one.
#include <tempa/cuda/optimizer.hpp>
#include <tempa/math/adam.hpp>
#include <tempa/math/sgd.hpp>

#include "cuda/against_cpu.hpp"

#include <array>
#include <concepts>
#include <deque>
#include <limits>

namespace optimizer_steps_test {

using namespace tempa;
using namespace tempa::test;

namespace {

template <typename T>
std::vector<T> values(Index count, std::uint64_t seed) {
  std::vector<T> result;
  for (const double value : numbers(count, seed).values) result.push_back(element_cast<T>(value));
  return result;
}

constexpr std::array<Index, 4> kSizes = {1, 33, 5000, 8192};

/// Four parameters in two groups, on the device.
template <typename T>
struct Model {
  using A = Accumulator<T>;
  std::deque<DeviceArray<A>> params, first, second;
  std::deque<DeviceArray<T>> copies, grads;
  std::vector<cuda::UpdatedTensor<T>> tensors;

  Model() {
    for (std::size_t t = 0; t < kSizes.size(); ++t) {
      const Index n = kSizes[t];
      copies.emplace_back(values<T>(n, t));
      std::vector<A> masters;
      for (const T value : copies.back().to_vector()) masters.push_back(widen(value));
      params.emplace_back(masters);
      grads.emplace_back(values<T>(n, 10 + t));
      first.emplace_back(std::vector<A>(static_cast<std::size_t>(n), A(0)));
      second.emplace_back(std::vector<A>(static_cast<std::size_t>(n), A(0)));
      tensors.push_back({params[t].data(),
                         Real<T> ? nullptr : copies[t].data(),
                         grads[t].data(),
                         {first[t].data(), second[t].data(), nullptr},
                         n,
                         static_cast<Index>(t % 2)});
    }
  }
};

/// The norm that clipping sees.
template <typename T>
double norm_of(const Model<T>& model, double inverse_scale) {
  double sum = 0;
  for (const auto& grad : model.grads)
    for (const T value : grad.to_vector()) sum += element_cast<double>(value) * element_cast<double>(value);
  return std::sqrt(sum) * inverse_scale;
}

/// The device's powers and the host's may differ in the last place of the scalars.
template <typename A>
void check_close(const DeviceArray<A>& a, const DeviceArray<A>& b) {
  const auto x = a.to_vector(), y = b.to_vector();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, static_cast<double>(std::abs(x[i] - y[i])));
  CHECK(largest <= 4 * kUlpOfOne<A>);
}

}  // namespace

TEMPLATE_TEST_CASE("CUDA steps for all tensors: AdamW and SGD as tensor by tensor, clipped and unscaled", "[cuda]",
                   float, double, float16, bfloat16) {
  using T = TestType;
  using A = Accumulator<T>;
  const auto backend = cuda::current_backend(0);
  const auto parts = cuda::parts_of(kSizes);
  const auto part_count = static_cast<Index>(parts.size());
  REQUIRE(part_count == 1 + 1 + 2 + 2);
  const DeviceArray<cuda::TensorPart> device_parts(parts);
  DeviceArray<double> squares(part_count);
  const auto check = [&]<typename Formula>(Formula, const std::vector<typename Formula::Group>& of_groups) {
    for (const double max_norm : {1.0, std::numeric_limits<double>::infinity()}) {
      INFO((std::same_as<Formula, AdamFormula> ? "AdamW" : "SGD") << ", max_norm " << max_norm);
      Model<T> all, one;
      const DeviceArray<cuda::UpdatedTensor<T>> tensors(all.tensors);
      const double inverse_scale = 0.25, norm = norm_of(one, inverse_scale);
      const double factor = inverse_scale * std::min(1.0, max_norm / (norm + 1e-6));
      DeviceArray<cuda::StepState> state(std::vector<cuda::StepState>{{inverse_scale, max_norm, 0, 0, 0, 0}});
      const DeviceArray<typename Formula::Group> groups(of_groups);
      DeviceArray<typename Formula::template Scalars<A>> scalars(2);
      for (const double step : {1.0, 2.0}) {
        cuda::squares_of_parts(backend, squares.data(), tensors.data(), device_parts.data(), part_count);
        cuda::begin_optimizer_steps<A, Formula>(backend, state.data(), scalars.data(), groups.data(), 2, squares.data(),
                                                part_count);
        cuda::optimizer_steps<T, Formula>(backend, tensors.data(), device_parts.data(), part_count, scalars.data(),
                                          state.data());
        for (const auto& t : one.tensors) {
          const auto& group = of_groups[static_cast<std::size_t>(t.group)];
          cuda::optimizer_step<T, Formula>(backend, t.param, t.copy, t.moments, t.grad, t.n,
                                           Formula::template scalars<A>(group, step, step == 1, factor));
        }
      }
      const auto after = state.to_vector()[0];
      CHECK(after.step == 2);
      CHECK(after.norm == Approx(norm).epsilon(1e-12));
      CHECK(after.skipped == 0);
      for (std::size_t t = 0; t < kSizes.size(); ++t) {
        INFO("tensor " << t);
        check_close(all.params[t], one.params[t]);
        check_close(all.first[t], one.first[t]);
      }
    }
  };
  check(AdamFormula{}, {{1e-2, 0.9, 0.999, 1e-8, 0.01, true, false}, {1e-3, 0.8, 0.99, 1e-6, 0.1, false, true}});
  check(SGDFormula{}, {{1e-2, 0.9, 0.1, 0.01, false, false}, {1e-3, 0.8, 0, 0, true, true}});
}

TEST_CASE("CUDA steps for all tensors: a gradient that is not finite skips the step, where that is asked for",
          "[cuda]") {
  const auto backend = cuda::current_backend(0);
  const auto parts = cuda::parts_of(kSizes);
  const auto part_count = static_cast<Index>(parts.size());
  const DeviceArray<cuda::TensorPart> device_parts(parts);
  DeviceArray<double> squares(part_count);
  DeviceArray<AdamFormula::Scalars<float>> scalars(2);
  const DeviceArray<AdamGroup> groups(std::vector<AdamGroup>(2, {1e-2, 0.9, 0.999, 1e-8, 0, true, false}));
  for (const bool skips : {true, false}) {
    Model<float> model;
    const auto before = model.params[2].to_vector();
    auto grad = model.grads[2].to_vector();
    grad[4500] = std::numeric_limits<float>::infinity();
    DeviceArray<float> bad(grad);
    model.tensors[2].grad = bad.data();
    const DeviceArray<cuda::UpdatedTensor<float>> tensors(model.tensors);
    DeviceArray<cuda::StepState> state(
        std::vector<cuda::StepState>{{1.0, std::numeric_limits<double>::infinity(), skips ? 1 : 0, 0, 3, 0}});
    cuda::squares_of_parts(backend, squares.data(), tensors.data(), device_parts.data(), part_count);
    cuda::begin_optimizer_steps<float, AdamFormula>(backend, state.data(), scalars.data(), groups.data(), 2,
                                                    squares.data(), part_count);
    cuda::optimizer_steps<float, AdamFormula>(backend, tensors.data(), device_parts.data(), part_count, scalars.data(),
                                              state.data());
    const auto after = state.to_vector()[0];
    CHECK(after.skipped == (skips ? 1 : 0));
    CHECK(after.step == (skips ? 3 : 4));
    CHECK(std::isinf(after.norm));
    CHECK((model.params[2].to_vector() == before) == skips);
  }
}

}  // namespace optimizer_steps_test
