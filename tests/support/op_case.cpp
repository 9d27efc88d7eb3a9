// The checks that every operation goes through.
#include "support/op_case.hpp"

#include "support/catch.hpp"
#include "support/fixtures.hpp"

#include <tempa/autograd/gradcheck.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/profile/profiler.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <utility>

using namespace tempa;

namespace {

/// Value and gradients of one forward and backward pass.
template <typename T>
struct Pass {
  Tensor<T> output;
  std::vector<Tensor<T>> grads;  // one for each input, without elements where the input requires none
};

/// dy = uniform in (0.5, 1.5), in the grid of `make_values`.
template <typename T>
Tensor<T> make_dy(const Shape& shape) {
  return make_inputs<T>({{.shape = shape, .low = 0.5, .high = 1.5}}, {shape}, 1000)[0].value();
}

template <typename T>
Pass<T> run(const OpCase& op, const Inputs<T>& inputs, const Tensor<T>* dy = nullptr) {
  for (const auto& input : inputs) input.clear_grad();
  const Variable<T> output = op.f(inputs);
  Pass<T> pass{output.value(), {}};
  if (output.requires_grad()) output.backward(dy != nullptr ? dy->clone() : make_dy<T>(output.shape()));
  for (const auto& input : inputs) {
    if (input.requires_grad()) REQUIRE(input.has_grad());
    pass.grads.push_back(input.has_grad() ? input.grad().clone() : Tensor<T>());
  }
  return pass;
}

template <typename T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  return a.shape() == b.shape() && (a.empty() || std::memcmp(a.data(), b.data(), a.nbytes()) == 0);
}

double largest(const Tensor<double>& x) {
  double result = 0;
  for (const double value : x.span()) result = std::max(result, std::abs(value));
  return result;
}

/// Largest |actual - expected|; infinite when one is NaN where the other is not, or the shapes differ.
template <typename T>
double largest_error(const Tensor<T>& actual, const Tensor<double>& expected) {
  if (!(actual.shape() == expected.shape())) return std::numeric_limits<double>::infinity();
  double result = 0;
  for (Index i = 0; i < expected.numel(); ++i) {
    const double a = static_cast<double>(actual.data()[i]), e = expected.data()[i];
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    const double error = std::abs(a - e);
    result = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(result, error);
  }
  return result;
}

/// Names the output and the gradients in the order in which errors are listed.
std::string part_name(std::size_t part) { return part == 0 ? "output" : concat("gradient of input ", part - 1); }

template <typename T>
const Tensor<T>& part_of(const Pass<T>& pass, std::size_t part) {
  return part == 0 ? pass.output : pass.grads[part - 1];
}

void check_gradients(const OpCase& op) {
  const auto inputs = make_inputs<double>(op.inputs, shapes_of(op.inputs));
  const auto result = gradcheck([&](const Inputs<double>& in) { return op.f(in); }, inputs);
  INFO(result.message);
  CHECK(result.passed);
  INFO("worst difference " << result.worst);
}

void check_backward_twice(const OpCase& op) {
  const auto inputs = make_inputs<double>(op.inputs, shapes_of(op.inputs));
  const auto output = op.f(inputs);
  const auto dy = make_dy<double>(output.shape());
  output.backward(dy.clone(), {.retain_graph = true});
  std::vector<Tensor<double>> twice;
  for (const auto& input : inputs) {
    twice.push_back(input.has_grad() ? input.grad().clone() : Tensor<double>());
    for (double& value : twice.back().span()) value *= 2;
  }
  output.backward(dy.clone());
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    INFO("input " << k);
    CHECK(inputs[k].has_grad() == inputs[k].requires_grad());
    if (inputs[k].has_grad()) CHECK(inputs[k].grad().to_vector() == twice[k].to_vector());
  }
  CHECK_THROWS_AS(output.backward(dy.clone()), Error);
}

