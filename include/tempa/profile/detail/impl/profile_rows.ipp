// The bodies of <tempa/profile/detail/profile_rows.hpp>.
#pragma once

#include <tempa/profile/detail/profile_rows.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::vector<ProfileRow> profile_rows(const ProfileSession& session) {
  constexpr double kNsPerMs = 1e6;
  std::map<std::pair<ProfileCategory, std::string>, ProfileRow> by_name;
  for (const auto& log : session.logs())
    log->for_each_entry([&](const ProfileEntry& entry) {
      if (entry.calls == 0) return;
      ProfileRow& row = by_name[{entry.category, entry.name}];
      row.name = entry.name + (entry.category == ProfileCategory::kBackward ? " backward" : "");
      row.category = entry.category;
      row.calls += entry.calls;
      row.total_ms += static_cast<double>(entry.total_ns) / kNsPerMs;
      row.self_ms += static_cast<double>(entry.self_ns) / kNsPerMs;
      row.flops += entry.flops;
      row.bytes += entry.bytes;
      row.type = entry.type;
    });
  std::vector<ProfileRow> rows;
  for (auto& [key, row] : by_name) rows.push_back(std::move(row));
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ProfileRow& a, const ProfileRow& b) { return a.self_ms > b.self_ms; });
  return rows;
}

/// "812.4 GFLOP/s" and "81%", or nothing where no work was counted.
inline std::pair<std::string, std::string> rate_of(const ProfileRow& row, const MachinePeak& peak) {
  if (row.self_ms <= 0 || (row.flops <= 0 && row.bytes <= 0)) return {};
  const bool computes = row.flops > 0;
  const double rate = (computes ? row.flops : row.bytes) / (row.self_ms * 1e-3);
  char text[64];
  std::snprintf(text, sizeof text, "%.1f %s", rate * 1e-9, computes ? "GFLOP/s" : "GB/s");
  const auto known = peak.flops_per_second.find(row.type);
  const double most = !computes ? peak.bytes_per_second : known != peak.flops_per_second.end() ? known->second : 0;
  if (most <= 0) return {text, ""};
  char part[32];
  std::snprintf(part, sizeof part, "%.0f%%", 100 * rate / most);
  return {text, part};
}

TEMPA_INLINE std::string profile_table(const std::vector<ProfileRow>& rows, const MachinePeak& peak, double wall_ms,
                                       double idle_ms) {
  std::size_t width = 14;
  for (const ProfileRow& row : rows) width = std::max(width, row.name.size());
  std::string table;
  const auto line = [&](const std::string& name, const std::string& calls, const std::string& self,
                        const std::string& share, const std::string& total, const std::string& each,
                        const std::string& rate, const std::string& part) {
    std::string text = name + std::string(width - name.size(), ' ');
    const auto cell = [&](const std::string& value, std::size_t columns) {
      text += std::string(value.size() < columns ? columns - value.size() : 1, ' ') + value;
    };
    cell(calls, 10);
    cell(self, 12);
    cell(share, 8);
    cell(total, 12);
    cell(each, 11);
    cell(rate, 16);
    cell(part, 9);
    text.erase(text.find_last_not_of(' ') + 1);
    table += text + '\n';
  };
  const auto number = [](double value, const char* format) {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return std::string(text);
  };
  const auto share = [&](double ms) { return number(wall_ms > 0 ? 100 * ms / wall_ms : 0, "%.1f%%"); };
  line("op", "calls", "self ms", "share", "total ms", "ms a call", "rate", "of peak");
  for (const ProfileRow& row : rows) {
    const auto [rate, part] = rate_of(row, peak);
    line(row.name, std::to_string(row.calls), number(row.self_ms, "%.2f"), share(row.self_ms),
         number(row.total_ms, "%.2f"), number(row.total_ms / static_cast<double>(row.calls), "%.4f"), rate, part);
  }
  line("(no scope)", "", number(idle_ms, "%.2f"), share(idle_ms), "", "", "", "");
  line("all", "", number(wall_ms, "%.2f"), "100.0%", "", "", "", "");
  return table;
}

}  // namespace tempa::inline TEMPA_ABI::detail
