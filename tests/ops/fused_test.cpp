// Operations that stand for several, against those.
#include "ops/fused_cases.hpp"

#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/difference.hpp"

#include <tempa/ops/attention.hpp>
#include <tempa/ops/dropout.hpp>
#include <tempa/ops/embedding.hpp>
#include <tempa/ops/gather.hpp>
#include <tempa/ops/linear.hpp>
#include <tempa/ops/positions.hpp>

#include <cstddef>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace fused_test {

using namespace tempa;

namespace {

/// Output and gradients of `f` on inputs of these shapes.
template <typename T>
std::vector<Tensor<T>> pass(const std::vector<OpInput>& inputs, Device device,
                            const std::function<Variable<T>(const Inputs<T>&)>& f) {
  auto variables = make_inputs<T>(inputs, shapes_of(inputs));
  for (auto& variable : variables) variable.mutable_value() = variable.value().to(device);
  const auto output = f(variables);
  output.backward(make_inputs<T>({{.shape = output.shape()}}, {output.shape()}, 50)[0].value().to(device));
  std::vector<Tensor<T>> parts{output.value().to(Device::cpu())};
  for (const auto& variable : variables) parts.push_back(variable.grad().to(Device::cpu()));
  return parts;
}

template <typename T>
void check_same_bits(const std::vector<Tensor<T>>& parts, const std::vector<Tensor<T>>& expected) {
  REQUIRE(parts.size() == expected.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    INFO("part " << i);
    const auto a = parts[i].template cast<double>(), b = expected[i].template cast<double>();
    CHECK(a.to_vector() == b.to_vector());
  }
}

constexpr double kDropProb = 0.25;

}  // namespace

