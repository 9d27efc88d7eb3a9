// Measures where the time of a program goes: a table by operation, and a trace.
#pragma once

#include <tempa/device/cuda/device.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/profile/detail/machine_peak.hpp>
#include <tempa/profile/detail/profile_rows.hpp>

#include <iostream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `Profiler`.
struct ProfilerOptions {
  std::string trace_file{};        ///< Chrome trace, written by `close`; empty: none
  std::ostream* log = &std::cout;  ///< gets the table from `close`; nullptr: silent
  bool measure_peak = false;       ///< by `close`, for the column "of peak": about a second, on nearly all memory buses
  Device device = Device::cpu();   ///< whose peak is measured
  bool synchronize = false;        ///< on a GPU every operation is waited for, see `Profiler`
  Index max_trace_events = 1'000'000;  ///< calls in the trace; later ones are only in the table
};

/// While alive, records every operation forward and backward, optimizer steps, waits for data, checkpoints, and every
/// `ProfileScope`, of all threads.
///
///   Profiler profiler({.trace_file = "step.json"});
///   model(batch).loss.backward();
///   profiler.close();                         // the table to std::cout, the trace for chrome://tracing or Perfetto
///
/// On a GPU an operation ends on the host when its kernels have been launched: the times are those of the launches, and
/// waiting shows where a result is read. With `synchronize` every operation waits for its kernels, so that the times
/// are the device's, one operation at a time; not while a graph is captured. For the kernels on the device's time line
/// use NVIDIA's Nsight Systems, where scopes are NVTX ranges.
/// @source torch.profiler.profile
class Profiler {
 public:
  /// Begins to record. @throws Error while another one records; ConfigError for a negative number of events; IoError
  /// when the trace file cannot be created.
  explicit Profiler(ProfilerOptions options = {});
  /// Closes and ignores failures: call `close` to have them reported.
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// Ends the recording; open scopes end now. What was recorded is kept.
  void stop();
  /// Stops, writes the table to the log and the trace to its file. A second call does nothing.
  /// @throws IoError when the trace cannot be written.
  void close();

  /// A row for each name, those with the most self time first. Stops.
  std::vector<ProfileRow> rows();
  /// The rows as text: calls, time without and with nested scopes, share of the time from begin to end, rate of
  /// the counted work, and its part of the measured peak. Stops.
  std::string table();

 private:
  MachinePeak measure_peak();

  std::string peak_text() const;

  ProfilerOptions options_;
  std::optional<AtomicFile> file_;
  std::shared_ptr<detail::ProfileSession> session_;
  std::shared_ptr<detail::ProfileLog> own_log_;  // of the thread that began
  MachinePeak peak_;
  bool recording_ = true;
  bool closed_ = false;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/profile/impl/profiler.ipp>
#endif
