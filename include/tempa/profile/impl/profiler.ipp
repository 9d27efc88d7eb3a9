// The bodies of <tempa/profile/profiler.hpp>.
#pragma once

#include <tempa/profile/detail/chrome_trace.hpp>
#include <tempa/profile/profiler.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Profiler::Profiler(ProfilerOptions options) : options_(std::move(options)) {
  if (options_.max_trace_events < 0)
    throw ConfigError(concat("[Profiler] max_trace_events must not be negative but is ", options_.max_trace_events));
  if (!options_.trace_file.empty()) file_.emplace(options_.trace_file);
  session_ = std::make_shared<detail::ProfileSession>(file_ ? options_.max_trace_events : 0);
  detail::start_profile(session_, options_.synchronize);
  own_log_ = detail::thread_profile_log();
}

TEMPA_INLINE Profiler::~Profiler() {
  try {
    close();
  } catch (const std::exception& error) {
    if (options_.log != nullptr) *options_.log << error.what() << '\n';
  }
}

TEMPA_INLINE void Profiler::stop() {
  if (!recording_) return;
  detail::stop_profile();
  recording_ = false;
}

TEMPA_INLINE void Profiler::close() {
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

TEMPA_INLINE std::vector<ProfileRow> Profiler::rows() {
  stop();
  return detail::profile_rows(*session_);
}

TEMPA_INLINE std::string Profiler::table() {
  const auto all = rows();
  double in_scopes_ms = 0;
  own_log_->for_each_entry(
      [&](const detail::ProfileEntry& entry) { in_scopes_ms += static_cast<double>(entry.self_ns) * 1e-6; });
  const double wall_ms = static_cast<double>(session_->end_ns() - session_->begin_ns()) * 1e-6;
  return concat(detail::profile_table(all, peak_, wall_ms, wall_ms - in_scopes_ms), peak_text());
}

TEMPA_INLINE MachinePeak Profiler::measure_peak() {
  std::vector<DType> types;
  for (const ProfileRow& row : rows())
    if (row.flops > 0 && std::find(types.begin(), types.end(), row.type) == types.end()) types.push_back(row.type);
  return measure_machine_peak(types, options_.device);
}

TEMPA_INLINE std::string Profiler::peak_text() const {
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

}  // namespace tempa::inline TEMPA_ABI
