// The bodies of <tempa/train/progress.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/train/progress.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE ProgressBar::ProgressBar(Index total, ProgressOptions options)
    : total_(std::max<Index>(total, 0)), options_(std::move(options)), start_(Clock::now()), shown_(start_) {}

TEMPA_INLINE void ProgressBar::advance(Index count) {
  done_ += count;
  const double wait_s = options_.terminal ? 0.1 : options_.plain_interval_s;
  if (std::chrono::duration<double>(Clock::now() - shown_).count() >= wait_s) show();
}

TEMPA_INLINE void ProgressBar::close() {
  if (std::exchange(closed_, true)) return;
  show();
  if (options_.out != nullptr && options_.terminal) *options_.out << '\n' << std::flush;
}

TEMPA_INLINE std::string ProgressBar::line() const {
  const double elapsed = elapsed_s();
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0.0;
  const double share = total_ > 0 ? std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_)) : 1.0;
  constexpr int kWidth = 20;
  const int filled = static_cast<int>(share * kWidth);
  std::string text = options_.description.empty() ? "" : options_.description + " ";
  text += concat(std::string(share < 1.0 ? (share < 0.1 ? 2u : 1u) : 0u, ' '), static_cast<int>(share * 100), "%|",
                 std::string(static_cast<std::size_t>(filled), '#'),
                 std::string(static_cast<std::size_t>(kWidth - filled), ' '), "| ", done_, "/", total_, " [",
                 clock_text(elapsed), "<", rate > 0 ? clock_text(static_cast<double>(total_ - done_) / rate) : "?",
                 ", ", rate_text(rate), "]");
  return postfix_.empty() ? text : text + " " + postfix_;
}

TEMPA_INLINE std::string ProgressBar::clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::max(0.0, std::round(seconds)));
  char text[40];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%02lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

TEMPA_INLINE std::string ProgressBar::rate_text(double rate) {
  char text[40];
  if (rate > 0 && rate < 1) {
    std::snprintf(text, sizeof text, "%.2f s/it", 1 / rate);
  } else {
    std::snprintf(text, sizeof text, "%.2f it/s", rate);
  }
  return text;
}

TEMPA_INLINE void ProgressBar::show() {
  shown_ = Clock::now();
  if (options_.out == nullptr) return;
  if (options_.terminal) {
    *options_.out << '\r' << line() << "\x1b[K" << std::flush;  // the escape clears the rest of the line
  } else {
    *options_.out << line() << '\n' << std::flush;
  }
}

}  // namespace tempa::inline TEMPA_ABI
