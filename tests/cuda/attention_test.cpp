// The attention kernels against the CPU's, for lengths and head sizes on each path and all types.
#include <tempa/core/random.hpp>
#include <tempa/cpu/attention.hpp>
#include <tempa/cuda/attention.hpp>
#include <tempa/device/cuda/runtime.hpp>
#include <tempa/math/attention.hpp>

#include "cuda/attention_textbook.hpp"
#include "cuda/device_array.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace attention_test {

using namespace tempa;

namespace {

template <typename T>
Results<T> on_cpu(const Case& c, const Inputs<T>& in) {
  const auto bounds_q = bounds_of(c.queries), bounds_k = bounds_of(c.keys);
  Results<T> y{in.q, in.q, in.k, in.k,
               std::vector<Accumulator<T>>(static_cast<std::size_t>(bounds_q.back() * c.heads))};
  with_sizes(c, bounds_q.data(), bounds_k.data(), [&](auto... sizes) {
    cpu::attention_forward(cpu::Backend{}, y.out.data(), y.lse.data(), in.q.data(), in.k.data(), in.v.data(), sizes...);
    cpu::attention_backward(cpu::Backend{}, y.dq.data(), y.dk.data(), y.dv.data(), in.dout.data(), y.out.data(),
                            y.lse.data(), in.q.data(), in.k.data(), in.v.data(), sizes...);
  });
  return y;
}

using Choice = cuda::AttentionChoice;

/// While one lives, this is the choice.
struct Chosen {
  explicit Chosen(Choice choice) : former(cuda::attention_choice()) { cuda::set_attention_choice(choice); }
  ~Chosen() { cuda::set_attention_choice(former); }
  Chosen(const Chosen&) = delete;
  Chosen& operator=(const Chosen&) = delete;

  Choice former;
};

/// Who computes the two passes.
struct By {
  Choice forward = cuda::attention_choice(), backward = cuda::attention_choice();
};

/// @param shift elements by which the tensors begin behind an aligned address.
template <typename T>
Results<T> on_cuda(const Case& c, const Inputs<T>& in, std::size_t shift = 0, By by = {}) {
  const auto shifted = [shift](std::vector<T> values) {
    values.insert(values.begin(), shift, T{});
    return test::DeviceArray<T>(values);
  };
  const auto unwritten = [&](const std::vector<T>& like) {
    return shifted(std::vector<T>(like.size(), element_cast<T>(std::numeric_limits<double>::quiet_NaN())));
  };
  const test::DeviceArray<std::int32_t> bounds_q(bounds_of(c.queries)), bounds_k(bounds_of(c.keys));
  const auto q = shifted(in.q), k = shifted(in.k), v = shifted(in.v), dout = shifted(in.dout);
  auto out = unwritten(in.q), dq = unwritten(in.q), dk = unwritten(in.k), dv = unwritten(in.k);
  test::DeviceArray<Accumulator<T>> lse(bounds_of(c.queries).back() * c.heads);
  const auto backend = cuda::current_backend(0);
  with_sizes(c, bounds_q.data(), bounds_k.data(), [&](auto... sizes) {
    const Chosen forward(by.forward);
    cuda::attention_forward(backend, out.data() + shift, lse.data(), q.data() + shift, k.data() + shift,
                            v.data() + shift, sizes...);
    const Chosen backward(by.backward);
    cuda::attention_backward(backend, dq.data() + shift, dk.data() + shift, dv.data() + shift, dout.data() + shift,
                             out.data() + shift, lse.data(), q.data() + shift, k.data() + shift, v.data() + shift,
                             sizes...);
  });
  const auto back = [shift](const test::DeviceArray<T>& array) {
    auto values = array.to_vector();
    values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(shift));
    return values;
  };
  return {back(out), back(dq), back(dk), back(dv), lse.to_vector()};
}

/// Largest |a - b|; infinite where one is not a number.
template <typename A, typename B>
double difference(const std::vector<A>& a, const std::vector<B>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double error = std::abs(element_cast<double>(a[i]) - element_cast<double>(b[i]));
    largest = std::max(largest, std::isnan(error) ? std::numeric_limits<double>::infinity() : error);
  }
  return largest;
}

