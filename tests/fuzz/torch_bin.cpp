// Files of torch.save: the ZIP format, the legacy stream, and the pickle of a ZIP file whose frame is good.
#include "fuzz/fuzz_target.hpp"
#include "fuzz/touch.hpp"
#include "io/torch_bytes.hpp"

#include <tempa/io/torch/detail/zip_archive.hpp>
#include <tempa/io/torch/torch_bin.hpp>

static void read_torch_bin(std::string_view bytes) { touch(tempa::load_torch_bin(fuzz_file(bytes))); }

static const RegisterFuzzTarget torch_zip_target("torch_zip", read_torch_bin, [] {
  return fixtures({"io/plain_dict_zip.bin", "io/sharded/pytorch_model-00001-of-00002.bin"});
});

static const RegisterFuzzTarget torch_legacy_target("torch_legacy", read_torch_bin, [] {
  return fixtures({"io/plain_dict_legacy.bin", "io/every_kind_legacy.bin"});
});

/// The members of a checkpoint of every kind of tensor. @param pickle in place of its own, unless empty.
static std::vector<ZipPart> torch_members(std::string_view pickle) {
  static const std::string file = fixtures({"io/every_kind_zip.bin"}).front();
  std::vector<ZipPart> members;
  for (const tempa::ZipMember& member : tempa::read_zip_directory(file, "fixture")) {
    const bool replaced = !pickle.empty() && member.name.ends_with("/data.pkl");
    members.push_back({.name = std::string(member.name), .bytes = std::string(replaced ? pickle : member.bytes)});
  }
  return members;
}

static const RegisterFuzzTarget pickle_target(
    "pickle", [](std::string_view bytes) { read_torch_bin(zip_bytes(torch_members(bytes))); },
    []() -> std::vector<std::string> {
      for (const ZipPart& member : torch_members({}))
        if (member.name.ends_with("/data.pkl")) return {member.bytes};
      return {};
    });
