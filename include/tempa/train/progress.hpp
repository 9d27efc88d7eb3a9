// A progress bar with rate, remaining time and a running text.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/shape.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <unistd.h>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// Options of `ProgressBar` and `progress`.
struct ProgressOptions {
  std::string description{};                     ///< text before the bar, "train"
  std::ostream* out = &std::cerr;                ///< nullptr: silent
  bool terminal = ::isatty(STDERR_FILENO) != 0;  ///< redraw one line; otherwise now and then a plain line
  double plain_interval_s = 10.0;                ///< seconds between plain lines
};

/// Shows how far a loop is: on a terminal one line that is redrawn at most ten times a second,
/// `train  45%|#########           | 155/344 [00:21<00:26, 7.2 it/s] loss=0.3223`, elsewhere the same as a plain line
/// every `plain_interval_s` seconds and one at the end.
class ProgressBar {
 public:
  explicit ProgressBar(Index total, ProgressOptions options = {})
      : total_(std::max<Index>(total, 0)), options_(std::move(options)), start_(Clock::now()), shown_(start_) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { close(); }

  /// `count` more steps are done.
  void advance(Index count = 1) {
    done_ += count;
    const double wait_s = options_.terminal ? 0.1 : options_.plain_interval_s;
    if (std::chrono::duration<double>(Clock::now() - shown_).count() >= wait_s) show();
  }
  /// The text after the bar from now on, such as "loss=0.3223".
  void set_postfix(std::string text) { postfix_ = std::move(text); }
  /// Draws the last state and ends the line; nothing is drawn after that.
  void close() {
    if (std::exchange(closed_, true)) return;
    show();
    if (options_.out != nullptr && options_.terminal) *options_.out << '\n' << std::flush;
  }

  Index done() const { return done_; }
  double elapsed_s() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  /// The line as it is now, without line feed.
  std::string line() const {
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

 private:
  using Clock = std::chrono::steady_clock;

  static std::string clock_text(double seconds) {
    const auto whole = static_cast<long long>(std::max(0.0, std::round(seconds)));
    char text[40];
    if (whole >= 3600) {
      std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
    } else {
      std::snprintf(text, sizeof text, "%02lld:%02lld", whole / 60, whole % 60);
    }
    return text;
  }
  static std::string rate_text(double rate) {
    char text[40];
    if (rate > 0 && rate < 1) {
      std::snprintf(text, sizeof text, "%.2f s/it", 1 / rate);
    } else {
      std::snprintf(text, sizeof text, "%.2f it/s", rate);
    }
    return text;
  }
  void show() {
    shown_ = Clock::now();
    if (options_.out == nullptr) return;
    if (options_.terminal) {
      *options_.out << '\r' << line() << "\x1b[K" << std::flush;  // the escape clears the rest of the line
    } else {
      *options_.out << line() << '\n' << std::flush;
    }
  }

  Index total_;
  Index done_ = 0;
  ProgressOptions options_;
  std::string postfix_;
  Clock::time_point start_, shown_;
  bool closed_ = false;
};

/// A range that shows the progress of a loop over it; made by `progress`.
template <typename Range>
class ProgressRange {
 public:
  ProgressRange(Range& range, ProgressOptions options)
      : range_(range), bar_(std::make_unique<ProgressBar>(static_cast<Index>(range.size()), std::move(options))) {}

  /// The bar, for `set_postfix`.
  ProgressBar& bar() { return *bar_; }

  template <typename Iterator>
  class iterator {
   public:
    iterator(Iterator position, ProgressBar* bar) : position_(std::move(position)), bar_(bar) {}
    decltype(auto) operator*() { return *position_; }
    iterator& operator++() {
      ++position_;
      bar_->advance();
      return *this;
    }
    template <typename End>
    bool operator!=(const End& end) const {
      return position_ != end.value;
    }

   private:
    Iterator position_;
    ProgressBar* bar_;
  };

  /// The end of the range, of whatever type it is.
  template <typename End>
  struct Sentinel {
    End value;
  };

  auto begin() { return iterator<decltype(range_.begin())>(range_.begin(), bar_.get()); }
  auto end() { return Sentinel<decltype(range_.end())>{range_.end()}; }

 private:
  Range& range_;
  std::unique_ptr<ProgressBar> bar_;
};

/// `for (auto& batch : progress(loader))` shows a progress bar of `loader.size()` steps on standard error.
/// @source tqdm
template <typename Range>
ProgressRange<Range> progress(Range& range, ProgressOptions options = {}) {
  return ProgressRange<Range>(range, std::move(options));
}

}  // namespace tempa::inline TEMPA_ABI
