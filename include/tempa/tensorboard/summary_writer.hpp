// Writes what TensorBoard shows: scalars, histograms, texts, images, hyperparameters, the model's graph.
#pragma once

#include <tempa/metrics/metrics.hpp>
#include <tempa/plot/detail/png.hpp>
#include <tempa/plot/picture.hpp>
#include <tempa/tensorboard/detail/event_file.hpp>
#include <tempa/tensorboard/detail/graph.hpp>
#include <tempa/tensorboard/detail/histogram.hpp>
#include <tempa/tensorboard/hparams.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <unistd.h>

namespace tempa::inline TEMPA_ABI {

/// Options of `SummaryWriter`.
struct SummaryWriterOptions {
  std::size_t max_queue = 10;  ///< the most events in the queue
  double flush_secs = 120;     ///< the most seconds that an event stays in the queue while others are added
  std::string filename_suffix{};
};

/// The layout of an image tensor.
enum class ImageFormat {
  kCHW,  ///< (3,H,W) or (1,H,W)
  kHWC,  ///< (H,W,3) or (H,W,1), also with 4 channels (RGBA)
  kHW    ///< (H,W), gray
};

/// Writes an event file into a folder that `tensorboard --logdir` shows:
///
///   SummaryWriter writer("runs/smsa");
///   writer.add_scalar("train/loss", loss, step);
///
/// Whole events are appended, so that the file can be read at any time, also after the process died; then the last
/// `max_queue` events may be missing. `wall_time` is in seconds since 1970, now when it is not given. Threads may share
/// a writer.
/// @source torch.utils.tensorboard.SummaryWriter
class SummaryWriter {
 public:
  /// Creates the folder and the file in it. @throws IoError when that fails.
  explicit SummaryWriter(std::filesystem::path log_dir, SummaryWriterOptions options = {});

  const std::filesystem::path& log_dir() const { return log_dir_; }
  /// Path of the event file.
  const std::string& path() const { return file_.path(); }

  /// A number, stored as float32. @param tag "group/name", UTF-8.
  /// @throws ValueError for a tag that is empty or not UTF-8; IoError when writing fails, also in all functions below.
  void add_scalar(std::string_view tag, double value, Index global_step = 0, std::optional<double> wall_time = {});

  /// Several numbers in one diagram: each is written as `main_tag` into its own folder "<main_tag>_<name>".
  void add_scalars(std::string_view main_tag, const Metrics& values, Index global_step = 0,
                   std::optional<double> wall_time = {});

  /// A histogram of the values of a tensor, in TensorBoard's buckets.
  /// @param values of any shape but empty. @throws ValueError as `make_histogram`.
  template <Element T>
  void add_histogram(std::string_view tag, const Tensor<T>& values, Index global_step = 0,
                     std::optional<double> wall_time = {}) {
    add({.tag = std::string(tag), .value = make_histogram(values)}, global_step, wall_time);
  }

  /// A text in Markdown. @param text UTF-8.
  void add_text(std::string_view tag, std::string_view text, Index global_step = 0,
                std::optional<double> wall_time = {});

  /// An image. @param image of bytes, or of floating-point numbers from 0 to 1, which are multiplied by 255, clamped to
  ///   [0,255] and rounded down as PyTorch does; NaN is 0.
  /// @throws ShapeError for a shape that does not fit `format`; ConfigError unless `kWritesPng`.
  template <Element T>
  void add_image(std::string_view tag, const Tensor<T>& image, Index global_step = 0,
                 ImageFormat format = ImageFormat::kCHW, std::optional<double> wall_time = {}) {
    const auto pixels = image_bytes(image.to(Device::cpu()), format);  // (H,W,C)
    add_encoded_image(tag, encode_png(pixels), global_step, wall_time);
  }

  /// An image that is encoded already. @param png the bytes of a PNG file. @throws ValueError when it is not.
  void add_encoded_image(std::string_view tag, std::string png, Index global_step = 0,
                         std::optional<double> wall_time = {});

