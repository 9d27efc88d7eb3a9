// Each rule of the tensors of PyTorch's checkpoints, by a file that breaks it.
#include <tempa/io/torch/torch_bin.hpp>

#include "io/torch_bin_complaint.hpp"
#include "io/torch_bytes.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

namespace torch_tensor_rules_test {

using namespace tempa;

namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

/// `_rebuild_tensor_v2` of arguments that tests break.
std::string rebuilt(const std::vector<std::string>& arguments) {
  return pickle_reference("torch._utils", "_rebuild_tensor_v2") + pickle_tuple(arguments) + "R";
}

}  // namespace

TEST_CASE("PyTorch rule: a tensor lies within its storage, computed without overflow", "[io]") {
  const std::string end = "tensor 'w': expected to end within the 4 elements of its storage but element ";
  const std::string negative = "tensor 'w': expected sizes and strides of at least 0 but got the integer -1";
  const std::string stride = "tensor 'w': expected strides that lead to elements below 2^63 but got ";
  const auto tensor = [](std::int64_t offset, std::initializer_list<std::int64_t> sizes,
                         std::initializer_list<std::int64_t> strides) {
    return torch_zip_of(torch_tensor(kFourFloats, offset, sizes, strides));
  };
  check_each({
      {tensor(0, {2, 2}, {2, 1}), "(nothing was thrown)"},
      {tensor(0, {2, 2}, {1, 2}), "(nothing was thrown)"},
      {tensor(4, {0}, {1}), "(nothing was thrown)"},
      {tensor(3, {1, 1}, {kHuge, kHuge}), "(nothing was thrown)"},  // the stride of a single element says nothing
      {tensor(0, {5}, {1}), end + "4 is needed"},
      {tensor(1, {4}, {1}), end + "4 is needed"},
      {tensor(0, {2}, {4}), end + "4 is needed"},
      {tensor(0, {2, 2}, {3, 1}), end + "4 is needed"},
      {tensor(4, {}, {}), end + "4 is needed"},
      {tensor(5, {0}, {1}), "tensor 'w': expected to begin within the 4 elements of its storage but begins at 5"},
      {tensor(kHuge, {2}, {1}),
       "tensor 'w': expected to begin within the 4 elements of its storage but begins at 9223372036854775807"},
      {tensor(-1, {1}, {1}), "tensor 'w': expected a storage offset of at least 0 but got the integer -1"},
      {tensor(0, {-1}, {1}), negative},
      {tensor(3, {2}, {-1}), negative},
      {tensor(1, {2}, {kHuge}), stride + "9223372036854775807"},
      {tensor(0, {3}, {std::int64_t{1} << 62}), stride + "4611686018427387904"},
      {tensor(0, {3, 3}, {std::int64_t{1} << 61, std::int64_t{1} << 61}), stride + "2305843009213693952"},
      {tensor(0, {std::int64_t{1} << 32, std::int64_t{1} << 32}, {0, 0}),
       "tensor 'w': expected fewer than 2^63 elements but has more"},
      {tensor(0, {0, std::int64_t{1} << 62, std::int64_t{1} << 62}, {0, 0, 0}), "(nothing was thrown)"},
      {tensor(0, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}),
       "tensor 'w': expected at most 8 dimensions but has 9"},
  });
}

