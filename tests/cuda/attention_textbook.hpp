// Cases of attention, and what they give by the textbook.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/math/attention.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

namespace attention_test {

using namespace tempa;

using Lengths = std::vector<std::int32_t>;

struct Case {
  Lengths queries, keys;
  Index heads, head_size;
  double drop_prob = 0;
  Index slack = 0;  ///< by how much the host's bounds are above the longest sequences
};

inline std::vector<std::int32_t> bounds_of(const Lengths& lengths) {
  std::vector<std::int32_t> bounds{0};
  for (const std::int32_t length : lengths) bounds.push_back(bounds.back() + length);
  return bounds;
}

/// q, k, v and dout of one type.
template <typename T>
struct Inputs {
  std::vector<T> q, k, v, dout;
};

inline Inputs<double> make_inputs(const Case& c) {
  Generator generator(7);
  const auto numbers = [&](std::int32_t rows) {
    std::vector<double> values(static_cast<std::size_t>(rows * c.heads * c.head_size));
    for (double& value : values) value = generator.normal();
    return values;
  };
  const std::int32_t queries = bounds_of(c.queries).back(), keys = bounds_of(c.keys).back();
  return {numbers(queries), numbers(keys), numbers(keys), numbers(queries)};
}

template <typename To, typename From>
std::vector<To> cast(const std::vector<From>& values) {
  std::vector<To> result;
  for (const From value : values) result.push_back(element_cast<To>(value));
  return result;
}

template <typename To, typename From>
Inputs<To> cast(const Inputs<From>& in) {
  return {cast<To>(in.q), cast<To>(in.k), cast<To>(in.v), cast<To>(in.dout)};
}

template <typename T>
struct Results {
  std::vector<T> out, dq, dk, dv;
  std::vector<Accumulator<T>> lse;
};

template <typename To, typename From>
Results<To> cast(const Results<From>& x) {
  return {cast<To>(x.out), cast<To>(x.dq), cast<To>(x.dk), cast<To>(x.dv), cast<Accumulator<To>>(x.lse)};
}

inline constexpr const char* kParts[] = {"out", "dq", "dk", "dv"};

template <typename T>
const std::vector<T>& part(const Results<T>& results, int i) {
  return *std::array{&results.out, &results.dq, &results.dk, &results.dv}[static_cast<std::size_t>(i)];
}

/// Calls `forward(args...)` and `backward(args...)` with what both backends take behind the tensors.
template <typename F>
void with_sizes(const Case& c, const std::int32_t* bounds_q, const std::int32_t* bounds_k, F&& f) {
  const auto longest = [&](const Lengths& lengths) {
    return *std::max_element(lengths.begin(), lengths.end()) + c.slack;
  };
  f(bounds_q, bounds_k, static_cast<Index>(c.queries.size()), longest(c.queries), longest(c.keys), c.heads, c.head_size,
    1 / std::sqrt(static_cast<double>(c.head_size)), c.drop_prob, RandomStream{5, 3});
}

/// The relative error of one rounding.
template <typename T>
inline constexpr double kRounding = std::same_as<T, double>     ? 0x1p-53
                                    : std::same_as<T, float>    ? 0x1p-24
                                    : std::same_as<T, bfloat16> ? 0x1p-8
                                                                : 0x1p-11;

/// Results, and the sums that they are with all terms positive; of a gradient's terms, whose p is e^(score - lse) of an
/// lse that was kept, each with the error that a rounding of lse is to it.
struct Textbook {
  Results<double> results, magnitudes;
};

/// The textbook's way in a type: what is multiplied or returned is rounded to that type, each sum to its accumulator's
/// after each term, and the rest is in double.
template <typename T>
Textbook textbook(const Case& c, const Inputs<T>& rounded) {
  const auto round = [](double x) { return element_cast<double>(element_cast<T>(x)); };
  const auto round_sum = [](double x) { return static_cast<double>(static_cast<Accumulator<T>>(x)); };
  const auto in = cast<double>(rounded);
  const auto bounds_q = bounds_of(c.queries), bounds_k = bounds_of(c.keys);
  const auto zeros = [](const std::vector<double>& like) { return std::vector<double>(like.size()); };
  Results<double> y{zeros(in.q), zeros(in.q), zeros(in.k), zeros(in.k), {}}, sums = y;
  const Index columns = c.heads * c.head_size,
              mask_row = attention_mask_row(*std::max_element(c.keys.begin(), c.keys.end()) + c.slack);
  const double scale = 1 / std::sqrt(static_cast<double>(c.head_size)), keep_scale = 1 / (1 - c.drop_prob);
  for (std::size_t b = 0; b < c.queries.size(); ++b)
    for (Index i = bounds_q[b]; i < bounds_q[b + 1]; ++i)
      for (Index h = 0; h < c.heads; ++h) {
        const auto keys = static_cast<std::size_t>(c.keys[b]);
        std::vector<double> p(keys), mask(keys), dp(keys);
        const auto row = [&](auto& x, Index token) { return x.data() + token * columns + h * c.head_size; };
        const auto dot = [&](const double* u, const double* v) {
          return std::inner_product(
              u, u + c.head_size, v, 0.0, [&](double sum, double term) { return round_sum(sum + term); },
              std::multiplies());
        };
        const auto add = [&](double* to, double* sum, double factor, double magnitude, const double* x) {
          for (Index d = 0; d < c.head_size; ++d)
            to[d] = round_sum(to[d] + factor * x[d]), sum[d] += magnitude * std::abs(x[d]);
        };
        for (std::size_t j = 0; j < keys; ++j) {
          const Index key = bounds_k[b] + static_cast<Index>(j),
                      number = (i * c.heads + h) * mask_row + static_cast<Index>(j);
          mask[j] = RandomStream{5, 3}.bits(static_cast<std::uint64_t>(number)) < drop_threshold(c.drop_prob)
                        ? 0
                        : keep_scale;
          p[j] = scale * dot(row(in.q, i), row(in.k, key));
          dp[j] = mask[j] * dot(row(in.dout, i), row(in.v, key));
        }
        const double max = *std::max_element(p.begin(), p.end());
        for (double& x : p) x = std::exp(x - max);
        const double sum = std::accumulate(p.begin(), p.end(), 0.0);
        for (std::size_t j = 0; j < keys; ++j) {
          const double weight = mask[j] * round(p[j]) / sum;
          add(row(y.out, i), row(sums.out, i), weight, weight, row(in.v, bounds_k[b] + static_cast<Index>(j)));
        }
        for (Index d = 0; d < c.head_size; ++d) row(y.out, i)[d] = round(row(y.out, i)[d]);
        const double lse = max + std::log(sum), exponent = 1 + std::abs(lse) * kRounding<Accumulator<T>> / kRounding<T>;
        const double delta = dot(row(in.dout, i), row(y.out, i));
        for (std::size_t j = 0; j < keys; ++j) {
          const Index key = bounds_k[b] + static_cast<Index>(j);
          const double weight = mask[j] * round(p[j] / sum), ds = scale * round(p[j] / sum * (dp[j] - delta));
          const double magnitude = exponent * scale * p[j] / sum * (std::abs(dp[j]) + std::abs(delta));
          add(row(y.dv, key), row(sums.dv, key), weight, exponent * weight, row(in.dout, i));
          add(row(y.dk, key), row(sums.dk, key), ds, magnitude, row(in.q, i));
          add(row(y.dq, i), row(sums.dq, i), ds, magnitude, row(in.k, key));
        }
      }
  return {cast<double>(cast<T>(y)), sums};
}

}  // namespace attention_test