  /// A picture made by tempa, such as a confusion matrix. @throws ConfigError: `rasterize`, such as unless
  /// `kWritesPng`.
  void add_figure(std::string_view tag, const Picture& figure, Index global_step = 0, const RasterOptions& options = {},
                  std::optional<double> wall_time = {});

  /// Hyperparameters and the resulting metrics, as a separate run, for the page that compares runs.
  /// @param run_name folder below `log_dir`; empty: the time.
  void add_hparams(const HParams& hparams, const Metrics& metrics, std::string run_name = {}, Index global_step = 0,
                   std::optional<double> wall_time = {});

  /// The graph of the recorded operations that led to `output`, or of one call of `model` on a batch in evaluation
  /// mode; scopes are the modules. @throws ValueError as `trace_graph`.
  template <Module M, typename Input>
  void add_graph(M& model, const Input& output_or_batch) {
    LogEvent event = event_of(0, {});
    event.graph_def = encode_graph_def(trace_graph(model, output_or_batch));
    file_.add(event);
  }

  /// Each metric as a scalar of its name, for `log_to`.
  void log(Index step, const Metrics& metrics);
  /// For `log_to`: the folder; the step after the last one that was logged, after flushing; and making TensorBoard
  /// ignore that step and later ones in earlier files.
  /// @source the purge_step of torch.utils.tensorboard.SummaryWriter
  std::string location() const { return log_dir_.string(); }
  Index position();
  void rewind(Index position);

  /// Writes the queue. @throws IoError.
  void flush();
  /// Flushes and closes. @throws IoError.
  void close();

 private:
  EventFileOptions file_options() const { return {.max_queue = options_.max_queue, .flush_secs = options_.flush_secs}; }

  /// "events.out.tfevents.<time>.<host>.<process>.<number>" in a folder that is created if missing.
  std::string new_file(const std::filesystem::path& folder) const;

  /// The writer of a folder below `log_dir`, made at its first use.
  EventFileWriter& run(const std::string& folder);

  static LogEvent event_of(Index step, std::optional<double> wall_time);
  static SummaryValue checked(SummaryValue value);
  void add(SummaryValue value, Index step, std::optional<double> wall_time);

  /// (H,W,C)
  template <Element T>
  static Tensor<std::uint8_t> image_bytes(const Tensor<T>& image, ImageFormat format) {
    const Shape& shape = image.shape();
    const Index channels = format == ImageFormat::kHW    ? 1
                           : shape.rank() != 3           ? 0
                           : format == ImageFormat::kCHW ? shape[0]
                                                         : shape[2];
    const bool known = channels == 1 || channels == 3 || channels == 4;
    if (!known || shape.rank() != (format == ImageFormat::kHW ? 2 : 3))
      throw ShapeError(concat("[add_image] image must have shape ",
                              format == ImageFormat::kHW    ? "(H,W)"
                              : format == ImageFormat::kCHW ? "(3,H,W), (1,H,W) or (4,H,W)"
                                                            : "(H,W,3), (H,W,1) or (H,W,4)",
                              " but has ", shape));
    const bool planes = format == ImageFormat::kCHW;
    const Index height = planes ? shape[1] : shape[0], width = planes ? shape[2] : shape[1];
    Tensor<std::uint8_t> bytes(Shape{height, width, channels});
    for (Index i = 0; i < height * width; ++i)
      for (Index c = 0; c < channels; ++c)
        bytes.data()[i * channels + c] = to_byte(image.data()[planes ? c * height * width + i : i * channels + c]);
    return bytes;
  }
  template <Element T>
  static std::uint8_t to_byte(T value) {
    if constexpr (Floating<T>) {
      const float scaled = element_cast<float>(value) * 255.0f;
      return scaled > 0 ? static_cast<std::uint8_t>(std::min(scaled, 255.0f)) : std::uint8_t{0};
    } else {
      return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255));
    }
  }

  std::filesystem::path log_dir_;
  SummaryWriterOptions options_;
  EventFileWriter file_;
  Index position_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<EventFileWriter>> runs_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensorboard/impl/summary_writer.ipp>
#endif
