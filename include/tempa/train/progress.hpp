// A progress bar with rate, remaining time and a running text.
#pragma once

#include <tempa/core/shape.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <unistd.h>

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
  explicit ProgressBar(Index total, ProgressOptions options = {});
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { close(); }

  /// `count` more steps are done.
  void advance(Index count = 1);
  /// The text after the bar from now on, such as "loss=0.3223".
  void set_postfix(std::string text) { postfix_ = std::move(text); }
  /// Draws the last state and ends the line; nothing is drawn after that.
  void close();

  Index done() const { return done_; }
  double elapsed_s() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  /// The line as it is now, without line feed.
  std::string line() const;

 private:
  using Clock = std::chrono::steady_clock;

  static std::string clock_text(double seconds);
  static std::string rate_text(double rate);
  void show();

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

  /// The range's own iterator, which moves the bar.
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

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/progress.ipp>
#endif
