// Writes what TensorBoard shows: scalars, histograms, texts, images, hyperparameters, the model's graph.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/metrics/metrics.hpp>
#include <tempa/plot/picture.hpp>
#include <tempa/tensorboard/detail/event_file.hpp>
#include <tempa/tensorboard/detail/graph.hpp>
#include <tempa/tensorboard/detail/histogram.hpp>
#include <tempa/tensorboard/hparams.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

TEMPA_COMPILED_FILE("train");

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
  explicit SummaryWriter(std::filesystem::path log_dir, SummaryWriterOptions options = {})
      : log_dir_(std::move(log_dir)), options_(std::move(options)), file_(new_file(log_dir_), file_options()) {}

  const std::filesystem::path& log_dir() const { return log_dir_; }
  /// Path of the event file.
  const std::string& path() const { return file_.path(); }

  /// A number, stored as float32. @param tag "group/name", UTF-8.
  /// @throws ValueError for a tag that is empty or not UTF-8; IoError when writing fails, also in all functions below.
  void add_scalar(std::string_view tag, double value, Index global_step = 0, std::optional<double> wall_time = {}) {
    add({.tag = std::string(tag), .value = static_cast<float>(value)}, global_step, wall_time);
  }

  /// Several numbers in one diagram: each is written as `main_tag` into its own folder "<main_tag>_<name>".
  void add_scalars(std::string_view main_tag, const Metrics& values, Index global_step = 0,
                   std::optional<double> wall_time = {}) {
    for (const Metric& metric : values) {
      std::string folder = concat(main_tag, '_', metric.name);
      std::replace(folder.begin(), folder.end(), '/', '_');
      LogEvent event = event_of(global_step, wall_time);
      event.summary.push_back(checked({.tag = std::string(main_tag), .value = static_cast<float>(metric.value)}));
      run(folder).add(event);
    }
  }

  /// A histogram of the values of a tensor, in TensorBoard's buckets.
  /// @param values of any shape but empty. @throws ValueError as `make_histogram`.
  template <Element T>
  void add_histogram(std::string_view tag, const Tensor<T>& values, Index global_step = 0,
                     std::optional<double> wall_time = {}) {
    add({.tag = std::string(tag), .value = make_histogram(values)}, global_step, wall_time);
  }

  /// A text in Markdown. @param text UTF-8.
  void add_text(std::string_view tag, std::string_view text, Index global_step = 0,
                std::optional<double> wall_time = {}) {
    require_valid_utf8("add_text", text);
    add({.tag = concat(tag, "/text_summary"),
         .value = TextSummary{{std::string(text)}},
         .plugin_name = "text",
         .plugin_content = ""},
        global_step, wall_time);
  }

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
                         std::optional<double> wall_time = {}) {
    constexpr std::string_view kBegin("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    if (!std::string_view(png).starts_with(kBegin) || png.size() < 33)
      throw ValueError(concat("[add_encoded_image] '", tag, "' must be a PNG file but does not begin like one"));
    const auto number = [&](std::size_t at) {
      std::int64_t value = 0;
      for (std::size_t i = at; i < at + 4; ++i) value = value * 256 + static_cast<unsigned char>(png[i]);
      return value;
    };
    const char color_type = png[25];
    const std::int64_t channels = color_type == 0 ? 1 : color_type == 4 ? 2 : color_type == 6 ? 4 : 3;
    ImageSummary image{.height = number(20), .width = number(16), .colorspace = channels, .encoded = std::move(png)};
    add({.tag = std::string(tag), .value = std::move(image)}, global_step, wall_time);
  }

  /// A picture made by tempa, such as a confusion matrix. @throws ConfigError: `rasterize`, such as unless
  /// `kWritesPng`.
  void add_figure(std::string_view tag, const Picture& figure, Index global_step = 0, const RasterOptions& options = {},
                  std::optional<double> wall_time = {}) {
    add_encoded_image(tag, figure.png(options), global_step, wall_time);
  }

  /// Hyperparameters and the resulting metrics, as a separate run, for the page that compares runs.
  /// @param run_name folder below `log_dir`; empty: the time.
  void add_hparams(const HParams& hparams, const Metrics& metrics, std::string run_name = {}, Index global_step = 0,
                   std::optional<double> wall_time = {}) {
    const double now = wall_time.value_or(EventFileWriter::wall_time_now());
    if (run_name.empty()) run_name = detail::fixed_number(now, 6);
    EventFileWriter& file = run(run_name);
    for (const auto& [name, hparam] : hparams) {
      require_valid_utf8("add_hparams", name);
      if (const auto* text = std::get_if<std::string>(&hparam.value())) require_valid_utf8("add_hparams", *text);
    }
    std::vector<SummaryValue> values = make_hparams(hparams, metrics);
    for (const Metric& metric : metrics)
      values.push_back({.tag = metric.name, .value = static_cast<float>(metric.value)});
    for (SummaryValue& value : values) {
      LogEvent event = event_of(global_step, now);
      event.summary.push_back(checked(std::move(value)));
      file.add(event);
    }
  }

  /// The graph of the recorded operations that led to `output`, or of one call of `model` on a batch in evaluation
  /// mode; scopes are the modules. @throws ValueError as `trace_graph`.
  template <Module M, typename Input>
  void add_graph(M& model, const Input& output_or_batch) {
    LogEvent event = event_of(0, {});
    event.graph_def = encode_graph_def(trace_graph(model, output_or_batch));
    file_.add(event);
  }

  /// Each metric as a scalar of its name, for `log_to`.
  void log(Index step, const Metrics& metrics) {
    for (const Metric& metric : metrics) add_scalar(metric.name, metric.value, step);
    position_ = std::max(position_, step + 1);
  }
  /// For `log_to`: the folder; the step after the last one that was logged, after flushing; and making TensorBoard
  /// ignore that step and later ones in earlier files.
  /// @source the purge_step of torch.utils.tensorboard.SummaryWriter
  std::string location() const { return log_dir_.string(); }
  Index position() {
    flush();
    return position_;
  }
  void rewind(Index position) {
    position_ = position;
    LogEvent event = event_of(position, {});
    event.session_start = true;
    file_.add(event);
  }

  /// Writes the queue. @throws IoError.
  void flush() {
    file_.flush();
    const std::lock_guard lock(mutex_);
    for (auto& [folder, file] : runs_) file->flush();
  }
  /// Flushes and closes. @throws IoError.
  void close() {
    file_.close();
    const std::lock_guard lock(mutex_);
    for (auto& [folder, file] : runs_) file->close();
  }

 private:
  EventFileOptions file_options() const { return {.max_queue = options_.max_queue, .flush_secs = options_.flush_secs}; }

  /// "events.out.tfevents.<time>.<host>.<process>.<number>" in a folder that is created if missing.
  std::string new_file(const std::filesystem::path& folder) const {
    static std::atomic<unsigned> counter{0};
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) throw IoError(folder.string(), concat("cannot create the folder: ", failure.message()));
    char host[256] = "localhost";
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    const std::string seconds = detail::fixed_number(std::floor(EventFileWriter::wall_time_now()), 0);
    return (folder / ("events.out.tfevents." + seconds + "." + host + "." + std::to_string(::getpid()) + "." +
                      std::to_string(counter++) + options_.filename_suffix))
        .string();
  }

  /// The writer of a folder below `log_dir`, made at its first use.
  EventFileWriter& run(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    auto& file = runs_[folder];
    if (!file) file = std::make_unique<EventFileWriter>(new_file(log_dir_ / folder), file_options());
    return *file;
  }

  static LogEvent event_of(Index step, std::optional<double> wall_time) {
    return {.wall_time = wall_time.value_or(EventFileWriter::wall_time_now()), .step = step};
  }
  static SummaryValue checked(SummaryValue value) {
    if (value.tag.empty()) throw ValueError("[SummaryWriter] a tag must not be empty");
    require_valid_utf8("SummaryWriter", value.tag);
    return value;
  }
  void add(SummaryValue value, Index step, std::optional<double> wall_time) {
    LogEvent event = event_of(step, wall_time);
    event.summary.push_back(checked(std::move(value)));
    file_.add(event);
  }

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
