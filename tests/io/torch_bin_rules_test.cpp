// Each rule of PyTorch's checkpoints as files and storages, by one that breaks it.
#include <tempa/io/torch/torch_bin.hpp>

#include "io/torch_bin_complaint.hpp"
#include "io/torch_bytes.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace torch_bin_rules_test {

using namespace tempa;

namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_CASE("PyTorch rule: the format is known by its first bytes", "[io]") {
  std::string tar(512, '\0');
  tar.replace(0, 8, "storages");
  tar.replace(257, 5, "ustar");
  check_each({
      {"", "expected a ZIP archive or the legacy stream of torch.save but the file begins with ''"},
      {"\x89HDF\r\n\x1a\n",
       "expected a ZIP archive or the legacy stream of torch.save but the file begins with "
       "'\x89HDF\\x0d\\x0a\\x1a\\x0a'"},
      {pickle_bytes("}"),
       "expected a ZIP archive or the legacy stream of torch.save but the file begins with "
       "'\x80\\x02}.'"},
      {kTorchMagic.substr(0, 14),
       "expected a ZIP archive or the legacy stream of torch.save but the file begins with "
       "'\x80\\x02\x8a\\x0al\xfc\x9c"
       "F\xf9 j\xa8P\\x19'"},
      {"PK\5\6" + std::string(18, '\0'),
       "expected a ZIP archive or the legacy stream of torch.save but the file begins with "
       "'PK\\x05\\x06\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'"},
      {"version https://git-lfs.github.com/spec/v1\n",
       "is a Git LFS pointer and not the weights: fetch them with git lfs pull"},
      // CVE-2025-32434: the tar path ran what weights_only was to keep from running
      {tar,
       "is a tar archive of PyTorch before 0.1.10, which is not read (CVE-2025-32434): expected a ZIP archive or "
       "the legacy stream of torch.save"},
  });
}

TEST_CASE("PyTorch rule: a ZIP file has one data.pkl, is no TorchScript archive, and is little-endian", "[io]") {
  const std::string empty = pickle_bytes("}");
  check_each({
      {zip_bytes({{.name = "m/version", .bytes = "3"}}),
       "expected a data.pkl, as torch.save writes it, among the 1 members of the ZIP archive but has none"},
      {zip_bytes({{.name = "data.pkl", .bytes = empty}}),
       "expected a data.pkl, as torch.save writes it, among the 1 members of the ZIP archive but has none"},
      {zip_bytes({{.name = "a/data.pkl", .bytes = empty}, {.name = "b/data.pkl", .bytes = empty}}),
       "expected one data.pkl but has 'a/data.pkl' and 'b/data.pkl'"},
      {zip_bytes({{.name = "a/data.pkl", .bytes = empty}, {.name = "a/data/data.pkl", .bytes = empty}}),
       "expected one data.pkl but has 'a/data.pkl' and 'a/data/data.pkl'"},
      {zip_bytes({{.name = "a/data.pkl", .bytes = empty}, {.name = "a/constants.pkl", .bytes = empty}}),
       "expected a state dict but it is a TorchScript archive, written by torch.jit.save"},
      {zip_bytes({{.name = "a/data.pkl", .bytes = empty}, {.name = "a/byteorder", .bytes = "big"}}),
       "expected the byteorder 'little' but it is 'big'"},
      {zip_bytes({{.name = "a/data.pkl", .bytes = empty}, {.name = "a/byteorder", .bytes = ""}}),
       "expected the byteorder 'little' but it is ''"},
      {zip_bytes({{.name = "a/data.pkl", .bytes = empty + "}"}}),
       "byte 44: expected data.pkl to end after STOP but 1 bytes follow"},
      {zip_bytes({{.name = "a/data.pkl", .bytes = "\x80\x02}"}}), "byte 43: expected an opcode but the pickle ends"},
  });
  CHECK(torch_bin_complaint(zip_bytes({{.name = "a/data.pkl", .bytes = empty}})) == "(nothing was thrown)");
}

TEST_CASE("PyTorch rule: what is not a tensor has the bytes of its check, tensors on demand", "[io]") {
  const ZipPart program{.name = "m/data.pkl", .bytes = pickle_bytes("}"), .crc = 1};
  CHECK(torch_bin_complaint(zip_bytes({program}))
            .starts_with("ZIP archive: member 'm/data.pkl': expected bytes of the check 1 "));
  const std::string tensor = torch_zip("}", {{.name = "0", .bytes = "x", .crc = 1}});
  CHECK(torch_bin_complaint(tensor) == "(nothing was thrown)");
  CHECK(torch_bin_complaint(tensor, {.check_crc = true})
            .starts_with("ZIP archive: member 'm/data/0': expected bytes of the check 1 "));
}