double largest(const std::vector<double>& values) { return difference(values, std::vector<double>(values.size())); }

/// Twice what is given, or, since that may be small by chance, twice one rounding of the largest of what is summed up.
template <typename T>
double allowed(double error, const std::vector<double>& sums) {
  return 2 * std::max(error, kRounding<T> * largest(sums));
}

template <typename T>
bool same_bits(const Results<T>& a, const Results<T>& b) {
  for (int i = 0; i < 4; ++i)
    if (std::memcmp(part(a, i).data(), part(b, i).data(), part(a, i).size() * sizeof(T)) != 0) return false;
  return std::memcmp(a.lse.data(), b.lse.data(), a.lse.size() * sizeof(Accumulator<T>)) == 0;
}

/// From the results in double, all types may err twice as much as the textbook's way does; float and double also twice
/// as much as the CPU's float, double as much less as its numbers are finer.
template <typename T>
void check(const Case& c, std::size_t shift = 0, By by = {}) {
  using A = Accumulator<T>;
  using Single = std::conditional_t<std::same_as<T, double>, float, T>;
  constexpr bool kHalf = sizeof(T) == 2;
  const auto exact = make_inputs(c);
  const auto rounded = cast<Single>(exact);
  const auto in = cast<T>(rounded);
  const auto same = on_cpu(c, cast<double>(rounded));  // of the inputs as they are
  const auto expected = kHalf ? on_cpu(c, exact) : same;
  const auto single = on_cpu(c, cast<float>(rounded));
  const auto naive = textbook(c, rounded);
  const auto got = on_cuda(c, in, shift, by);
  const double finer = std::same_as<T, double> ? 2 * 0x1p-29 : 1;  // of both, since what is expected errs as well
  for (int i = 0; i < 4; ++i) {
    INFO(kParts[i]);
    const double of_cpu = kHalf ? 0 : difference(part(single, i), part(expected, i));
    const double error = std::max(of_cpu, difference(part(naive.results, i), part(expected, i)));
    CHECK(difference(part(got, i), part(expected, i)) <= allowed<T>(finer * error, part(naive.magnitudes, i)));
  }
  double lse_error = allowed<A>(finer * difference(single.lse, same.lse), same.lse);
  if (by.forward == Choice::kCudnn)  // whose functions err more, but by no rounding of p, whose relative error it is
    lse_error = std::max(lse_error, allowed<T>(0, {1}));
  CHECK(difference(got.lse, same.lse) <= lse_error);
  CHECK(same_bits(got, on_cuda(c, in, shift, by)));
}

/// All that can be chosen here.
std::vector<Choice> choices() {
  std::vector<Choice> result{Choice::kTempa};
  if (cuda::has_cudnn()) result.push_back(Choice::kCudnn);
  return result;
}

std::string to_string(const Case& c) {
  std::string text = "heads " + std::to_string(c.heads) + " of " + std::to_string(c.head_size) + ", drop_prob " +
                     std::to_string(c.drop_prob) + ", queries and keys";
  for (std::size_t b = 0; b < c.queries.size(); ++b)
    text += " " + std::to_string(c.queries[b]) + "x" + std::to_string(c.keys[b]);
  return text;
}

}  // namespace

TEMPLATE_TEST_CASE("CUDA attention: head sizes on all paths, both directions", "[cuda]", float, double, float16,
                   bfloat16) {
  const Case cases[] = {{{1}, {1}, 1, 1},         {{2, 33, 31}, {2, 33, 31}, 2, 5},
                        {{1, 1}, {34, 5}, 1, 64}, {{17, 1}, {3, 34}, 2, 32, 0.3},
                        {{5}, {35}, 1, 80, 0.1},  {{9}, {10}, 1, 128, 0.5, 30},
                        {{3}, {33}, 1, 256, 0.2}};
  for (const Case& c : cases) {
    INFO(to_string(c));
    check<TestType>(c);
  }
}

