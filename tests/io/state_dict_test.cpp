// Named tensors, and copying them from one owner to another.
#include <tempa/io/state_dict.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace state_dict_test {

using namespace tempa;

namespace {

using Names = std::vector<std::string>;

/// One tensor named "w".
template <Element T>
StateDict one(const Tensor<T>& tensor) {
  StateDict state;
  state.insert("w", tensor);
  return state;
}

template <Floating From, Floating To>
void check_conversion() {
  const std::vector<float> values = {0.0f, -1.5f, 0.25f, 96.0f};  // exact in every type
  StateDict target = one(Tensor<To>::zeros({2, 2}));
  const Tensor<To> shared = target.get<To>("w");  // what a module would hold
  const LoadReport report = copy_matching(one(Tensor<float>::from(values, {2, 2}).template cast<From>()), target);
  CHECK(report.complete());
  CHECK(shared.template cast<float>().to_vector() == values);
}

}  // namespace

TEST_CASE("State dict: tensors of several types are found by name, in their order", "[io]") {
  StateDict state;
  state.insert("b", Tensor<float>::from({1, 2}));
  state.insert("a", Tensor<std::int64_t>::from({7}));
  CHECK(state.size() == 2);
  CHECK(state.begin()->name == "b");
  CHECK(state.contains("a"));
  CHECK(state.find("c") == nullptr);
  CHECK(dtype(state.at("a")) == DType::kInt64);
  CHECK(shape(state.at("b")) == Shape{2});
  CHECK(state.get<double>("b").to_vector() == std::vector<double>{1, 2});
  CHECK(state.get<std::int64_t>("a").item() == 7);
  CHECK(thrown<ValueError>([&] { state.insert("a", Tensor<float>::from({0})); }) ==
        "[StateDict] every name must be there once but 'a' is there already");
  CHECK(state.size() == 2);
  CHECK(thrown<ValueError>([&] { state.at("c"); }) ==
        "[StateDict] expected a tensor 'c' but none of the 2 has this name");
  CHECK(thrown<ValueError>([&] { state.get<float>("a"); }) == "[StateDict] 'a' must be float32 but is int64");
  CHECK(thrown<ValueError>([&] { state.get<std::int32_t>("a"); }) == "[StateDict] 'a' must be int32 but is int64");
}

TEST_CASE("State dict: an entry shares the storage of the tensor that was put in", "[io]") {
  Tensor<float> weight = Tensor<float>::zeros({2});
  const StateDict state = one(weight);
  weight.fill(3);
  CHECK(state.get<float>("w").to_vector() == std::vector<float>{3, 3});
}

TEST_CASE("State dict: copying converts between all floating-point types, into the shared storage", "[io]") {
  check_conversion<float, float>();
  check_conversion<float, double>();
  check_conversion<float, float16>();
  check_conversion<float, bfloat16>();
  check_conversion<double, float>();
  check_conversion<double, double>();
  check_conversion<double, float16>();
  check_conversion<double, bfloat16>();
  check_conversion<float16, float>();
  check_conversion<float16, double>();
  check_conversion<float16, float16>();
  check_conversion<float16, bfloat16>();
  check_conversion<bfloat16, float>();
  check_conversion<bfloat16, double>();
  check_conversion<bfloat16, float16>();
  check_conversion<bfloat16, bfloat16>();
}

TEST_CASE("State dict: the report says what was copied, missing, left over and unfit", "[io]") {
  StateDict target, source;
  target.insert("bert.w", Tensor<float>::zeros({2}));
  target.insert("classifier.w", Tensor<float>::full({3, 2}, 5));
  target.insert("classifier.b", Tensor<float>::full({3}, 6));
  target.insert("ids", Tensor<std::int64_t>::full({1}, 8));
  target.insert("scale", Tensor<float>::full({1}, 9));
  source.insert("cls.w", Tensor<float>::zeros({1}));
  source.insert("scale", Tensor<std::int32_t>::zeros({1}));
  source.insert("classifier.w", Tensor<double>::zeros({2, 2}));
  source.insert("bert.w", Tensor<float>::from({1, 2}));
  source.insert("ids", Tensor<std::int64_t>::full({1}, 4));

  const LoadReport report = copy_matching(source, target);
  CHECK(report.loaded == Names{"bert.w", "ids"});
  CHECK(report.missing == Names{"classifier.b"});
  CHECK(report.unexpected == Names{"cls.w"});
  REQUIRE(report.mismatched.size() == 2);
  CHECK(report.mismatched[0].name == "classifier.w");
  CHECK(report.mismatched[1].name == "scale");
  CHECK(!report.complete());
  CHECK(target.get<float>("bert.w").to_vector() == std::vector<float>{1, 2});
  CHECK(target.get<std::int64_t>("ids").item() == 4);
  CHECK(target.get<float>("classifier.w").to_vector() == std::vector<float>(6, 5.0f));
  CHECK(target.get<float>("classifier.b").to_vector() == std::vector<float>(3, 6.0f));
  CHECK(target.get<float>("scale").item() == 9.0f);

  const std::string text =
      "BertForSequenceClassification LOAD REPORT from: model.safetensors\n"
      "Key          | Status     | Details\n"
      "-------------+------------+----------------------------------------------\n"
      "cls.w        | UNEXPECTED |\n"
      "classifier.b | MISSING    |\n"
      "scale        | MISMATCH   | checkpoint (1) int32, model (1) float32\n"
      "classifier.w | MISMATCH   | checkpoint (2,2) float64, model (3,2) float32\n"
      "\n"
      "Notes:\n"
      "- UNEXPECTED: only the checkpoint has them; they are not used. Normal when it was made for another task.\n"
      "- MISSING: only the model has them; they are newly initialized. Train the model on your task before you use "
      "it.\n"
      "- MISMATCH: the checkpoint's do not fit into the model's; they are newly initialized. Train the model on your "
      "task before you use it.";
  CHECK(report.to_string("model.safetensors", "BertForSequenceClassification") == text);
  CHECK(thrown<ShapeError>([&] { report.require_complete("model.safetensors", "BertForSequenceClassification"); }) ==
        "[load_state_dict] " + text);
}

