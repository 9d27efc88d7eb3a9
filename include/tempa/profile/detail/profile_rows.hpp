// The table of a profile: a row for each name.
#pragma once

#include <tempa/tensor/detail/profile_log.hpp>

#include <map>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// All calls of one name, of all threads.
struct ProfileRow {
  std::string name;  ///< as the table has it: "linear backward"
  ProfileCategory category = ProfileCategory::kUser;
  Index calls = 0;
  double total_ms = 0;           ///< of the outermost calls: a call within a call of the same name is not counted again
  double self_ms = 0;            ///< without nested scopes
  double flops = 0;              ///< operations that were counted, without those of scopes within
  double bytes = 0;              ///< bytes read and written, the same way
  DType type = DType::kFloat32;  ///< the type in which the operations compute
};

/// The machine's peak, to compare rates with.
struct MachinePeak {
  std::map<DType, double> flops_per_second{};  ///< of a matrix product
  double bytes_per_second = 0;                 ///< from and to memory; 0: not measured
};

namespace detail {

/// The rows of a closed session, those with the most self time first.
std::vector<ProfileRow> profile_rows(const ProfileSession& session);

/// @param wall_ms from the profiler's begin to its end, of which the shares are. @param idle_ms in no scope of the
/// thread that began it.
std::string profile_table(const std::vector<ProfileRow>& rows, const MachinePeak& peak, double wall_ms, double idle_ms);

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/profile/detail/impl/profile_rows.ipp>
#endif