TEMPLATE_TEST_CASE("CUDA attention: lengths on all paths, both directions", "[cuda]", float, bfloat16) {
  constexpr bool kTensorCores = sizeof(TestType) == 2;
  constexpr Index kSize = kTensorCores ? 64 : 4;  // the path depends on it in 16 bits alone
  std::vector<Case> cases = {{{64, 1}, {64, 1}, 1, kSize, 0.1},
                             {{1, 1}, {200, 3}, 1, kSize, 0.1},
                             {{129}, {129}, 1, kSize},
                             {{70}, {200}, 1, kSize / 2},
                             {{3}, {131}, 1, kSize - 3, 0.1, 64}};
  if (kTensorCores) {
    cases.push_back({{127, 65}, {127, 65}, 1, kSize, 0.1});
    cases.push_back({{128}, {128}, 1, kSize});
    cases.push_back({{200}, {70}, 1, 2 * kSize, 0.2});
  }
  for (const Case& c : cases) {
    INFO(to_string(c));
    check<TestType>(c);
  }
}

TEST_CASE("CUDA attention: rows that no vector load fits", "[cuda]") {
  check<bfloat16>({{5, 20}, {7, 18}, 2, 16, 0.1}, 1);
  check<bfloat16>({{5}, {150}, 1, 16, 0.1}, 1);
  check<float>({{5, 20}, {7, 18}, 2, 16}, 1);
}

TEMPLATE_TEST_CASE("CUDA attention: gradients that nobody wants are not written", "[cuda]", float, bfloat16) {
  using T = TestType;
  for (const Index length : {20, 130}) {
    if (sizeof(T) == 4 && length > 64) continue;  // the same kernels
    const Case c{{static_cast<std::int32_t>(length)}, {static_cast<std::int32_t>(length)}, 1, 32};
    const auto in = cast<T>(make_inputs(c));
    const auto all = on_cuda(c, in);
    const test::DeviceArray<std::int32_t> bounds(bounds_of(c.queries));
    const test::DeviceArray<T> q(in.q), k(in.k), v(in.v), dout(in.dout), out(all.out);
    const test::DeviceArray<Accumulator<T>> lse(all.lse);
    for (const int wanted : {1, 2, 4, 6}) {
      test::DeviceArray<T> dq(in.q), dk(in.k), dv(in.v);
      with_sizes(c, bounds.data(), bounds.data(), [&](auto... sizes) {
        cuda::attention_backward(cuda::current_backend(0), (wanted & 1) != 0 ? dq.data() : nullptr,
                                 (wanted & 2) != 0 ? dk.data() : nullptr, (wanted & 4) != 0 ? dv.data() : nullptr,
                                 dout.data(), out.data(), lse.data(), q.data(), k.data(), v.data(), sizes...);
      });
      CHECK(difference(dq.to_vector(), (wanted & 1) != 0 ? all.dq : in.q) == 0);
      CHECK(difference(dk.to_vector(), (wanted & 2) != 0 ? all.dk : in.k) == 0);
      CHECK(difference(dv.to_vector(), (wanted & 4) != 0 ? all.dv : in.v) == 0);
    }
  }
}

TEMPLATE_TEST_CASE("CUDA attention: the mask is the CPU's", "[cuda]", float, bfloat16) {
  using T = TestType;
  // Scores of 0, and v of unit vectors: out is the mask. In the backward pass dout of unit vectors makes dv the mask.
  const std::vector<Index> lengths = sizeof(T) == 4 ? std::vector<Index>{13, 50} : std::vector<Index>{30, 70, 130};
  for (const Index length : lengths) {
    constexpr double kDropProb = 0.5;
    const Index size = std::min<Index>(length, 128);
    const Case c{{static_cast<std::int32_t>(length)}, {static_cast<std::int32_t>(length)}, 1, size, kDropProb};
    const auto elements = static_cast<std::size_t>(length * size);
    Inputs<T> in{std::vector<T>(elements), std::vector<T>(elements), std::vector<T>(elements),
                 std::vector<T>(elements)};
    for (Index i = 0; i < size; ++i)
      in.v[static_cast<std::size_t>(i * size + i)] = in.dout[static_cast<std::size_t>(i * size + i)] =
          element_cast<T>(1.0);
    const auto got = on_cuda(c, in);
    const RandomStream stream{5, 3};
    const Index row = attention_mask_row(length);
    for (Index i = 0; i < size; ++i)
      for (Index j = 0; j < size; ++j) {
        const bool kept = stream.bits(static_cast<std::uint64_t>(i * row + j)) >= drop_threshold(kDropProb);
        const auto out = element_cast<double>(got.out[static_cast<std::size_t>(i * size + j)]);
        const auto dv = element_cast<double>(got.dv[static_cast<std::size_t>(j * size + i)]);
        if ((out != 0) != kept || (dv != 0) != kept) FAIL("query " << i << ", key " << j << " of " << length);
      }
  }
  SUCCEED();
}

