// Files of PyTorch that break a rule, and what they are refused with.
#pragma once

#include <tempa/io/torch/torch_bin.hpp>

#include "io/torch_bytes.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// What `load_torch_bin` says of a file of these bytes, without its path.
inline std::string torch_bin_complaint(std::string_view bytes, const tempa::TorchBinOptions& options = {}) {
  static const TemporaryFolder folder;
  static int number = 0;
  const std::string path = folder.write(tempa::concat("m", number++, ".bin"), bytes);
  const std::string text = thrown<tempa::FormatError>([&] { tempa::load_torch_bin(path, options); });
  std::filesystem::remove(path);
  return text.starts_with(path + ": ") ? text.substr(path.size() + 2) : text;
}

struct TorchBinCase {
  std::string bytes;
  std::string message;
};

inline void check_each(const std::vector<TorchBinCase>& cases) {
  for (const TorchBinCase& one : cases) {
    CAPTURE(one.message);
    CHECK(torch_bin_complaint(one.bytes) == one.message);
  }
}

/// Four floats in the ZIP format.
inline const std::string kFourFloats = torch_storage("FloatStorage", "0", 4);

/// A ZIP file that holds one tensor 'w', described by `tensor`, of a storage '0' of 16 bytes.
inline std::string torch_zip_of(const std::string& tensor) {
  return torch_zip(pickle_dict({pickle_text("w"), tensor}), {{.name = "0", .bytes = std::string(16, 'x')}});
}

/// The same in the legacy format, with four floats.
inline std::string torch_legacy_of(const std::string& tensor) {
  return torch_legacy(pickle_dict({pickle_text("w"), tensor}), {"0"}, {torch_block(4, std::string(16, 'x'))});
}
