// A table whose beginning can be inspected before it is read, to guess its layout: a file, a pipe, a stream.
#pragma once

#include <tempa/data/table/delimited.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <istream>
#include <memory>
#include <streambuf>
#include <string>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Replays what was read from a buffer, then continues with the buffer; it does not read ahead.
class ReplayBuffer : public std::streambuf {
 public:
  explicit ReplayBuffer(std::streambuf* source) : source_(source) {}

  /// Reads up to `bytes`, or, with `line`, up to the end of the first line that is not empty, to be replayed.
  const std::string& peek(std::size_t bytes, bool line);

 protected:
  int_type underflow() override { return source_->sgetc(); }
  int_type uflow() override { return source_->sbumpc(); }

 private:
  std::streambuf* source_;
  std::string peeked_;
};

}  // namespace detail

/// How much of a stream is inspected.
enum class Peek {
  kStart,     ///< up to 256 KiB
  kFirstLine  ///< no more than the first line, so that input line by line is answered line by line
};

/// The beginning of a table.
struct TableStart {
  std::string text;   ///< without an incomplete last line
  bool whole = true;  ///< there is no more
};

/// A table before it is read.
class TableInput {
 public:
  /// A file, or a pipe by its path. If it cannot be opened, `reader` throws.
  explicit TableInput(std::filesystem::path path, Peek peek = Peek::kStart);
  /// A stream, which must outlive this. @param name what errors call it.
  TableInput(std::istream& in, std::string name, Peek peek = Peek::kStart);

  /// The path, or the name of the stream.
  const std::string& name() const { return name_; }
  /// What was inspected.
  const TableStart& start() const { return start_; }

  /// Reads the table from its beginning; to be called once. The reader must not outlive this.
  /// @throws as the constructors of `DelimitedReader`.
  DelimitedReader reader(const DelimitedFormat& format);

 private:
  static constexpr std::size_t kStartBytes = std::size_t{1} << 18;

  void take(std::streambuf* source, Peek peek);
  void keep(detail::ReplayBuffer& buffer, Peek peek);

  std::filesystem::path path_;
  std::string name_;
  TableStart start_;
  std::unique_ptr<std::ifstream> file_;           // a pipe
  std::unique_ptr<detail::ReplayBuffer> buffer_;  // around it, or around the stream
  std::unique_ptr<std::istream> stream_;          // around the buffer
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/table/impl/table_input.ipp>
#endif
