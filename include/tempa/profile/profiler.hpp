// Measures where the time of a program goes: a table by operation, and a trace.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/profile/detail/chrome_trace.hpp>
#include <tempa/profile/detail/machine_peak.hpp>
#include <tempa/profile/detail/profile_rows.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

TEMPA_COMPILED_FILE("train");

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
  explicit Profiler(ProfilerOptions options = {}) : options_(std::move(options)) {
    if (options_.max_trace_events < 0)
      throw ConfigError(concat("[Profiler] max_trace_events must not be negative but is ", options_.max_trace_events));
    if (!options_.trace_file.empty()) file_.emplace(options_.trace_file);
    session_ = std::make_shared<detail::ProfileSession>(file_ ? options_.max_trace_events : 0);
    detail::start_profile(session_, options_.synchronize);
    own_log_ = detail::thread_profile_log();
  }
  /// Closes and ignores failures: call `close` to have them reported.
  ~Profiler() {
    try {
      close();
    } catch (const std::exception& error) {
      if (options_.log != nullptr) *options_.log << error.what() << '\n';
    }
  }
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// Ends the recording; open scopes end now. What was recorded is kept.
  void stop() {
    if (!recording_) return;
    detail::stop_profile();
    recording_ = false;
  }
  /// Stops, writes the table to the log and the trace to its file. A second call does nothing.
  /// @throws IoError when the trace cannot be written.
  void close() {
    stop();
    if (closed_) return;
    closed_ = true;
    if (options_.log != nullptr) {
      if (options_.measure_peak) peak_ = measure_peak();
      *options_.log << table() << std::flush;
    }
    if (file_) detail::write_chrome_trace(*session_, *file_);
    if (file_ && options_.log != nullptr) {
      *options_.log << "trace: " << options_.trace_file;
      if (session_->dropped_events() > 0)
        *options_.log << ", without the last " << session_->dropped_events() << " calls";
      *options_.log << std::endl;
    }
  }

  /// A row for each name, those with the most self time first. Stops.
  std::vector<ProfileRow> rows() {
    stop();
    return detail::profile_rows(*session_);
  }
  /// The rows as text: calls, time without and with nested scopes, share of the time from begin to end, rate of
  /// the counted work, and its part of the measured peak. Stops.
  std::string table() {
    const auto all = rows();
    double in_scopes_ms = 0;
    own_log_->for_each_entry(
        [&](const detail::ProfileEntry& entry) { in_scopes_ms += static_cast<double>(entry.self_ns) * 1e-6; });
    const double wall_ms = static_cast<double>(session_->end_ns() - session_->begin_ns()) * 1e-6;
    return concat(detail::profile_table(all, peak_, wall_ms, wall_ms - in_scopes_ms), peak_text());
  }

 private:
  MachinePeak measure_peak() {
    std::vector<DType> types;
    for (const ProfileRow& row : rows())
      if (row.flops > 0 && std::find(types.begin(), types.end(), row.type) == types.end()) types.push_back(row.type);
    return measure_machine_peak(types, options_.device);
  }

  std::string peak_text() const {
    if (peak_.bytes_per_second <= 0) return {};
    std::string text = "peak, measured:";
    char number[64];
    for (const auto& [type, rate] : peak_.flops_per_second) {
      std::snprintf(number, sizeof number, " %.0f GFLOP/s ", rate * 1e-9);
      text += number + std::string(to_string(type)) + ',';
    }
    std::snprintf(number, sizeof number, " %.0f GB/s\n", peak_.bytes_per_second * 1e-9);
    return text + number;
  }

  ProfilerOptions options_;
  std::optional<AtomicFile> file_;
  std::shared_ptr<detail::ProfileSession> session_;
  std::shared_ptr<detail::ProfileLog> own_log_;  // of the thread that began
  MachinePeak peak_;
  bool recording_ = true;
  bool closed_ = false;
};

}  // namespace tempa::inline TEMPA_ABI