void check_who_gets_gradients(const OpCase& op) {
  const auto all = make_inputs<double>(op.inputs, shapes_of(op.inputs));
  const auto expected = run(op, all);
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (!all[k].requires_grad()) continue;
    Inputs<double> alone;
    for (std::size_t j = 0; j < all.size(); ++j) alone.emplace_back(all[j].value().clone(), j == k);
    const auto pass = run(op, alone);
    INFO("only input " << k << " requires a gradient");
    CHECK(same_bits(pass.output, expected.output));
    CHECK(same_bits(pass.grads[k], expected.grads[k]));
    for (std::size_t j = 0; j < all.size(); ++j)
      if (j != k) CHECK_FALSE(alone[j].has_grad());
  }
  const NoGrad guard;
  const auto unrecorded = op.f(all);
  CHECK_FALSE(unrecorded.requires_grad());
  CHECK(same_bits(unrecorded.value(), expected.output));
}

/// Double and float against PyTorch in float64. The fixture contains the largest error of PyTorch's own float32 over
/// several draws. The error may be twice that and an ulp of the largest value, in float; in double the same in units of
/// double's epsilon, and twice, since the reference is rounded too.
void check_fixture(const OpCase& op) {
  if (op.fixture.empty()) {
    INFO("a case without a fixture must say why");
    CHECK_FALSE(op.without_fixture.empty());
    return;
  }
  const StateDict tensors = load_safetensors(fixture_path("ops/" + op.fixture + ".safetensors").string());
  const auto find = [&](const std::string& part) { return tensors.get<double>(op.name + "/" + part); };
  Inputs<double> inputs;
  Inputs<float> single_inputs;
  for (std::size_t k = 0; k < op.inputs.size(); ++k) {
    inputs.emplace_back(find(concat("input", k)), op.inputs[k].requires_grad);
    single_inputs.emplace_back(inputs[k].value().cast<float>(), op.inputs[k].requires_grad);
  }
  const auto dy = find("dy"), float32_error = find("float32_error");
  const auto dy_single = dy.cast<float>();
  const auto pass = run(op, inputs, &dy);
  const auto single = run(op, single_inputs, &dy_single);
  for (std::size_t part = 0; part <= inputs.size(); ++part) {
    if (part > 0 && !inputs[part - 1].requires_grad()) continue;
    const auto expected = find(part == 0 ? "output" : concat("grad", part - 1));
    const double bound =
        2 * float32_error.data()[part] + static_cast<double>(std::numeric_limits<float>::epsilon()) * largest(expected);
    const double to_double =
        2 * std::numeric_limits<double>::epsilon() / static_cast<double>(std::numeric_limits<float>::epsilon());
    INFO("fixture, " << part_name(part) << ", largest " << largest(expected));
    CHECK(largest_error(part_of(pass, part), expected) <= to_double * bound);
    CHECK(largest_error(part_of(single, part), expected) <= bound);
  }
}

/// What a relative change of one float rounding in every element of every input changes at most, for each part.
std::vector<double> sensitivity(const OpCase& op, const Inputs<double>& inputs, const Pass<double>& pass) {
  Generator generator(99);
  Inputs<double> moved;
  for (const auto& input : inputs) {
    moved.emplace_back(input.value().clone(), input.requires_grad());
    for (double& x : moved.back().mutable_value().span())
      x *= 1 + (generator.below(2) == 0 ? -1 : 1) * static_cast<double>(std::numeric_limits<float>::epsilon());
  }
  auto dy = make_dy<double>(pass.output.shape());  // an input of the backward pass
  for (double& x : dy.span())
    x *= 1 + (generator.below(2) == 0 ? -1 : 1) * static_cast<double>(std::numeric_limits<float>::epsilon());
  const auto other = run(op, moved, &dy);
  std::vector<double> result;
  for (std::size_t part = 0; part <= inputs.size(); ++part)
    result.push_back(largest_error(part_of(other, part), part_of(pass, part)));
  return result;
}

#if defined(TEMPA_WITH_CUDA)
#if defined(TEMPA_CUDA_EMULATED)
constexpr Index kLargestOnCuda = 33;  // the emulation is slow; tests/cuda tests larger sizes, one kernel at a time
#else
constexpr Index kLargestOnCuda = 1023;
#endif

/// The same pass on the CUDA device, and its results back on the host.
template <typename T>
Pass<T> run_on_cuda(const OpCase& op, const Inputs<T>& inputs) {
  Inputs<T> moved;
  for (const auto& input : inputs) moved.emplace_back(input.value().to(Device::cuda()), input.requires_grad());
  const auto dy = make_dy<T>(op.f(moved).shape()).to(Device::cuda());
  const auto pass = run(op, moved, &dy);
  Pass<T> result{pass.output.to(Device::cpu()), {}};
  for (const auto& grad : pass.grads) result.grads.push_back(grad.to(Device::cpu()));
  return result;
}
#endif

