// The bodies of <tempa/tensorboard/detail/event.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/tensorboard/detail/event.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

inline constexpr std::uint64_t kDtString = 7;  // tensorflow.DataType

inline constexpr std::uint64_t kSessionStart = 1;  // tensorflow.SessionLog.SessionStatus

TEMPA_INLINE void encode(ProtobufWriter& out, std::monostate) { static_cast<void>(out); }

TEMPA_INLINE void encode(ProtobufWriter& out, float value) { out.real32(2, value); }

TEMPA_INLINE void encode(ProtobufWriter& out, const ImageSummary& image) {
  ProtobufWriter message;
  message.integer(1, image.height);
  message.integer(2, image.width);
  message.integer(3, image.colorspace);
  message.bytes(4, image.encoded);
  out.message(4, message);
}

TEMPA_INLINE void encode(ProtobufWriter& out, const HistogramSummary& histogram) {
  ProtobufWriter message;
  message.real(1, histogram.min);
  message.real(2, histogram.max);
  message.real(3, histogram.num);
  message.real(4, histogram.sum);
  message.real(5, histogram.sum_squares);
  message.reals(6, histogram.bucket_limit);
  message.reals(7, histogram.bucket);
  out.message(5, message);
}

TEMPA_INLINE void encode(ProtobufWriter& out, const TextSummary& text) {
  ProtobufWriter size, shape, tensor;
  size.varint(1, text.strings.size());
  shape.message(2, size);
  tensor.varint(1, kDtString);
  tensor.message(2, shape);
  for (const std::string& string : text.strings) tensor.bytes(8, string);
  out.message(8, tensor);
}

inline ImageSummary decode_image(std::string_view bytes, const std::string& path) {
  ImageSummary image;
  ProtobufReader reader(bytes, path, "Summary.Image");
  while (const auto field = reader.next()) {
    if (field->number == 1) image.height = reader.expect(*field, WireType::kVarint).integer();
    if (field->number == 2) image.width = reader.expect(*field, WireType::kVarint).integer();
    if (field->number == 3) image.colorspace = reader.expect(*field, WireType::kVarint).integer();
    if (field->number == 4) image.encoded = reader.expect(*field, WireType::kBytes).bytes;
  }
  return image;
}

inline HistogramSummary decode_histogram(std::string_view bytes, const std::string& path) {
  HistogramSummary histogram;
  ProtobufReader reader(bytes, path, "HistogramProto");
  double* const numbers[] = {&histogram.min, &histogram.max, &histogram.num, &histogram.sum, &histogram.sum_squares};
  while (const auto field = reader.next()) {
    if (field->number <= 5) *numbers[field->number - 1] = reader.expect(*field, WireType::kFixed64).real();
    if (field->number == 6) reader.append_reals(*field, histogram.bucket_limit);
    if (field->number == 7) reader.append_reals(*field, histogram.bucket);
  }
  if (histogram.bucket_limit.size() != histogram.bucket.size())
    reader.fail(concat(histogram.bucket_limit.size(), " bucket limits for ", histogram.bucket.size(), " buckets"));
  return histogram;
}

inline TextSummary decode_text(std::string_view bytes, const std::string& path) {
  TextSummary text;
  ProtobufReader reader(bytes, path, "TensorProto");
  while (const auto field = reader.next())
    if (field->number == 8) text.strings.emplace_back(reader.expect(*field, WireType::kBytes).bytes);
  return text;
}

inline void decode_metadata(std::string_view bytes, const std::string& path, SummaryValue& value) {
  ProtobufReader reader(bytes, path, "SummaryMetadata");
  while (const auto field = reader.next()) {
    if (field->number != 1) continue;
    ProtobufReader plugin(reader.expect(*field, WireType::kBytes).bytes, path, "SummaryMetadata.PluginData");
    while (const auto part = plugin.next()) {
      if (part->number == 1) value.plugin_name = plugin.expect(*part, WireType::kBytes).bytes;
      if (part->number == 2) value.plugin_content = plugin.expect(*part, WireType::kBytes).bytes;
    }
  }
}

inline SummaryValue decode_summary_value(std::string_view bytes, const std::string& path) {
  SummaryValue value;
  ProtobufReader reader(bytes, path, "Summary.Value");
  while (const auto field = reader.next()) {
    if (field->number == 1) value.tag = reader.expect(*field, WireType::kBytes).bytes;
    if (field->number == 2) value.value = reader.expect(*field, WireType::kFixed32).real32();
    if (field->number == 4) value.value = decode_image(reader.expect(*field, WireType::kBytes).bytes, path);
    if (field->number == 5) value.value = decode_histogram(reader.expect(*field, WireType::kBytes).bytes, path);
    if (field->number == 8) value.value = decode_text(reader.expect(*field, WireType::kBytes).bytes, path);
    if (field->number == 9) decode_metadata(reader.expect(*field, WireType::kBytes).bytes, path, value);
  }
  if (value.tag.empty()) reader.fail("a value must have a tag");
  return value;
}

}  // namespace detail

TEMPA_INLINE std::string encode_event(const LogEvent& event) {
  ProtobufWriter out;
  out.real(1, event.wall_time);
  if (event.step != 0) out.integer(2, event.step);
  if (!event.file_version.empty()) out.bytes(3, event.file_version);
  if (!event.graph_def.empty()) out.bytes(4, event.graph_def);
  if (!event.summary.empty()) {
    ProtobufWriter summary;
    for (const SummaryValue& value : event.summary) {
      ProtobufWriter message;
      message.bytes(1, value.tag);
      std::visit([&](const auto& kind) { detail::encode(message, kind); }, value.value);
      if (!value.plugin_name.empty()) {
        ProtobufWriter plugin, metadata;
        plugin.bytes(1, value.plugin_name);
        if (!value.plugin_content.empty()) plugin.bytes(2, value.plugin_content);
        metadata.message(1, plugin);
        message.message(9, metadata);
      }
      summary.message(1, message);
    }
    out.message(5, summary);
  }
  if (event.session_start) {
    ProtobufWriter session;
    session.varint(1, detail::kSessionStart);
    out.message(7, session);
  }
  return std::move(out).str();
}

TEMPA_INLINE LogEvent decode_event(std::string_view bytes, const std::string& path) {
  LogEvent event;
  ProtobufReader reader(bytes, path, "Event");
  while (const auto field = reader.next()) {
    if (field->number == 1) event.wall_time = reader.expect(*field, WireType::kFixed64).real();
    if (field->number == 2) event.step = reader.expect(*field, WireType::kVarint).integer();
    if (field->number == 3) event.file_version = reader.expect(*field, WireType::kBytes).bytes;
    if (field->number == 4) event.graph_def = reader.expect(*field, WireType::kBytes).bytes;
    if (field->number == 5) {
      ProtobufReader summary(reader.expect(*field, WireType::kBytes).bytes, path, "Summary");
      while (const auto value = summary.next())
        if (value->number == 1)
          event.summary.push_back(detail::decode_summary_value(summary.expect(*value, WireType::kBytes).bytes, path));
    }
    if (field->number == 7) {
      ProtobufReader session(reader.expect(*field, WireType::kBytes).bytes, path, "SessionLog");
      while (const auto status = session.next())
        if (status->number == 1)
          event.session_start = session.expect(*status, WireType::kVarint).bits == detail::kSessionStart;
    }
  }
  return event;
}

}  // namespace tempa::inline TEMPA_ABI