TEST_CASE("PyTorch rule: a storage is a member of exactly its size (pytorch 170085, 181310)", "[io]") {
  const auto with_bytes = [](const std::string& storage, std::size_t bytes) {
    return torch_zip(pickle_dict({pickle_text("w"), torch_tensor(storage, 0, {1}, {1})}),
                     {{.name = "0", .bytes = std::string(bytes, 'x')}});
  };
  check_each({
      {with_bytes(kFourFloats, 15),
       "storage '0': expected 16 bytes for 4 elements of FloatStorage but the file has 15"},
      {with_bytes(kFourFloats, 17),
       "storage '0': expected 16 bytes for 4 elements of FloatStorage but the file has 17"},
      {with_bytes(kFourFloats, 0), "storage '0': expected 16 bytes for 4 elements of FloatStorage but the file has 0"},
      {with_bytes(torch_storage("HalfStorage", "0", 4), 16),
       "storage '0': expected 8 bytes for 4 elements of HalfStorage but the file has 16"},
      // 2^62 + 4 elements of 4 bytes are 16 bytes for who multiplies carelessly
      {with_bytes(torch_storage("FloatStorage", "0", (std::int64_t{1} << 62) + 4), 16),
       "storage '0': expected fewer than 2^63 bytes but it has 4611686018427387908 elements of FloatStorage"},
      {with_bytes(torch_storage("ByteStorage", "0", kHuge), 16),
       "storage '0': expected 9223372036854775807 bytes for 9223372036854775807 elements of ByteStorage but the file "
       "has 16"},
      {with_bytes(torch_storage("FloatStorage", "0", -4), 16),
       "storage '0': expected a number of elements but got the integer -4"},
      {with_bytes(torch_storage("FloatStorage", "1", 4), 16),
       "storage '1': expected a member of its name in data/ but there is none"},
      {with_bytes(torch_storage("FloatStorage", "../data/0", 4), 16),
       "storage '../data/0': expected a member of its name in data/ but there is none"},
  });
}

TEST_CASE("PyTorch rule: a persistent identifier is a storage, its type, key, device and size", "[io]") {
  const auto identifier = [](const std::vector<std::string>& parts) {
    return torch_zip(pickle_dict({pickle_text("w"), pickle_tuple(parts) + "Q"}));
  };
  const std::string what = pickle_text("storage"), type = pickle_reference("torch", "FloatStorage"),
                    key = pickle_text("0"), device = pickle_text("cpu"), size = pickle_int(4);
  check_each({
      {identifier({}), "expected a persistent identifier of 5 parts but one has 0"},
      {identifier({what, type, key, device, size, kPickleNone}),
       "expected a persistent identifier of 5 parts but one has 6"},
      {identifier({pickle_text("module"), type, key, device, size}),
       "expected a persistent identifier of a 'storage' but got the string 'module'"},
      {identifier({pickle_int(1), type, key, device, size}),
       "expected a persistent identifier of a 'storage' but got the integer 1"},
      {identifier({what, type, pickle_int(0), device, size}),
       "expected a string as key of a storage but got the integer 0"},
      {identifier({what, pickle_text("FloatStorage"), key, device, size}),
       "storage '0': expected a type of storage, e.g. torch.FloatStorage, but got the string 'FloatStorage'"},
      {identifier({what, pickle_reference("torch", "float32"), key, device, size}),
       "storage '0': expected a type of storage, e.g. torch.FloatStorage, but got the name dtype"},
      {identifier({what, pickle_reference("torch.storage", "TypedStorage"), key, device, size}),
       "storage '0': expected a type of storage, e.g. torch.FloatStorage, but got the name TypedStorage"},
      {identifier({what, type, key, pickle_int(0), size}),
       "storage '0': expected a string as its device but got the integer 0"},
      {identifier({what, type, key, device, pickle_text("4")}),
       "storage '0': expected a number of elements but got the string '4'"},
      {identifier({what, type, key, device, kPickleTrue}), "storage '0': expected a number of elements but got True"},
  });
}

TEST_CASE("PyTorch rule: identifiers of one key agree, even where no tensor uses them", "[io]") {
  const auto two = [](const std::string& a, const std::string& b) {
    return torch_zip(pickle_tuple({a, b}), {{.name = "0", .bytes = std::string(16, 'x')}});
  };
  check_each({
      {two(kFourFloats, torch_storage("FloatStorage", "0", 5)),
       "storage '0': expected 4 elements of FloatStorage as before but got 5 of FloatStorage"},
      {two(kFourFloats, torch_storage("IntStorage", "0", 4)),
       "storage '0': expected 4 elements of FloatStorage as before but got 4 of IntStorage"},
      {two(kFourFloats, kFourFloats), "expected a dict of names and tensors but got a tuple of 2"},
  });
}

