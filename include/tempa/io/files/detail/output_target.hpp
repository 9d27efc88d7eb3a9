// Decides what writing to a path means (a regular file, a device, a pipe); every writer calls this one function.
#pragma once

#include <tempa/io/files/detail/descriptor.hpp>

#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace tempa::inline TEMPA_ABI::detail {

/// "folder/" of a path, "./" where it has none.
std::string folder_of(const std::string& path);

/// The path without symbolic links, "." and ".."; nothing, with the reason in errno, when it does not exist.
std::optional<std::string> canonical_path(const std::string& path);

/// Where output to a path goes.
struct OutputTarget {
  std::string path;                     ///< of the regular file: symbolic links are followed, the last one may dangle
  std::optional<struct stat> existing;  ///< that file, if it exists
  /// Instead of them: something other than a regular file, open for writing and never replaced.
  std::optional<Descriptor> through;
};

/// Follows symbolic links, and opens anything but a regular file; that may block, as for the reader of a named pipe.
/// @param what begins the message of an error.
/// @throws IoError for a folder, a file that may not be written, a circle of links, and what cannot be opened.
OutputTarget resolve_output(const std::string& path, std::string_view what = "cannot write the file");

/// A file that is written in its place while others read it.
struct GrowingFile {
  Descriptor descriptor;
  bool regular;  ///< it can be read and truncated
};

/// Opens a file in its place, or creates it; anything but a regular file as `resolve_output` does.
/// @param flags further flags of `open`: O_TRUNC, O_APPEND, O_EXCL. @param what as `resolve_output`.
/// @throws IoError.
GrowingFile open_growing(const std::string& path, int flags, std::string_view what);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/detail/impl/output_target.ipp>
#endif