TEST_CASE("PyTorch rule: a tensor has no more elements than its storage", "[io]") {
  const std::string message = "tensor 'w': expected at most the 4 elements of its storage but shape ";
  check_each({
      {torch_zip_of(torch_tensor(kFourFloats, 0, {1'000'000'000}, {0})), message + "(1000000000) has 1000000000"},
      {torch_zip_of(torch_tensor(kFourFloats, 0, {5}, {0})), message + "(5) has 5"},
      {torch_zip_of(torch_tensor(kFourFloats, 0, {3, 2}, {1, 1})), message + "(3,2) has 6"},  // windows
      {torch_zip_of(torch_tensor(kFourFloats, 0, {4}, {0})), "(nothing was thrown)"},
  });
}

TEST_CASE("PyTorch rule: copies of views of one storage are no larger than the file", "[io]") {
  const std::string bytes(40'000, 'x');
  const std::string storage = torch_storage("FloatStorage", "0", 10'000);
  std::vector<std::string> items;
  for (std::int64_t i = 1; i <= 60; ++i) {
    items.push_back(pickle_text(concat("t", i)));
    items.push_back(torch_tensor(storage, 0, {i, 100}, {1, 100 - i}));  // none contiguous, all different
  }
  std::size_t total = 0;
  int last = 0;
  for (int i = 1; i <= 60; ++i)
    if ((total += static_cast<std::size_t>(i) * 400) > 40'000 && last == 0) last = i;
  const std::string file = torch_zip(pickle_dict(items), {{.name = "0", .bytes = bytes}});
  CHECK(file.size() < 2 * bytes.size());
  CHECK(torch_bin_complaint(file).find(
            concat("expected the tensors that are not contiguous to have together at most as many bytes as "
                   "the file, ",
                   file.size(), ", but with this one they have more")) != std::string::npos);
  CHECK(last < 60);

  items.clear();
  for (int i = 0; i < 60; ++i) {
    items.push_back(pickle_text(concat("t", i)));
    items.push_back(torch_tensor(storage, 0, {100, 100}, {1, 100}));  // the same again: one copy
  }
  CHECK(torch_bin_complaint(torch_zip(pickle_dict(items), {{.name = "0", .bytes = bytes}})) == "(nothing was thrown)");
}

TEST_CASE("PyTorch rule: a tensor is rebuilt from what _rebuild_tensor_v2 takes", "[io]") {
  const std::string offset = pickle_int(0), sizes = pickle_sizes({4}), strides = pickle_sizes({1}),
                    hooks = pickle_ordered_dict();
  check_each({
      {torch_zip_of(rebuilt({})), "tensor 'w': expected 6 or 7 arguments but got 0"},
      {torch_zip_of(rebuilt({kFourFloats, offset, sizes, strides, kPickleTrue})),
       "tensor 'w': expected 6 or 7 arguments but got 5"},
      {torch_zip_of(rebuilt({kFourFloats, offset, sizes, strides, kPickleTrue, hooks, "}", "N"})),
       "tensor 'w': expected 6 or 7 arguments but got 8"},
      {torch_zip_of(rebuilt({"N", offset, sizes, strides, kPickleTrue, hooks})),
       "tensor 'w': expected a storage but got None"},
      {torch_zip_of(rebuilt({pickle_reference("torch", "FloatStorage"), offset, sizes, strides, kPickleTrue, hooks})),
       "tensor 'w': expected a storage but got the name FloatStorage"},
      {torch_zip_of(rebuilt({kFourFloats, "N", sizes, strides, kPickleTrue, hooks})),
       "tensor 'w': expected a storage offset of at least 0 but got None"},
      {torch_zip_of(rebuilt({kFourFloats, offset, pickle_int(4), strides, kPickleTrue, hooks})),
       "tensor 'w': expected a tuple as its shape but got the integer 4"},
      {torch_zip_of(rebuilt({kFourFloats, offset, pickle_list({pickle_int(4)}), strides, kPickleTrue, hooks})),
       "tensor 'w': expected a tuple as its shape but got a list of 1"},
      {torch_zip_of(rebuilt({kFourFloats, offset, sizes, pickle_sizes({1, 1}), kPickleTrue, hooks})),
       "tensor 'w': expected 1 strides but got a tuple of 2"},
      {torch_zip_of(rebuilt({kFourFloats, offset, sizes, "N", kPickleTrue, hooks})),
       "tensor 'w': expected 1 strides but got None"},
      {torch_zip_of(rebuilt({kFourFloats, offset, pickle_tuple({pickle_text("4")}), strides, kPickleTrue, hooks})),
       "tensor 'w': expected sizes and strides of at least 0 but got the string '4'"},
      {torch_zip_of(rebuilt({kFourFloats, offset, pickle_tuple({kPickleTrue}), strides, kPickleTrue, hooks})),
       "tensor 'w': expected sizes and strides of at least 0 but got True"},
      {torch_zip_of(rebuilt({kFourFloats, offset, sizes, strides, "N", hooks})),
       "tensor 'w': expected True or False as requires_grad but got None"},
      {torch_zip_of(rebuilt({kFourFloats, offset, sizes, strides, kPickleTrue, "N"})),
       "tensor 'w': expected an empty dict as its hooks but got None"},
      {torch_zip_of(rebuilt({kFourFloats, offset, sizes, strides, kPickleTrue, pickle_dict({pickle_int(1), "N"})})),
       "tensor 'w': expected an empty dict as its hooks but got a dict of 1"},
      {torch_zip_of(
           rebuilt({kFourFloats, offset, sizes, strides, kPickleTrue, hooks, pickle_dict({"U\4conj", kPickleTrue})})),
       "tensor 'w': expected no metadata (conjugate, negative) but got a dict of 1"},
  });
}

TEST_CASE("PyTorch rule: a parameter holds a tensor, and not a parameter", "[io]") {
  const std::string rebuild = pickle_reference("torch._utils", "_rebuild_parameter"),
                    parameter = pickle_reference("torch.nn.parameter", "Parameter"),
                    tensor = torch_tensor(kFourFloats, 0, {4}, {1}), hooks = pickle_ordered_dict();
  const std::string whole = rebuild + pickle_tuple({tensor, kPickleTrue, hooks}) + "R";
  check_each({
      {torch_zip_of(whole), "(nothing was thrown)"},
      {torch_zip_of(rebuild + pickle_tuple({tensor, kPickleTrue}) + "R"),
       "tensor 'w': expected a parameter's tensor, requires_grad and hooks but got a tuple of 2"},
      {torch_zip_of(rebuild + pickle_tuple({tensor, kPickleTrue, hooks, "N"}) + "R"),
       "tensor 'w': expected a parameter's tensor, requires_grad and hooks but got a tuple of 4"},
      {torch_zip_of(parameter + ")R"),
       "tensor 'w': expected a parameter's tensor, requires_grad and hooks but got a tuple of 0"},
      {torch_zip_of(parameter + pickle_tuple({tensor, kPickleTrue, hooks}) + "R"),
       "tensor 'w': expected a parameter's tensor, requires_grad and hooks but got a tuple of 3"},
      {torch_zip_of(rebuild + pickle_tuple({tensor, "N", hooks}) + "R"),
       "tensor 'w': expected True or False as requires_grad but got None"},
      {torch_zip_of(rebuild + pickle_tuple({tensor, kPickleTrue, "]"}) + "R"),
       "tensor 'w': expected an empty dict as its hooks but got a list of 0"},
      {torch_zip_of(rebuild + pickle_tuple({whole, kPickleTrue, hooks}) + "R"),
       "tensor 'w': expected a tensor but got a _rebuild_parameter"},
      {torch_zip_of(rebuild + pickle_tuple({kFourFloats, kPickleTrue, hooks}) + "R"),
       "tensor 'w': expected a tensor but got a storage"},
  });
}

TEST_CASE("PyTorch rule: an element type that tensors do not have is named with the tensor", "[io]") {
  for (const std::string type : {"ShortStorage", "CharStorage"}) {
    const std::int64_t numel = type == "ShortStorage" ? 8 : 16;
    CHECK(torch_bin_complaint(torch_zip_of(torch_tensor(torch_storage(type, "0", numel), 0, {numel}, {1}))) ==
          "tensor 'w': expected Float, Double, Half, BFloat16, Int, Long, Byte or BoolStorage but got " + type);
  }
  for (const std::string type : {"ComplexFloatStorage", "QInt8Storage", "Float8_e4m3fnStorage"})
    CHECK(torch_bin_complaint(torch_zip_of(torch_storage(type, "0", 2))).find("got GLOBAL 'torch " + type + "'") !=
          std::string::npos);
}

}  // namespace torch_tensor_rules_test