TEST_CASE("PyTorch rule: the legacy stream names its version and a little-endian writer", "[io]") {
  const auto stream = [](const std::string& version, const std::string& system) {
    return kTorchMagic + pickle_bytes(version) + pickle_bytes(system) + pickle_bytes("}") + pickle_bytes("]");
  };
  const std::string version = pickle_int(1001);
  const auto system = [](const std::vector<std::string>& items) { return pickle_dict(items); };
  const std::string key = pickle_text("little_endian");
  check_each({
      {stream(version, torch_system()), "(nothing was thrown)"},
      {stream(pickle_int(1002), torch_system()), "expected the protocol version 1001 but got the integer 1002"},
      {stream(pickle_text("1001"), torch_system()), "expected the protocol version 1001 but got the string '1001'"},
      {stream(version, "]"), "expected a dict about the writer's system but got a list of 0"},
      {stream(version, "}"), "expected the writer's system to say little_endian, once"},
      {stream(version, system({key, kPickleTrue, key, kPickleTrue})),
       "expected the writer's system to say little_endian, once"},
      {stream(version, torch_system(kPickleFalse)), "expected the writer's little_endian to be True but it is False"},
      {stream(version, torch_system(pickle_int(1))),
       "expected the writer's little_endian to be True but it is the integer 1"},
  });
}

TEST_CASE("PyTorch rule: the legacy stream lists every storage once, with its size and bytes, to its end", "[io]") {
  const std::string storage = torch_storage("FloatStorage", "7", 2, kPickleNone);
  const std::string body = pickle_dict({pickle_text("w"), torch_tensor(storage, 0, {2}, {1})});
  const auto stream = [&](const std::vector<std::string>& keys, const std::vector<std::string>& blocks) {
    return torch_legacy(body, keys, blocks);
  };
  const std::string block = torch_block(2, "12345678");
  const std::size_t end = stream({"7"}, {block}).size();
  const std::string head =
      kTorchMagic + pickle_bytes(pickle_int(1001)) + pickle_bytes(torch_system()) + pickle_bytes(body);
  check_each({
      {stream({"7"}, {block}), "(nothing was thrown)"},
      {stream({}, {}), "expected the keys of 1 storages but the file lists 0"},
      {stream({"7", "7"}, {block, block}), "expected the keys of 1 storages but the file lists 2"},
      {stream({"8"}, {block}), "expected the key of a storage that a tensor has but got the string '8'"},
      {head + pickle_bytes("}") + block, "expected a list of storage keys but got a dict of 0"},
      {head +
           pickle_bytes("]K\7"
                        "a") +
           block,
       "expected the key of a storage that a tensor has but got the integer 7"},
      {stream({"7"}, {"1234567"}), "storage '7': expected its size but the file ends"},
      {stream({"7"}, {torch_block(3, "12345678")}), "storage '7': expected 2 elements before its bytes but got 3"},
      {stream({"7"}, {torch_block(~std::uint64_t{0}, "12345678")}),
       "storage '7': expected 2 elements before its bytes but got 18446744073709551615"},
      {stream({"7"}, {torch_block(2, "1234567")}),
       "storage '7': expected 8 bytes for 2 elements of FloatStorage but the file has 7"},
      {stream({"7"}, {block, "x"}),
       concat("expected the file to end after its last storage, at byte ", end, ", but 1 bytes follow")},
  });
  const std::string two = pickle_tuple({storage, torch_storage("ByteStorage", "8", 1, kPickleNone)});
  CHECK(torch_bin_complaint(torch_legacy(two, {"7", "7"}, {block, block})) ==
        "storage '7': expected its bytes once but it is listed twice");
}

TEST_CASE("PyTorch rule: a view of the legacy format lies within its storage", "[io]") {
  const auto view = [](const std::vector<std::string>& parts) {
    return torch_legacy_of(torch_tensor(torch_storage("FloatStorage", "0", 4, pickle_tuple(parts)), 0, {1}, {1}));
  };
  const std::string key = pickle_text("view");
  const std::string what = "storage '0': expected a view within its 4 elements but got ";
  check_each({
      {view({key, pickle_int(3), pickle_int(1)}), "(nothing was thrown)"},
      {view({key, pickle_int(3), pickle_int(2)}), what + "2 from 3 on"},
      {view({key, pickle_int(5), pickle_int(0)}), what + "0 from 5 on"},
      {view({key, pickle_int(kHuge), pickle_int(kHuge)}), what + "9223372036854775807 from 9223372036854775807 on"},
      {view({key, pickle_int(-1), pickle_int(1)}),
       "storage '0': expected a number of elements before its view but got the integer -1"},
      {view({key, pickle_int(0), pickle_int(-1)}),
       "storage '0': expected a number of elements of its view but got the integer -1"},
      {view({key, pickle_int(0)}), "storage '0': expected None or a view's key, offset and size but got a tuple of 2"},
      {torch_legacy_of(torch_tensor(torch_storage("FloatStorage", "0", 4, kPickleFalse), 0, {1}, {1})),
       "storage '0': expected None or a view's key, offset and size but got False"},
      // the tensor must stay within the view, not only within the storage
      {torch_legacy_of(torch_tensor(
           torch_storage("FloatStorage", "0", 4, pickle_tuple({key, pickle_int(1), pickle_int(2)})), 0, {3}, {1})),
       "tensor 'w': expected to end within the 2 elements of its storage but element 2 is needed"},
  });
}