/// Float against double, also on the CUDA device, whose results must be the same bits twice, and double against plain
/// loops. A computation whose paths pass s indices errs, when it is backward stable, at most s times as much as one
/// rounding of its inputs and one of its results change.
void check_odd_sizes(const OpCase& op) {
  REQUIRE(op.sized);
  for (const Index n : {1, 31, 33, 1023}) {
    const Shapes shapes = op.sized(n);
    const auto inputs = make_inputs<double>(op.inputs, shapes);
    const auto pass = run(op, inputs);
    const auto single = run(op, make_inputs<float>(op.inputs, shapes));
    const auto moved = sensitivity(op, inputs, pass);
#if defined(TEMPA_WITH_CUDA)
    const bool on_cuda = n <= std::min(op.largest_on_cuda, kLargestOnCuda);
    Pass<double> cuda_pass;
    Pass<float> cuda_single, cuda_again;
    if (on_cuda) {
      cuda_pass = run_on_cuda(op, make_inputs<double>(op.inputs, shapes));
      cuda_single = run_on_cuda(op, make_inputs<float>(op.inputs, shapes));
      cuda_again = run_on_cuda(op, make_inputs<float>(op.inputs, shapes));
    }
#endif
    Index longest_path = 1;
    for (const Shape& shape : shapes)
      longest_path = std::max(longest_path, std::accumulate(shape.begin(), shape.end(), Index{1}));
    constexpr double kSingle = std::numeric_limits<float>::epsilon();
    for (std::size_t part = 0; part <= inputs.size(); ++part) {
      if (part > 0 && !inputs[part - 1].requires_grad()) continue;
      const auto& expected = part_of(pass, part);
      const double bound = static_cast<double>(longest_path) * (moved[part] + kSingle * largest(expected));
      INFO("size " << n << ", " << part_name(part) << ", largest " << largest(expected));
      CHECK(std::isfinite(largest(expected)));
      CHECK(largest_error(part_of(single, part), expected) <= bound);
#if defined(TEMPA_WITH_CUDA)
      if (on_cuda) {
        CHECK(largest_error(part_of(cuda_single, part), expected) <= bound);
        CHECK(largest_error(part_of(cuda_pass, part), expected) <=
              bound * std::numeric_limits<double>::epsilon() / kSingle);
        CHECK(same_bits(part_of(cuda_single, part), part_of(cuda_again, part)));
      }
#endif
      if (part == 0 && op.naive) {
        std::vector<Tensor<double>> values;
        for (const auto& input : inputs) values.push_back(input.value());
        CHECK(largest_error(op.naive(values), expected) <= bound * std::numeric_limits<double>::epsilon() / kSingle);
      }
    }
  }
}

/// One pass on `device` with 16-bit inputs from the given values and dy, with results in double on the host.
template <typename Half>
Pass<double> run_16_bit(const OpCase& op, const Inputs<double>& inputs, const Tensor<double>& dy, Device device) {
  const auto result = [](const auto& x) { return x.to(Device::cpu()).template cast<double>(); };
  Inputs<Half> rounded;
  for (const auto& input : inputs) rounded.emplace_back(input.value().cast<Half>().to(device), input.requires_grad());
  const auto output = op.f(rounded);
  if (output.requires_grad()) output.backward(dy.cast<Half>().template cast<float>().to(device));
  Pass<double> pass{result(output.value()), {}};
  for (const auto& input : rounded) pass.grads.push_back(input.has_grad() ? result(input.grad()) : Tensor<double>());
  return pass;
}

/// The unit roundoff of a 16-bit type.
template <typename Half>
constexpr double kRoundoff = std::same_as<Half, float16> ? 0x1p-11 : 0x1p-8;

