#include "ops/attention_cases.hpp"

#include "support/catch.hpp"

#include <cstring>

namespace attention_test {

using namespace tempa;

namespace {

Tensor<std::int32_t> bounds_of(const std::vector<std::int32_t>& lengths) {
  std::vector<std::int32_t> bounds{0};
  for (const std::int32_t length : lengths) bounds.push_back(bounds.back() + length);
  return Tensor<std::int32_t>::from(bounds);
}

template <typename T>
Inputs<T> attention_inputs(Index queries, Index keys, Index columns) {
  const std::vector<OpInput> inputs{
      {.shape = {queries, columns}}, {.shape = {keys, columns}}, {.shape = {keys, columns}}};
  return make_inputs<T>(inputs, shapes_of(inputs));
}

/// The probabilities after dropout: attention of equal scores to rows of the identity, B sequences of `length` tokens.
Tensor<double> dropped_probabilities(Index batch, Index length, Index heads, double drop_prob, Generator& generator) {
  Tensor<double> identity = Tensor<double>::zeros({batch * length, heads * length});
  for (Index i = 0; i < batch * length; ++i)
    for (Index h = 0; h < heads; ++h) identity.at({i, h * length + i % length}) = 1;
  const Variable<double> q(Tensor<double>::zeros(identity.shape()));
  const auto bounds =
      bounds_of(std::vector<std::int32_t>(static_cast<std::size_t>(batch), static_cast<std::int32_t>(length)));
  return attention(q, q, Variable<double>(identity), bounds, bounds, heads,
                   {.drop_prob = drop_prob, .generator = &generator})
      .value();
}

}  // namespace

TEST_CASE("Attention: values, gradients, sizes, errors and threads", "[ops]") {
  attention_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Attention: packed sequences of any lengths are the padded computation", "[ops]") {
  struct Lengths {
    std::vector<std::int32_t> queries, keys;
    Index heads, head_size;
  };
  const auto lengths = GENERATE(values<Lengths>({{{1}, {1}, 1, 1},
                                                 {{1, 1, 1}, {5, 1, 140}, 4, 16},
                                                 {{47, 48, 49}, {47, 48, 49}, 2, 64},
                                                 {{96, 1, 97, 2}, {3, 17, 16, 15}, 3, 20},
                                                 {{2, 5}, {200, 64}, 12, 8}}));
  const auto bounds_q = bounds_of(lengths.queries), bounds_k = bounds_of(lengths.keys);
  const Index queries = bounds_q.span().back(), keys = bounds_k.span().back();
  const auto in = attention_inputs<double>(queries, keys, lengths.heads * lengths.head_size);
  const auto y = attention(in[0], in[1], in[2], bounds_q, bounds_k, lengths.heads);
  const auto expected = padded_attention({in[0].value(), in[1].value(), in[2].value()}, bounds_q, bounds_k,
                                         lengths.heads, 1 / std::sqrt(static_cast<double>(lengths.head_size)));
  // A score is a sum of head_size products of up to 4, an output one of up to `keys` values below 2.
  const double bound = 2e-16 * static_cast<double>(4 * lengths.head_size + keys) * 2;
  for (Index i = 0; i < y.numel(); ++i)
    if (!(std::abs(y.value().data()[i] - expected.data()[i]) <= bound))
      FAIL("element " << i << " is " << y.value().data()[i] << " instead of " << expected.data()[i]);
  SUCCEED();
}

TEST_CASE("Attention: a sequence gets the same bits alone and among others, a query the same alone", "[ops]") {
  const auto bounds = bounds_of({5, 60, 17});
  const auto in = attention_inputs<float>(82, 82, 32);
  const auto all = attention(in[0], in[1], in[2], bounds, bounds, 2).value();
  for (Index b = 0; b < 3; ++b) {
    const Index begin = bounds.at({b}), end = bounds.at({b + 1});
    const auto rows = [&](std::size_t k) { return Variable<float>(in[k].value().rows(begin, end)); };
    const auto own = bounds_of({static_cast<std::int32_t>(end - begin)});
    const auto alone = attention(rows(0), rows(1), rows(2), own, own, 2).value();
    CHECK(alone.to_vector() == all.rows(begin, end).to_vector());
    const Variable<float> first(in[0].value().rows(begin, begin + 1));
    const auto query = attention(first, rows(1), rows(2), bounds_of({1}), own, 2).value();
    CHECK(query.to_vector() == all.rows(begin, begin + 1).to_vector());
  }
}

TEST_CASE("Attention: large scores neither overflow nor divide by zero", "[ops]") {
  auto in = attention_inputs<float>(9, 9, 8);
  for (float& x : in[0].mutable_value().span()) x *= 1000;
  const auto bounds = bounds_of({9});
  const auto y = attention(in[0], in[1], in[2], bounds, bounds, 1);
  y.backward(Tensor<float>::full(y.shape(), 1.0f));
  for (const auto* tensor : {&y.value(), &in[0].grad(), &in[1].grad(), &in[2].grad()})
    for (const float x : tensor->span()) CHECK(std::isfinite(x));
  auto lower = attention_inputs<float>(9, 9, 8);
  lower[0].mutable_value().fill(-1000);
  lower[1].mutable_value().fill(1000);  // every score is far below zero, and all are equal
  const auto mean = attention(lower[0], lower[1], lower[2], bounds, bounds, 1).value();
  for (Index d = 0; d < 8; ++d) {
    double sum = 0;
    for (Index j = 0; j < 9; ++j) sum += static_cast<double>(lower[2].value().at({j, d})) / 9;
    CHECK(mean.at({4, d}) == Approx(sum).margin(1e-6));
  }
}

TEST_CASE("Attention: element (query,head,key) of the dropout mask has its own random number", "[ops]") {
  constexpr Index kBatch = 3, kLength = 33, kHeads = 2, kRow = 36;
  constexpr double kDropProb = 0.4;
  Generator generator(11);
  const auto probabilities = dropped_probabilities(kBatch, kLength, kHeads, kDropProb, generator);
  CHECK(generator.block() == std::uint64_t{kBatch * kHeads * kLength * kRow / 4});
  const RandomStream stream{11, 0};
  for (Index b = 0; b < kBatch; ++b)
    for (Index h = 0; h < kHeads; ++h)
      for (Index i = 0; i < kLength; ++i)
        for (Index j = 0; j < kLength; ++j) {
          const Index number = ((b * kLength + i) * kHeads + h) * kRow + j;
          const bool dropped = stream.bits(static_cast<std::uint64_t>(number)) < drop_threshold(kDropProb);
          const double p = probabilities.at({b * kLength + i, h * kLength + j});
          if (dropped ? p != 0 : std::abs(p * kLength * (1 - kDropProb) - 1) > 1e-14)
            FAIL("element " << b << "," << h << "," << i << "," << j << " is " << p);
        }
  SUCCEED();
}

TEST_CASE("Attention: an upper bound of the lengths changes the mask's numbers and nothing else", "[ops]") {
  const auto in = attention_inputs<float>(10, 10, 8);
  const auto bounds = bounds_of({7, 3});
  const auto call = [&](double drop_prob, Index max_seqlen) {
    Generator generator(4);
    const auto y = attention(
        in[0], in[1], in[2], bounds, bounds, 2,
        {.drop_prob = drop_prob, .generator = &generator, .max_seqlen_q = max_seqlen, .max_seqlen_k = max_seqlen});
    CHECK(generator.block() == (drop_prob > 0 ? 10 * 2 * static_cast<std::uint64_t>((max_seqlen + 3) / 4) : 0));
    return y.value().to_vector();
  };
  CHECK(call(0, 7) == call(0, 100));
  CHECK(call(0.5, 7) == call(0.5, 8));
  CHECK(call(0.5, 7) != call(0.5, 100));
}

TEST_CASE("Attention: dropout drops its part, independently between neighbours, heads and sequences", "[ops]") {
  constexpr Index kBatch = 4, kLength = 64, kHeads = 4;
  const double p = GENERATE(0.1, 0.5);
  Generator generator(5);
  const auto probabilities = dropped_probabilities(kBatch, kLength, kHeads, p, generator);
  const auto dropped = [&](Index b, Index h, Index i, Index j) {
    return probabilities.at({b * kLength + i, h * kLength + j}) == 0 ? 1 - p : -p;  // mean 0, variance p (1 - p)
  };
  double sum = 0, right = 0, below = 0, next_head = 0, next_sequence = 0;
  for (Index b = 0; b < kBatch; ++b)
    for (Index h = 0; h < kHeads; ++h)
      for (Index i = 0; i < kLength; ++i)
        for (Index j = 0; j < kLength; ++j) {
          const double x = dropped(b, h, i, j);
          sum += x;
          right += x * dropped(b, h, i, (j + 1) % kLength);
          below += x * dropped(b, h, (i + 1) % kLength, j);
          next_head += x * dropped(b, (h + 1) % kHeads, i, j);
          next_sequence += x * dropped((b + 1) % kBatch, h, i, j);
        }
  constexpr double kCount = kBatch * kHeads * kLength * kLength;
  const double variance = p * (1 - p);
  CHECK(std::abs(sum) < 5 * std::sqrt(kCount * variance));
  for (const double products : {right, below, next_head, next_sequence})
    CHECK(std::abs(products) < 5 * std::sqrt(kCount) * variance);
}

TEST_CASE("Attention: every call draws its own mask, and a restored generator the same one", "[ops]") {
  Generator generator(2);
  const auto first = dropped_probabilities(1, 40, 1, 0.5, generator);
  const Generator between = generator;
  const auto second = dropped_probabilities(1, 40, 1, 0.5, generator);
  CHECK(first.to_vector() != second.to_vector());
  Generator restored(between.seed(), between.block());
  CHECK(dropped_probabilities(1, 40, 1, 0.5, restored).to_vector() == second.to_vector());
  manual_seed(2);
  const auto in = attention_inputs<double>(40, 40, 4);
  const auto bounds = bounds_of({40});
  const auto unused = default_generator().block();
  attention(in[0], in[1], in[2], bounds, bounds, 1);
  CHECK(default_generator().block() == unused);
  attention(in[0], in[1], in[2], bounds, bounds, 1, {.drop_prob = 0.1});
  CHECK(default_generator().block() == unused + 40 * 40 / 4);
}

TEST_CASE("Attention: all dropped is zero, in both directions", "[ops]") {
  const auto in = attention_inputs<float>(20, 20, 8);
  const auto bounds = bounds_of({20});
  const auto y = attention(in[0], in[1], in[2], bounds, bounds, 2, {.drop_prob = 1.0});
  y.backward(Tensor<float>::full(y.shape(), 1.0f));
  for (const auto* tensor : {&y.value(), &in[0].grad(), &in[1].grad(), &in[2].grad()})
    for (const float x : tensor->span()) CHECK(x == 0.0f);
}

}  // namespace attention_test