TEST_CASE("CUDA attention: impossible lengths and head sizes are errors", "[cuda]") {
  const Case c{{5, 9}, {5, 9}, 1, 8};
  auto in = make_inputs(c);
  CHECK_THROWS_AS(on_cuda<double>({c.queries, c.keys, 1, 8, 0, -2}, in), ValueError);
  CHECK_NOTHROW(on_cuda<double>(c, in));
  CHECK_THROWS_AS(on_cuda<double>({{1}, {1}, 1, 257}, make_inputs({{1}, {1}, 1, 257})), ValueError);
  for (const Choice choice : choices()) {
    const Chosen chosen(choice);
    CHECK_THROWS_AS(
        on_cuda<bfloat16>({{5, 90}, {5, 90}, 1, 8, 0, -2}, cast<bfloat16>(make_inputs({{5, 90}, {5, 90}, 1, 8}))),
        ValueError);
  }
}

TEMPLATE_TEST_CASE("CUDA attention: a sequence without keys gives 0, one without queries nothing", "[cuda]", float,
                   bfloat16) {
  using T = TestType;
  for (const Choice choice : choices())
    for (const std::int32_t length : {20, 130}) {
      if (sizeof(T) == 4 && length > 64) continue;  // the same kernels
      const Chosen chosen(choice);
      const Case c{{length, 2, 0}, {length, 0, 3}, 1, 32};
      const auto got = on_cuda(c, cast<T>(make_inputs(c)));
      for (const auto* part : {&got.out, &got.dq})
        for (std::size_t i = part->size() - 2 * 32; i < part->size(); ++i) CHECK(element_cast<double>((*part)[i]) == 0);
      for (const auto* part : {&got.dk, &got.dv})
        for (std::size_t i = part->size() - 3 * 32; i < part->size(); ++i) CHECK(element_cast<double>((*part)[i]) == 0);
    }
}

TEMPLATE_TEST_CASE("CUDA attention by cuDNN is right, and each of its passes goes with the kernels' other one",
                   "[cuda]", float16, bfloat16) {
  using T = TestType;
  if (!cuda::has_cudnn()) {
    WARN("skipped: the kernels were built without cuDNN");
    return;
  }
  if (skips_without_cuda()) return;
  const Case cases[] = {{{1}, {1}, 1, 64},         {{17, 64, 1}, {17, 64, 1}, 2, 64},
                        {{3, 40}, {70, 5}, 3, 8},  {{130}, {130}, 1, 128},
                        {{1, 1}, {9, 200}, 2, 32}, {{6, 5}, {6, 5}, 2, 40, 0, 100},
                        {{20}, {33}, 1, 64, 0.1},  {{7}, {7}, 2, 20}};  // of the last two cuDNN takes none
  for (const Case& c : cases) {
    INFO(to_string(c));
    const auto longest = [&](const Lengths& lengths) {
      return *std::max_element(lengths.begin(), lengths.end()) + c.slack;
    };
    const auto passes = cuda::cudnn_passes<T>(cuda::current_backend(0), static_cast<Index>(c.queries.size()),
                                              longest(c.queries), longest(c.keys), c.heads, c.head_size);
    if (c.head_size % 8 == 0 && !passes.forward) WARN("skipped: cuDNN has no plan for " << to_string(c));
    if (passes.forward && !passes.backward) WARN("cuDNN has no deterministic backward pass for " << to_string(c));
    check<T>(c, 0, {Choice::kCudnn, Choice::kCudnn});
    check<T>(c, 0, {Choice::kCudnn, Choice::kTempa});
    check<T>(c, 0, {Choice::kTempa, Choice::kCudnn});
  }
}

}  // namespace attention_test
