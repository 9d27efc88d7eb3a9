// The bodies of <tempa/tensorboard/summary_writer.hpp>.
#pragma once

#include <tempa/plot/detail/svg.hpp>
#include <tempa/tensorboard/summary_writer.hpp>

#include <atomic>
#include <cmath>
#include <system_error>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE SummaryWriter::SummaryWriter(std::filesystem::path log_dir, SummaryWriterOptions options)
    : log_dir_(std::move(log_dir)), options_(std::move(options)), file_(new_file(log_dir_), file_options()) {}

TEMPA_INLINE void SummaryWriter::add_scalar(std::string_view tag, double value, Index global_step,
                                            std::optional<double> wall_time) {
  add({.tag = std::string(tag), .value = static_cast<float>(value)}, global_step, wall_time);
}

TEMPA_INLINE void SummaryWriter::add_scalars(std::string_view main_tag, const Metrics& values, Index global_step,
                                             std::optional<double> wall_time) {
  for (const Metric& metric : values) {
    std::string folder = concat(main_tag, '_', metric.name);
    std::replace(folder.begin(), folder.end(), '/', '_');
    LogEvent event = event_of(global_step, wall_time);
    event.summary.push_back(checked({.tag = std::string(main_tag), .value = static_cast<float>(metric.value)}));
    run(folder).add(event);
  }
}

TEMPA_INLINE void SummaryWriter::add_text(std::string_view tag, std::string_view text, Index global_step,
                                          std::optional<double> wall_time) {
  require_valid_utf8("add_text", text);
  add({.tag = concat(tag, "/text_summary"),
       .value = TextSummary{{std::string(text)}},
       .plugin_name = "text",
       .plugin_content = ""},
      global_step, wall_time);
}

TEMPA_INLINE void SummaryWriter::add_encoded_image(std::string_view tag, std::string png, Index global_step,
                                                   std::optional<double> wall_time) {
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

TEMPA_INLINE void SummaryWriter::add_figure(std::string_view tag, const Picture& figure, Index global_step,
                                            const RasterOptions& options, std::optional<double> wall_time) {
  add_encoded_image(tag, figure.png(options), global_step, wall_time);
}

TEMPA_INLINE void SummaryWriter::add_hparams(const HParams& hparams, const Metrics& metrics, std::string run_name,
                                             Index global_step, std::optional<double> wall_time) {
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

TEMPA_INLINE void SummaryWriter::log(Index step, const Metrics& metrics) {
  for (const Metric& metric : metrics) add_scalar(metric.name, metric.value, step);
  position_ = std::max(position_, step + 1);
}

TEMPA_INLINE Index SummaryWriter::position() {
  flush();
  return position_;
}

TEMPA_INLINE void SummaryWriter::rewind(Index position) {
  position_ = position;
  LogEvent event = event_of(position, {});
  event.session_start = true;
  file_.add(event);
}

TEMPA_INLINE void SummaryWriter::flush() {
  file_.flush();
  const std::lock_guard lock(mutex_);
  for (auto& [folder, file] : runs_) file->flush();
}

TEMPA_INLINE void SummaryWriter::close() {
  file_.close();
  const std::lock_guard lock(mutex_);
  for (auto& [folder, file] : runs_) file->close();
}

TEMPA_INLINE std::string SummaryWriter::new_file(const std::filesystem::path& folder) const {
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

TEMPA_INLINE EventFileWriter& SummaryWriter::run(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  auto& file = runs_[folder];
  if (!file) file = std::make_unique<EventFileWriter>(new_file(log_dir_ / folder), file_options());
  return *file;
}

TEMPA_INLINE LogEvent SummaryWriter::event_of(Index step, std::optional<double> wall_time) {
  return {.wall_time = wall_time.value_or(EventFileWriter::wall_time_now()), .step = step};
}

TEMPA_INLINE SummaryValue SummaryWriter::checked(SummaryValue value) {
  if (value.tag.empty()) throw ValueError("[SummaryWriter] a tag must not be empty");
  require_valid_utf8("SummaryWriter", value.tag);
  return value;
}

TEMPA_INLINE void SummaryWriter::add(SummaryValue value, Index step, std::optional<double> wall_time) {
  LogEvent event = event_of(step, wall_time);
  event.summary.push_back(checked(std::move(value)));
  file_.add(event);
}

}  // namespace tempa::inline TEMPA_ABI
