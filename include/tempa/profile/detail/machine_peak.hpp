// Measures the machine's peak: matrix products and memory bandwidth.
#pragma once

#include <tempa/device/device.hpp>
#include <tempa/profile/detail/profile_rows.hpp>

#include <span>

namespace tempa::inline TEMPA_ABI {

/// Measures the products of matrices of each of `types` and a stream through memory (y += x on 128 MB each), with the
/// current number of threads: some tenths of a second each, preferably while nothing else runs. Rows of the table that
/// work in the caches, or have better kernels than a plain product, can exceed it.
/// @param types floating-point types.
MachinePeak measure_machine_peak(std::span<const DType> types, Device device = Device::cpu());

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/profile/detail/impl/machine_peak.ipp>
#endif