TEST_CASE("State dict: a complete load is one line, and what is left out is an error where it must not be", "[io]") {
  StateDict target = one(Tensor<float>::zeros({1}));
  const LoadReport whole = copy_matching(one(Tensor<float>::zeros({1})), target);
  CHECK(whole.complete());
  CHECK(whole.to_string("a file", "Linear") == "all 1 tensors of Linear were loaded from a file");
  whole.require_complete("a file", "Linear");

  const LoadReport nothing = copy_matching(StateDict(), target);
  CHECK(thrown<ValueError>([&] { nothing.require_complete("a file", "Linear"); }) ==
        "[load_state_dict] Linear LOAD REPORT from: a file\n"
        "Key | Status\n"
        "----+--------\n"
        "w   | MISSING\n"
        "\n"
        "Notes:\n"
        "- MISSING: only the model has them; they are newly initialized. Train the model on your task before you use "
        "it.");
}

TEST_CASE("State dict: names that differ in their numbers only are one row of the report", "[io]") {
  const auto merged = [](const Names& names) { return detail::merge_numbered_names(names); };
  CHECK(merged({"a.0.b", "c", "a.2.b", "a.1.b"}) == Names{"a.{0, 1, 2}.b", "c"});
  CHECK(merged({"a.0.b.7", "a.1.b.7"}) == Names{"a.{0, 1}.b.7"});
  CHECK(merged({"layer1.x", "layer2.x"}) == Names{"layer1.x", "layer2.x"});
  CHECK(merged({"a.3", "3.a", "a.-1.b", "a.1x"}) == Names{"a.3", "3.a", "a.-1.b", "a.1x"});
  CHECK(merged({"a..b", "", "."}) == Names{"a..b", "", "."});
  Names layers;
  for (int i = 0; i < 12; ++i) layers.push_back("encoder.layer." + std::to_string(i) + ".bias");
  CHECK(merged(layers) == Names{"encoder.layer.{0...11}.bias"});

  LoadReport report;
  report.unexpected = {"\x1b[31mred"};  // a file's name does not reach the terminal as it is
  CHECK(report.to_string("file", "Model").find("\\x1b[31mred | UNEXPECTED") != std::string::npos);
}

TEST_CASE("State dict: values that are not finite are refused where that is asked for, before anything is copied",
          "[io]") {
  StateDict source, target;
  for (const std::string name : {"a", "b"}) target.insert(name, Tensor<float16>::zeros({2}));
  source.insert("a", Tensor<float>::from({1, 2}));
  source.insert("b", Tensor<float>::from({1, 1e6f}));  // finite, but not as float16
  CHECK(thrown<NumericalError>([&] { copy_matching(source, target, {.check_finite = true}); }) ==
        "[load_state_dict] 'b' must be finite but element 1 is inf");
  CHECK(target.get<float>("a").to_vector() == std::vector<float>{0, 0});

  StateDict wide = one(Tensor<double>::zeros({1}));
  const StateDict nan = one(Tensor<float>::from({std::numeric_limits<float>::quiet_NaN()}));
  CHECK(thrown<NumericalError>([&] { copy_matching(nan, wide, {.check_finite = true}); }) ==
        "[load_state_dict] 'w' must be finite but element 0 is nan");
  CHECK(copy_matching(nan, wide).complete());
}

TEST_CASE("StateDict: a value that is not finite is found wherever it is, in every type, by any number of threads",
          "[io]") {
  const auto check = []<Floating T>(std::type_identity<T>) {
    constexpr Index kSize = 300'007;
    const int before = num_threads();
    for (const int threads : {1, 3}) {
      set_num_threads(threads);
      for (const Index place : {Index{0}, Index{255}, Index{256}, Index{150'000}, kSize - 1})
        for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
          Tensor<T> tensor = Tensor<T>::full({kSize}, T(1.0f));
          tensor.data()[place] = element_cast<T>(value);
          tensor.data()[kSize - 1] = element_cast<T>(value);  // the first one is named
          const StateDict source = one(tensor);
          StateDict target = one(Tensor<T>::zeros({kSize}));
          CHECK(thrown<NumericalError>(
                    [&] { copy_matching(source, target, {.check_finite = true, .source = "model.safetensors"}); }) ==
                concat("[load_state_dict] model.safetensors: 'w' must be finite but element ", place, " is ", value));
        }
    }
    set_num_threads(before);
  };
  check(std::type_identity<float>());
  check(std::type_identity<double>());
  check(std::type_identity<float16>());
  check(std::type_identity<bfloat16>());
}

TEST_CASE("State dict: a clone has the same values in storage of its own", "[io]") {
  StateDict state;
  state.insert("a", Tensor<float>::from({1, 2}));
  state.insert("n", Tensor<std::int32_t>::from({3}));
  const StateDict copy = state.clone();
  state.get<float>("a").copy_from(Tensor<float>::from({5, 6}));
  CHECK(state.get<float>("a").to_vector() == std::vector<float>{5, 6});
  REQUIRE(copy.size() == 2);
  CHECK(copy.get<float>("a").to_vector() == std::vector<float>{1, 2});
  CHECK(copy.begin()->name == "a");
  CHECK(std::get<Tensor<std::int32_t>>(copy.at("n")).to_vector() == std::vector<std::int32_t>{3});
}

}  // namespace state_dict_test
