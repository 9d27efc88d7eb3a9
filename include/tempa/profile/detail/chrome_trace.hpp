// A profile as the Trace Event Format that chrome://tracing, Perfetto and Speedscope read.
#pragma once

#include <tempa/io/files/file.hpp>
#include <tempa/tensor/detail/profile_log.hpp>

namespace tempa::inline TEMPA_ABI::detail {

/// Writes a JSON array of complete events, one on a line, and commits the file. @param session a closed one.
/// @throws IoError.
void write_chrome_trace(const ProfileSession& session, AtomicFile& file);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/profile/detail/impl/chrome_trace.ipp>
#endif
