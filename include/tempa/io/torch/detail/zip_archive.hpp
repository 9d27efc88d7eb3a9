// ZIP archives with uncompressed members, as torch.save writes them: a member is a part of the file.
// What two readers could understand differently (names that occur twice, members that overlap, a header that says
// something else than the directory, two directories) is refused.
#pragma once

#include <tempa/io/files/detail/crc32.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A member of an archive. Name and bytes are views into the file.
struct ZipMember {
  std::string_view name;
  std::string_view bytes;
  std::uint32_t crc32 = 0;  ///< of the bytes, by the directory
};

/// The members of a ZIP archive, each a part of `file`, in the order of their bytes.
/// @param file all bytes of the archive. @param path the file that errors name.
/// @throws FormatError naming a member that is compressed, encrypted, split, named twice or with `..`,
/// overlapping, or described differently by the directory and the member's own header.
/// @source PKWARE, APPNOTE.TXT 6.3; torch.serialization reads the same by miniz
std::vector<ZipMember> read_zip_directory(std::string_view file, const std::string& path);

/// Compares a member's bytes with the directory's CRC-32. A CRC of 0 says nothing: PyTorch writes it when told not to
/// compute it (`torch.serialization.set_crc32_options(False)`).
/// @throws FormatError naming the member when they differ.
void check_crc32(const ZipMember& member, const std::string& path);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/torch/detail/impl/zip_archive.ipp>
#endif
