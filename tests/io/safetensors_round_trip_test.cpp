// What is written is what is read, here and by the format's Python package.
#include <tempa/io/safetensors/safetensors.hpp>

#include "io/safetensors_bytes.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <locale>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace safetensors_round_trip_test {

using namespace tempa;
namespace fs = std::filesystem;

namespace {

const std::string kOddName = "odd \"name\"\\\n\x01\x7f größe 😀";

/// The tensors of tests/fixtures/io/make_safetensors.py, without the one of booleans; in no particular order.
StateDict every_type() {
  using Limits = std::numeric_limits<float>;
  StateDict state;
  state.insert("u8.vector", Tensor<std::uint8_t>::from({0, 127, 255}));
  state.insert("f32.matrix", Tensor<float>::from({-1, -0.5f, 0, 0.5f, 1, 1.5f}, {2, 3}));
  state.insert(kOddName, Tensor<float>::from({1}));
  state.insert("f16.vector", Tensor<float>::from({1.0f / 3.0f, -65504, 6e-8f}).cast<float16>());
  state.insert("f64.scalar", Tensor<double>::full({}, 0.1));
  state.insert(
      "i64.position_ids",
      Tensor<std::int64_t>::from({0, std::int64_t{1} << 40, std::int64_t{2} << 40, std::int64_t{3} << 40}, {1, 4}));
  state.insert("f32.special",
               Tensor<float>::from({Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), -0.0f, 1e-45f}));
  state.insert("f32.empty", Tensor<float>(Shape{0, 3}));
  state.insert("i32.vector", Tensor<std::int32_t>::from({std::numeric_limits<std::int32_t>::min(), 0,
                                                         std::numeric_limits<std::int32_t>::max()}));
  state.insert("bf16.vector", Tensor<float>::from({1.0f / 3.0f, -3e38f, 1e-39f}).cast<bfloat16>());
  return state;
}

std::span<const std::byte> bytes_of(const AnyTensor& any) {
  return std::visit([](const auto& typed) { return std::as_bytes(typed.span()); }, any);
}

void check_same(const AnyTensor& actual, const AnyTensor& expected) {
  CHECK(dtype(actual) == dtype(expected));
  CHECK(shape(actual) == shape(expected));
  const auto a = bytes_of(actual), b = bytes_of(expected);
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

}  // namespace

TEST_CASE("Safetensors: a file of the Python package is read to the last bit", "[io]") {
  const std::string path = fixture_path("io/every_type.safetensors");
  const StateDict state = load_safetensors(path);
  const StateDict expected = every_type();
  CHECK(state.size() == expected.size() + 1);
  for (const auto& entry : expected) {
    CAPTURE(entry.name);
    check_same(state.at(entry.name), entry.tensor);
  }
  CHECK(state.get<std::uint8_t>("bool.mask").to_vector() == std::vector<std::uint8_t>{1, 0, 1});
  CHECK(SafetensorsFile(path).metadata() == std::map<std::string, std::string>{{"format", "pt"}});
}

TEST_CASE("Safetensors: the written file has the same bytes as the Python package's", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "model.safetensors";
  const StateDict state = every_type();
  std::vector<SafetensorsItem> items;
  for (const auto& entry : state)
    std::visit(
        [&]<Element T>(const Tensor<T>& typed) {
          items.push_back({entry.name, detail::safetensors_dtype_of<T>(), typed.shape(), std::as_bytes(typed.span())});
        },
        entry.tensor);
  items.push_back({"bool.mask", SafetensorsDType::kBool, {3}, as_file(std::string_view("\x01\x00\x01", 3))});
  write_safetensors(path, items);
  CHECK(read_text_file(path) == read_text_file(fixture_path("io/every_type.safetensors")));

  StateDict two;
  two.insert("a", Tensor<float>::zeros({1}));
  two.insert("b", Tensor<float>::full({2}, 1));
  save_safetensors(path, two, {.metadata = {}});
  CHECK(read_text_file(path) == read_text_file(fixture_path("io/no_metadata.safetensors")));
}

TEST_CASE("Safetensors: every type, a scalar and an empty tensor survive writing and reading", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "model.safetensors";
  const StateDict state = every_type();
  save_safetensors(path, state);
  const StateDict again = load_safetensors(path);
  CHECK(again.size() == state.size());
  for (const auto& entry : state) check_same(again.at(entry.name), entry.tensor);

  save_safetensors(path, StateDict());
  CHECK(load_safetensors(path).empty());
}

TEST_CASE("Safetensors: aligned tensors are views that outlive the file object, and may be changed", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "model.safetensors";
  save_safetensors(path, every_type());
  const std::string before = read_text_file(path);
  const MemoryStats memory = memory_stats();
  StateDict state = load_safetensors(path);
  CHECK(memory_stats().allocated_bytes == memory.allocated_bytes);  // no tensor has storage of its own
  Tensor<float> view = state.get<float>("f32.matrix");
  state = StateDict();
  CHECK(view.to_vector() == std::vector<float>{-1, -0.5f, 0, 0.5f, 1, 1.5f});
  view.fill(7);
  CHECK(view.at({1, 2}) == 7.0f);
  CHECK(read_text_file(path) == before);
}