TEST_CASE("Fused operations: values, gradients, sizes, errors and threads", "[ops]") {
  fused_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEMPLATE_TEST_CASE("Fused operations: the same bits as dropout, sum and layer norm", "[ops]", float, bfloat16) {
  using T = TestType;
  const std::vector<OpInput> inputs{{.shape = {9, 37}}, {.shape = {9, 37}}, {.shape = {37}}, {.shape = {37}}};
  for (const Device device : devices())
    for (const double drop_prob : {0.0, kDropProb, 1.0}) {
      INFO(device << ", drop_prob " << drop_prob);
      const auto fused = pass<T>(inputs, device, [&](const Inputs<T>& in) {
        Generator generator(7);
        return dropout_add_layer_norm(in[0], in[1], in[2], in[3], {.drop_prob = drop_prob, .generator = &generator});
      });
      check_same_bits(fused, pass<T>(inputs, device, [&](const Inputs<T>& in) {
                        Generator generator(7);
                        return layer_norm(dropout(in[0], drop_prob, generator) + in[1], in[2], in[3]);
                      }));
    }
}

TEMPLATE_TEST_CASE("Fused operations: the same bits as three embeddings, layer norm and dropout", "[ops]", float,
                   bfloat16) {
  using T = TestType;
  const std::vector<OpInput> inputs{
      {.shape = {6, 37}}, {.shape = {2, 37}}, {.shape = {5, 37}}, {.shape = {37}}, {.shape = {37}}};
  for (const Device device : devices()) {
    INFO(device);
    const auto word = make_indices({11}, 6).to(device), type = make_indices({11}, 2).to(device),
               position = make_indices({11}, 5).to(device);
    const auto fused = pass<T>(inputs, device, [&](const Inputs<T>& in) {
      Generator generator(7);
      return embeddings_layer_norm({in[0], word, 3}, {in[1], type}, {in[2], position}, in[3], in[4],
                                   {.eps = 1e-5, .drop_prob = kDropProb, .generator = &generator});
    });
    check_same_bits(fused, pass<T>(inputs, device, [&](const Inputs<T>& in) {
                      Generator generator(7);
                      const auto sum = embedding(in[0], word, {.padding_idx = 3}) + embedding(in[1], type) +
                                       embedding(in[2], position);
                      return dropout(layer_norm(sum, in[3], in[4]), kDropProb, generator);
                    }));
  }
}

TEST_CASE("Fused operations: a feed-forward network is its parts, to rounding", "[ops]") {
  const std::vector<OpInput> inputs{
      {.shape = {9, 12}}, {.shape = {20, 12}}, {.shape = {20}}, {.shape = {8, 20}}, {.shape = {8}}};
  for (const Device device : devices()) {
    INFO(device);
    const auto fused = pass<double>(
        inputs, device, [](const Inputs<double>& in) { return feed_forward(in[0], in[1], in[2], in[3], in[4]); });
    const auto parts = pass<double>(inputs, device, [](const Inputs<double>& in) {
      return linear(gelu(linear(in[0], in[1], in[2])), in[3], in[4]);
    });
    for (std::size_t i = 0; i < parts.size(); ++i) CHECK(difference(fused[i], parts[i]) <= 1e-14);
  }
}

TEST_CASE("Fused operations: queries, keys and values in one variable or in three", "[ops]") {
  const std::vector<OpInput> inputs{{.shape = {9, 8}}, {.shape = {8, 8}}, {.shape = {8}}, {.shape = {8, 8}},
                                    {.shape = {8}},    {.shape = {8, 8}}, {.shape = {8}}};
  for (const Device device : devices()) {
    INFO(device);
    const auto bounds = Tensor<std::int32_t>::from({0, 2, 9}).to(device), one_each = arange(3, device),
               firsts = bounds.rows(0, 2);
    const auto options = [](Generator& generator) {
      return AttentionOptions{.drop_prob = kDropProb, .generator = &generator};
    };
    const auto of = [](const Inputs<double>& in, std::size_t g) { return linear(in[0], in[2 * g + 1], in[2 * g + 2]); };
    const auto compare = [&](const auto& one, const auto& three) {
      const auto fused = pass<double>(inputs, device, one), parts = pass<double>(inputs, device, three);
      for (std::size_t i = 0; i < parts.size(); ++i) CHECK(difference(fused[i], parts[i]) <= 1e-14);
    };
    compare(
        [&](const Inputs<double>& in) {
          Generator generator(7);
          return self_attention(linears(in[0], {{in[1], in[2]}, {in[3], in[4]}, {in[5], in[6]}}), bounds, 2,
                                options(generator));
        },
        [&](const Inputs<double>& in) {
          Generator generator(7);
          return attention(of(in, 0), of(in, 1), of(in, 2), bounds, bounds, 2, options(generator));
        });
    const auto query = [&](const Inputs<double>& in) { return linear(index_select(in[0], 0, firsts), in[1], in[2]); };
    compare(
        [&](const Inputs<double>& in) {
          Generator generator(7);
          return attention(query(in), linears(in[0], {{in[3], in[4]}, {in[5], in[6]}}), one_each, bounds, 2,
                           options(generator));
        },
        [&](const Inputs<double>& in) {
          Generator generator(7);
          return attention(query(in), of(in, 1), of(in, 2), one_each, bounds, 2, options(generator));
        });
  }
}

TEST_CASE("Attention: rows behind the last sequence give zero and get no gradient", "[ops]") {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  for (const Device device : devices()) {
    INFO(device);
    const auto run = [&](Index tail) {
      Tensor<double> values(Shape{3, 9 + tail, 8}), gradient(Shape{9 + tail, 8});
      const auto real = make_variable<double>({3, 9, 8}, 5).value(), dy = make_variable<double>({9, 8}, 6).value();
      values.fill(nan);
      gradient.fill(nan);
      for (Index g = 0; g < 3; ++g)
        values.rows(g, g + 1).reshape({9 + tail, 8}).rows(0, 9).copy_from(real.rows(g, g + 1).reshape({9, 8}));
      gradient.rows(0, 9).copy_from(dy);
      const Variable<double> qkv(values.to(device), true);
      const auto y = self_attention(qkv, Tensor<std::int32_t>::from({0, 2, 9}).to(device), 2,
                                    {.max_seqlen_q = 7, .max_seqlen_k = 7, .has_tail = true});
      y.backward(gradient.to(device));
      return std::pair(y.value().to(Device::cpu()), qkv.grad().to(Device::cpu()));
    };
    const auto [y, dqkv] = run(0);
    const auto [padded_y, padded_dqkv] = run(4);
    CHECK(padded_y.rows(0, 9).to_vector() == y.to_vector());
    CHECK(padded_y.rows(9, 13).to_vector() == std::vector<double>(32, 0.0));
    for (Index g = 0; g < 3; ++g) {
      const auto part = padded_dqkv.rows(g, g + 1).reshape({13, 8});
      CHECK(part.rows(0, 9).to_vector() == dqkv.rows(g, g + 1).to_vector());
      CHECK(part.rows(9, 13).to_vector() == std::vector<double>(32, 0.0));
    }
    const auto positions = position_ids(Tensor<std::int32_t>::from({0, 2, 5}).to(device), 8, true);
    CHECK(positions.to_vector() == std::vector<std::int32_t>{0, 1, 0, 1, 2, 0, 0, 0});
  }
  CHECK_THROWS_AS(self_attention(make_variable({3, 4, 8}), Tensor<std::int32_t>::from({0, 5}), 2, {.has_tail = true}),
                  ValueError);
  CHECK_THROWS_AS(position_ids(Tensor<std::int32_t>::from({0, 5}), 4, true), ShapeError);
}

}  // namespace fused_test
