// The events of TensorBoard's event files, and their encoding as protocol buffers.
#pragma once

#include <tempa/io/detail/protobuf.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// An encoded picture.
struct ImageSummary {
  std::int64_t height = 0;      ///< pixels
  std::int64_t width = 0;       ///< pixels
  std::int64_t colorspace = 3;  ///< channels: 1 gray, 3 RGB, 4 RGBA
  std::string encoded;          ///< a PNG file

  friend bool operator==(const ImageSummary&, const ImageSummary&) = default;
};

/// A histogram: the number of values in each bucket.
struct HistogramSummary {
  double min = 0, max = 0, num = 0, sum = 0, sum_squares = 0;
  std::vector<double> bucket_limit{};  ///< right end of each bucket, increasing
  std::vector<double> bucket{};        ///< number of values

  friend bool operator==(const HistogramSummary&, const HistogramSummary&) = default;
};

/// A tensor of strings.
struct TextSummary {
  std::vector<std::string> strings;

  friend bool operator==(const TextSummary&, const TextSummary&) = default;
};

/// One named value of an event.
struct SummaryValue {
  std::string tag;
  std::variant<std::monostate, float, ImageSummary, HistogramSummary, TextSummary> value{};
  std::string plugin_name{};     ///< of TensorBoard that shows it; empty: by the kind of value
  std::string plugin_content{};  ///< a message of that plugin

  friend bool operator==(const SummaryValue&, const SummaryValue&) = default;
};

/// One record of an event file.
struct LogEvent {
  double wall_time = 0;  ///< seconds since 1970
  std::int64_t step = 0;
  std::string file_version{};  ///< of the first event
  std::string graph_def{};     ///< an encoded GraphDef
  std::vector<SummaryValue> summary{};
  bool session_start = false;  ///< a training resumes here: TensorBoard ignores `step` and later steps of earlier files

  friend bool operator==(const LogEvent&, const LogEvent&) = default;
};

namespace detail {

void encode(ProtobufWriter& out, std::monostate);
void encode(ProtobufWriter& out, float value);
void encode(ProtobufWriter& out, const ImageSummary& image);
void encode(ProtobufWriter& out, const HistogramSummary& histogram);
void encode(ProtobufWriter& out, const TextSummary& text);

}  // namespace detail

/// The event as a protocol buffer.
/// @source tensorflow event.proto, summary.proto
std::string encode_event(const LogEvent& event);

/// The reverse; unknown fields (audio, run metadata) are skipped. @param path the file that errors name.
/// @throws FormatError for a broken message.
LogEvent decode_event(std::string_view bytes, const std::string& path);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensorboard/detail/impl/event.ipp>
#endif