/// 16-bit types against double. The naive computation rounds its inputs, computes in double, and rounds its results,
/// from which its backward pass continues where the operation's does. The operation's error may be twice that of these
/// roundings.
template <typename Half>
void check_16_bit(const OpCase& op) {
  const auto rounded = [](const Tensor<double>& x) { return x.cast<Half>().template cast<double>(); };
  for (const Shapes& shapes : {shapes_of(op.inputs), op.sized(33)}) {
    const auto inputs = make_inputs<double>(op.inputs, shapes);
    const auto exact = run(op, inputs);
    const auto dy = make_dy<double>(exact.output.shape());
    Inputs<double> rounded_inputs;
    for (const auto& input : inputs) rounded_inputs.emplace_back(rounded(input.value()), input.requires_grad());
    const auto rounded_dy = rounded(dy);
    auto naive = run(op, rounded_inputs, &rounded_dy);
    if (op.inverse) {
      const Variable<double> from_output(op.inverse(rounded(naive.output)), true);
      naive.grads = run(op, {from_output}, &rounded_dy).grads;
    }
    const auto pass = run_16_bit<Half>(op, inputs, dy, Device::cpu());
#if defined(TEMPA_WITH_CUDA)
    const auto cuda_pass = run_16_bit<Half>(op, inputs, dy, Device::cuda());
#endif
    for (std::size_t part = 0; part <= inputs.size(); ++part) {
      if (part > 0 && !inputs[part - 1].requires_grad()) continue;
      const auto& expected = part_of(exact, part);
      INFO(to_string(dtype_of<Half>) << ", " << part_name(part) << " of " << expected.shape() << ", largest "
                                     << largest(expected));
      const double naive_error =
          largest_error(part_of(naive, part), expected) + kRoundoff<Half> * largest(part_of(naive, part));
      CHECK(largest_error(part_of(pass, part), expected) <= 2 * naive_error);
#if defined(TEMPA_WITH_CUDA)
      CHECK(largest_error(part_of(cuda_pass, part), expected) <= 2 * naive_error);
#endif
    }
  }
}

void check_errors(const OpCase& op) {
  for (const OpError& error : op.errors) {
    INFO("expected an error with the text: " << error.message);
    std::string text = "nothing was thrown";
    bool has_type = false;
    try {
      error.call();
    } catch (const std::exception& thrown) {
      text = thrown.what();
      has_type = error.has_type(thrown);
    }
    INFO("but: " << text);
    CHECK(has_type);
    CHECK(text.find(error.message) != std::string::npos);
  }
}

void check_threads(const OpCase& op) {
  REQUIRE_FALSE(op.large.empty());
  const int before = num_threads();
  const auto inputs = make_inputs<float>(op.inputs, op.large.front());
  set_num_threads(1);
  const auto one = run(op, inputs);
  set_num_threads(2);
  const auto two = run(op, inputs);
  set_num_threads(before);
  for (std::size_t part = 0; part <= inputs.size(); ++part) {
    INFO(part_name(part) << " with 1 and 2 threads, largest difference "
                         << largest_error(part_of(two, part), part_of(one, part).cast<double>()));
    CHECK(same_bits(part_of(one, part), part_of(two, part)));
  }
}

/// A profiler sees every operation of the graph, forward and backward, under its name on the tape.
void check_profile(const OpCase& op) {
  const auto inputs = make_inputs<double>(op.inputs, shapes_of(op.inputs));
  Profiler profiler({.log = nullptr});
  const auto output = op.f(inputs);
  const auto graph = detail::reverse_order(output.node());
  std::vector<std::string> names;
  for (const auto& node : graph)
    if (!node->is_leaf()) names.insert(names.end(), {node->op, std::string(node->op) + " backward"});
  if (output.requires_grad()) output.backward(make_dy<double>(output.shape()));
  const auto rows = profiler.rows();
  for (const std::string& name : names) {
    INFO("profile of " << name);
    CHECK(std::any_of(rows.begin(), rows.end(), [&](const ProfileRow& row) { return row.name == name; }));
  }
}

}  // namespace

void check_op(const OpCase& op) {
  INFO("op case " << op.name);
  check_gradients(op);
  check_backward_twice(op);
  check_who_gets_gradients(op);
  check_fixture(op);
  check_odd_sizes(op);
  check_16_bit<bfloat16>(op);
  check_16_bit<float16>(op);
  check_errors(op);
  check_threads(op);
  check_profile(op);
}