TEST_CASE("PyTorch rule: the object is a dict of names and tensors", "[io]") {
  const std::string tensor = torch_tensor(kFourFloats, 0, {4}, {1});
  const auto object = [&](const std::string& body) {
    return torch_zip(body, {{.name = "0", .bytes = std::string(16, 'x')}});
  };
  const std::string model = pickle_dict({pickle_text("a.weight"), tensor, pickle_text("a.bias"), tensor});
  std::vector<std::string> many;
  for (const char* const name : {"a", "b", "c", "d", "e", "f"}) many.insert(many.end(), {pickle_text(name), tensor});
  check_each({
      {object(tensor), "expected a dict of names and tensors but got a _rebuild_tensor_v2"},
      {object("]"), "expected a dict of names and tensors but got a list of 0"},
      {object("N"), "expected a dict of names and tensors but got None"},
      {object(kFourFloats), "expected a dict of names and tensors but got a storage"},
      {object(pickle_dict({pickle_int(0), tensor})), "expected names and tensors but a name is the integer 0"},
      {object(pickle_dict({pickle_text("w"), tensor, pickle_text("w"), tensor})), "duplicate tensor 'w'"},
      {object(pickle_dict({pickle_text("epoch"), pickle_int(3)})),
       "tensor 'epoch': expected a tensor but got the integer 3"},
      {object(pickle_dict({pickle_text("\x1b[31m"), "N"})), "tensor '\\x1b[31m': expected a tensor but got None"},
      {object(pickle_dict({pickle_text("epoch"), pickle_int(3), pickle_text("state_dict"), model})),
       "expected names and tensors but 'state_dict' is a dict of 2 ('a.weight', 'a.bias'): save that dict alone, "
       "torch.save(checkpoint['state_dict'], path)"},
      {object(pickle_dict({pickle_text("model"), pickle_ordered_dict(many)})),
       "expected names and tensors but 'model' is a dict of 6 ('a', 'b', 'c', 'd', 'e', …): save that dict alone, "
       "torch.save(checkpoint['model'], path)"},
      {object(pickle_dict({pickle_text("optimizer"), pickle_dict({pickle_int(0), tensor})})),
       "expected names and tensors but 'optimizer' is a dict of 1 (the integer 0): save that dict alone, "
       "torch.save(checkpoint['optimizer'], path)"},
      {object(pickle_dict({pickle_text("none"), "}"})),
       "expected names and tensors but 'none' is a dict of 0: save that dict alone, torch.save(checkpoint['none'], "
       "path)"},
  });
}

TEST_CASE("PyTorch rule: a whole model, or anything else that would call something, is refused by name", "[io]") {
  for (const bool zip : {true, false}) {
    for (const std::string_view call : {"os\nsystem\n", "posix\nsystem\n", "builtins\neval\n", "builtins\nexec\n",
                                        "__main__\nModel\n", "transformers.models.bert.modeling_bert\nBertModel\n"}) {
      const std::string body = "c" + std::string(call) + pickle_tuple({pickle_text("id > /tmp/owned")}) + "R";
      const std::string text = torch_bin_complaint(zip ? torch_zip(body) : torch_legacy(body, {}, {}));
      CAPTURE(call, text);
      std::string shown(call.substr(0, call.size() - 1));
      shown[shown.find('\n')] = ' ';
      CHECK(text.find("expected a name that a state dict needs but got GLOBAL '" + shown + "'; ") != std::string::npos);
    }
  }
}

TEST_CASE("PyTorch files: a missing file and a folder are named", "[io]") {
  const TemporaryFolder folder;
  const std::string missing = folder.path() / "missing.bin";
  CHECK(thrown<IoError>([&] { load_torch_bin(missing); }) == missing + ": cannot open: No such file or directory");
  CHECK(thrown<IoError>([&] { load_torch_bin(folder.path()); }) ==
        folder.path().string() + ": expected a regular file but it is a folder");
}

}  // namespace torch_bin_rules_test
