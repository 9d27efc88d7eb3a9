// Checkpoints of torch.save, old style and new: the values of PyTorch, bit for bit.
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/io/torch/torch_bin.hpp>

#include "io/same_tensors.hpp"
#include "io/torch_bytes.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace torch_bin_test {

using namespace tempa;

namespace {

std::string float_bytes(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

const float* data_of(const StateDict& state, std::string_view name) {
  return std::get<Tensor<float>>(state.at(name)).data();
}

}  // namespace

TEST_CASE("PyTorch files: every kind of tensor has the bits that torch.save was given", "[io]") {
  const StateDict expected = load_safetensors(fixture_path("io/every_kind.safetensors"));
  REQUIRE(expected.size() == 26);
  for (const std::string format : {"zip", "legacy"}) {
    CAPTURE(format);
    const StateDict state = load_torch_bin(fixture_path("io/every_kind_" + format + ".bin"));
    check_same_tensors(state, expected);
    CHECK(state.begin()->name == "position_ids");  // the order of the file
    CHECK(std::get<Tensor<std::uint8_t>>(state.at("bool.mask")).to_vector() == std::vector<std::uint8_t>{1, 0, 1});
    CHECK(shape(state.at("f64.scalar")) == Shape{});
    CHECK(shape(state.at("f32.empty")) == Shape{0, 3});
  }
}

TEST_CASE("PyTorch files: a plain dict, with a parameter in it, is read like an OrderedDict", "[io]") {
  const StateDict expected = load_safetensors(fixture_path("io/plain_dict.safetensors"));
  check_same_tensors(load_torch_bin(fixture_path("io/plain_dict_zip.bin")), expected);
  check_same_tensors(load_torch_bin(fixture_path("io/plain_dict_legacy.bin")), expected);
  check_same_tensors(load_torch_bin(fixture_path("io/plain_dict_zip.bin"), {.check_crc = true}), expected);
}

TEST_CASE("PyTorch files: names of one storage share their memory, as in PyTorch", "[io]") {
  for (const std::string format : {"zip", "legacy"}) {
    CAPTURE(format);
    const StateDict state = load_torch_bin(fixture_path("io/every_kind_" + format + ".bin"));
    CHECK(data_of(state, "decoder.weight") == data_of(state, "embeddings.weight"));
    CHECK(data_of(state, "f32.part_of_part") == data_of(state, "f32.part") + 2);
    CHECK(data_of(state, "f32.transposed") == data_of(state, "f32.transposed_again"));  // one copy for both
    CHECK(data_of(state, "f32.transposed") != data_of(state, "f32.matrix"));
  }
}

TEST_CASE("PyTorch files: what torch.save aligned is not copied", "[io]") {
  reset_peak_memory();
  const std::size_t before = memory_stats().allocated_bytes;
  const TemporaryFolder folder;
  const std::vector<float> values(4096, 0.5f);
  ZipPart storage{.name = "0", .bytes = float_bytes(values)};
  const std::string body =
      pickle_dict({pickle_text("w"), torch_tensor(torch_storage("FloatStorage", "0", 4096), 0, {64, 64}, {64, 1})});
  for (int padding = 0; padding < 4; ++padding) {  // by the length of a member's name before it
    const std::string name(static_cast<std::size_t>(padding) + 1, 'x');
    const std::string path = folder.write("m.bin", zip_bytes({{.name = name, .bytes = ""},
                                                              {.name = "m/data.pkl", .bytes = pickle_bytes(body)},
                                                              {.name = "m/data/0", .bytes = storage.bytes}}));
    const bool is_aligned = read_text_file(path).find(storage.bytes) % alignof(float) == 0;
    const StateDict state = load_torch_bin(path);
    CHECK(std::get<Tensor<float>>(state.at("w")).to_vector() == values);
    CHECK(memory_stats().allocated_bytes - before >= (is_aligned ? 0u : storage.bytes.size()));
    if (is_aligned) CHECK(memory_stats().allocated_bytes == before);
    std::filesystem::remove(path);
  }
}

TEST_CASE("PyTorch files: tensors outlive the file, and writing to one does not reach it", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("m.bin", read_text_file(fixture_path("io/plain_dict_zip.bin")));
  const std::string before = read_text_file(path);
  StateDict state = load_torch_bin(path);
  auto bias = std::get<Tensor<float>>(state.at("b"));
  bias.fill(7.0f);
  CHECK(read_text_file(path) == before);
  std::filesystem::remove(path);
  CHECK(std::get<Tensor<float>>(state.at("b")).to_vector() == std::vector<float>{7.0f, 7.0f});
  CHECK(std::get<Tensor<float>>(state.at("w")).to_vector() == std::vector<float>{0, 3, 1, 4, 2, 5});
}

TEST_CASE("PyTorch files: a view of the legacy format is a part of its storage", "[io]") {
  const TemporaryFolder folder;
  const auto view = [](std::int64_t offset, std::int64_t size) {
    return pickle_tuple({pickle_text("view"), pickle_int(offset), pickle_int(size)});
  };
  const std::string body = pickle_dict(
      {pickle_text("whole"), torch_tensor(torch_storage("FloatStorage", "7", 6, kPickleNone), 0, {2, 3}, {3, 1}),
       pickle_text("view"), torch_tensor(torch_storage("FloatStorage", "7", 6, view(2, 3)), 1, {2}, {1}),
       pickle_text("empty"), torch_tensor(torch_storage("FloatStorage", "7", 6, view(6, 0)), 0, {0}, {1})});
  const std::string path =
      folder.write("m.bin", torch_legacy(body, {"7"}, {torch_block(6, float_bytes({0, 1, 2, 3, 4, 5}))}));
  const StateDict state = load_torch_bin(path);
  CHECK(std::get<Tensor<float>>(state.at("view")).to_vector() == std::vector<float>{3, 4});
  CHECK(data_of(state, "view") == data_of(state, "whole") + 3);
  CHECK(std::get<Tensor<float>>(state.at("empty")).empty());
}

TEST_CASE("PyTorch files: forms that other versions of PyTorch write", "[io]") {
  const TemporaryFolder folder;
  const std::string storage = torch_storage("FloatStorage", "0", 2);
  const std::string tensor = torch_tensor(storage, 0, {2}, {1});
  const std::string rebuild = pickle_reference("torch._utils", "_rebuild_tensor_v2");
  const auto rest = [&](const std::string& sizes, const std::string& more) {
    return pickle_tuple({storage, pickle_int(0), sizes, pickle_sizes({1}), kPickleTrue, pickle_ordered_dict(), more});
  };
  const std::string cases[] = {
      rebuild + rest(pickle_reference("torch", "Size") + "(" + pickle_sizes({2}) + "tR", "") + "R",
      rebuild + rest(pickle_sizes({2}), kPickleNone) + "R",      // metadata
      rebuild + rest(pickle_sizes({2}), pickle_dict({})) + "R",  // none of it set
      pickle_reference("torch._utils", "_rebuild_parameter") +
          pickle_tuple({tensor, kPickleTrue, pickle_ordered_dict()}) + "R",
      pickle_reference("torch.nn.parameter", "Parameter") + pickle_tuple({tensor, kPickleFalse}) + "R",
      pickle_reference("torch.nn.parameter", "Parameter") + "(" + tensor + "tR",
  };
  int number = 0;
  for (const std::string& one : cases) {
    CAPTURE(number);
    const std::string path = folder.write(
        concat("m", number++, ".bin"),
        torch_zip(pickle_ordered_dict({"U\x01w", one}) + "}" + pickle_text("_metadata") +  // Python 2's text
                      pickle_ordered_dict({pickle_text(""), pickle_dict({})}) + "sb",
                  {{.name = "0", .bytes = float_bytes({1.5f, -2.0f})}}));
    CHECK(std::get<Tensor<float>>(load_torch_bin(path).at("w")).to_vector() == std::vector<float>{1.5f, -2.0f});
  }
}

TEST_CASE("PyTorch files: a storage beyond 4 GiB is found by the archive's 64-bit records", "[io]") {
  const TemporaryFolder folder;
  constexpr std::int64_t kNumel = (std::int64_t{1} << 30) + 3;
  constexpr std::uint64_t kBytes = static_cast<std::uint64_t>(kNumel) * 4;
  const std::string body =
      pickle_dict({pickle_text("far"), torch_tensor(torch_storage("FloatStorage", "0", kNumel), kNumel - 2, {2}, {1}),
                   pickle_text("b"), torch_tensor(torch_storage("FloatStorage", "1", 1), 0, {}, {})});
  const ZipPart program{.name = "m/data.pkl", .bytes = pickle_bytes(body)};
  const ZipPart small{.name = "m/data/1", .bytes = float_bytes({4.0f}), .wide = true};
  const std::string path = folder.write("large.bin", "");
  for (const bool descriptor : {false, true}) {
    CAPTURE(descriptor);
    ZipPart large{.name = "m/data/0", .bytes = "", .descriptor = descriptor, .wide = true, .crc = 0, .size = kBytes};
    large.local_size = kBytes;
    std::string large_header = zip_local(large), large_end;
    if (descriptor) {
      constexpr std::size_t kDescriptorBytes = 24;
      large_end = large_header.substr(large_header.size() - kDescriptorBytes);
      large_header.resize(large_header.size() - kDescriptorBytes);
    }
    std::string begin = zip_local(program);
    begin.resize(begin.size() + 4 - (begin.size() + large_header.size()) % 4);  // what is aligned is not copied
    const std::uint64_t data_end = begin.size() + large_header.size() + kBytes;
    const std::uint64_t small_begin = data_end + large_end.size();
    const std::string directory =
        zip_entry(program, 0) + zip_entry(large, begin.size()) + zip_entry(small, small_begin);
    const std::uint64_t directory_begin = small_begin + zip_local(small).size();

    // The second file over the first: the zeros take no place on the disk, but the kernel fetches them as if they did.
    std::fstream(path, std::ios::binary | std::ios::in | std::ios::out) << begin << large_header;
    std::filesystem::resize_file(path, data_end - 8);
    std::ofstream(path, std::ios::binary | std::ios::app)
        << float_bytes({-1.0f, 2.5f}) << large_end << zip_local(small) << directory
        << zip_end(3, directory.size(), directory_begin, {.wide = true});
    const StateDict state = load_torch_bin(path);
    const auto& far = std::get<Tensor<float>>(state.at("far"));
    CHECK(far.to_vector() == std::vector<float>{-1.0f, 2.5f});
    CHECK(std::get<Tensor<float>>(state.at("b")).item() == 4.0f);
  }
}

}  // namespace torch_bin_test