TEST_CASE("Safetensors: a file may be replaced while its tensors are in use", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "model.safetensors";
  save_safetensors(path, every_type());
  const StateDict old = load_safetensors(path);
  StateDict smaller;
  smaller.insert("f32.matrix", Tensor<float>::zeros({1}));
  save_safetensors(path, smaller);
  for (const auto& entry : every_type()) check_same(old.at(entry.name), entry.tensor);
  save_safetensors(path, old);  // from the mapping of a file that has no name any more
  for (const auto& entry : every_type()) check_same(load_safetensors(path).at(entry.name), entry.tensor);
}

TEST_CASE("Safetensors: tensors that are not aligned, in the order of their names, are copied", "[io]") {
  const TemporaryFolder folder;
  const double values[] = {1.5, -2.5};
  std::string data = "x";
  data.append(reinterpret_cast<const char*>(values), sizeof values);
  const std::string header =
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F64","shape":[2],"data_offsets":[1,17]}})";
  const std::string path = folder.write("old.safetensors", safetensors_bytes(header, data));
  const StateDict state = load_safetensors(path);
  CHECK(state.get<double>("b").to_vector() == std::vector<double>{1.5, -2.5});
  CHECK(reinterpret_cast<std::uintptr_t>(state.get<double>("b").data()) % alignof(double) == 0);
}

TEST_CASE("Safetensors: floating-point tensors are stored as the type that is asked for, integers as they are",
          "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "model.safetensors";
  for (const DType type : {DType::kFloat64, DType::kFloat32, DType::kFloat16, DType::kBFloat16}) {
    save_safetensors(path, every_type(), {.floating_dtype = type});
    const StateDict state = load_safetensors(path);
    CHECK(dtype(state.at("f32.matrix")) == type);
    CHECK(dtype(state.at("f64.scalar")) == type);
    CHECK(dtype(state.at("bf16.vector")) == type);
    CHECK(dtype(state.at("i64.position_ids")) == DType::kInt64);
    CHECK(state.get<float>("f32.matrix").to_vector() == std::vector<float>{-1, -0.5f, 0, 0.5f, 1, 1.5f});
  }
  CHECK(thrown<ConfigError>([&] { save_safetensors(path, every_type(), {.floating_dtype = DType::kInt32}); }) ==
        "[save_safetensors] floating_dtype must be a floating-point type but is int32");
}

TEST_CASE("Safetensors: what would not be readable is not written", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "model.safetensors";
  const std::string data = "1234";
  const auto item = [&](std::string name, SafetensorsDType type, Shape sizes) {
    return SafetensorsItem{std::move(name), type, sizes, as_file(data)};
  };
  const auto complaint = [&](std::vector<SafetensorsItem> items) {
    return thrown<ValueError>([&] { write_safetensors(path, items); });
  };
  const std::string who = "[write_safetensors] " + path + ": ";
  CHECK(complaint({item("a", SafetensorsDType::kU8, {4}), item("a", SafetensorsDType::kF32, {1})}) ==
        who + "the name 'a' is there twice");
  CHECK(complaint({item("__metadata__", SafetensorsDType::kU8, {4})}) == who + "the name '__metadata__' is reserved");
  CHECK(complaint({item("a", SafetensorsDType::kF32, {2})}) ==
        who + "tensor 'a' of shape (2) and type F32 does not have 4 bytes");
  CHECK(complaint({item("\xff", SafetensorsDType::kU8, {4})}).find("names must be UTF-8") != std::string::npos);
  CHECK(!fs::exists(path));
}

TEST_CASE("Safetensors: a full disk is an IoError and leaves the old file", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "model.safetensors";
  save_safetensors(path, every_type());
  const std::string before = read_text_file(path);
  StateDict large;
  large.insert("w", Tensor<float>::zeros({1000, 1000}));
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old_limit) == 0);
  const rlimit limit{1'000'000, old_limit.rlim_max};  // writing beyond fails half-way, as on a full disk
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  const std::string message = thrown<IoError>([&] { save_safetensors(path, large); });
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, handler);
  CHECK(message == path + ": cannot write after 1000000 bytes: File too large");
  CHECK(read_text_file(path) == before);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("Safetensors: the program's locale does not reach the file", "[io]") {
  struct Grouping : std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const TemporaryFolder folder;
  const std::string path = folder.path() / "model.safetensors";
  StateDict state;
  state.insert("w", Tensor<float>::full({1234, 5}, 2));
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouping));
  save_safetensors(path, state);
  const Shape read = shape(load_safetensors(path).at("w"));
  std::locale::global(before);
  CHECK(read == Shape{1234, 5});
}

}  // namespace safetensors_round_trip_test
