// Makes text from a file safe to show in an error message.
#pragma once

#include <tempa/core/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// `text` in single quotes as a message may show it: control characters as `\xNN`, a long text cut.
/// @param text from a file that is not trusted; @param max_bytes shown at most.
/// @return "'text'"; "'long te…'" when it was cut.
std::string printable(std::string_view text, std::size_t max_bytes = 120);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/detail/impl/printable.ipp>
#endif
