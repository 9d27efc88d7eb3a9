// ZIP archives: stored members are found, and whatever two readers could understand differently is refused.
#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/torch/detail/zip_archive.hpp>

#include "io/torch_bytes.hpp"
#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace zip_archive_test {

using namespace tempa;

namespace {

const std::string kPath = "m.bin";

std::string complaint_about(std::string_view bytes) {
  const std::string text = thrown<FormatError>([&] { read_zip_directory(bytes, kPath); });
  const std::string who = kPath + ": ZIP archive: ";
  return text.starts_with(who) ? text.substr(who.size()) : text;
}

struct Case {
  std::string bytes;
  std::string message;
};

void check_each(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CAPTURE(one.message);
    CHECK(complaint_about(one.bytes) == one.message);
  }
}

/// `bytes` with those at `at` replaced.
std::string with(std::string bytes, std::size_t at, std::string_view replacement) {
  return bytes.replace(at, replacement.size(), replacement);
}

const ZipPart kHello{.name = "a/hello", .bytes = "hello"};
const std::string kSimple = zip_bytes({kHello});
constexpr std::size_t kHeaderEnd = 30 + 7;          // of the local header of "a/hello"
constexpr std::size_t kDirectory = kHeaderEnd + 5;  // where the directory begins

}  // namespace

TEST_CASE("ZIP: members are found with 32-bit and 64-bit numbers, with and without descriptors", "[io]") {
  for (const bool wide : {false, true}) {
    for (const bool descriptor : {false, true}) {
      CAPTURE(wide, descriptor);
      const std::string bytes =
          zip_bytes({{.name = "a/hello", .bytes = "hello", .descriptor = descriptor, .wide = wide},
                     {.name = "a/", .bytes = ""},
                     {.name = "a/größe", .bytes = "xyz", .descriptor = descriptor, .wide = wide, .flags = 1u << 11}},
                    {.wide = wide});
      const std::vector<ZipMember> members = read_zip_directory(bytes, kPath);
      REQUIRE(members.size() == 3);
      CHECK(members[0].name == "a/hello");
      CHECK(members[0].bytes == "hello");
      CHECK(members[0].bytes.data() == bytes.data() + bytes.find("hello", 33));
      CHECK(members[1].bytes.empty());
      CHECK(members[2].name == "a/größe");
      CHECK(members[2].bytes == "xyz");
      for (const ZipMember& member : members) check_crc32(member, kPath);
    }
  }
  CHECK(read_zip_directory(zip_bytes({}), kPath).empty());
  CHECK(read_zip_directory(zip_bytes({}, {.wide = true}), kPath).empty());
}

TEST_CASE("ZIP: members may stand in another order in the directory, with bytes between them", "[io]") {
  const ZipPart other{.name = "b", .bytes = "other"};
  const std::string first = "stub" + zip_local(kHello) + "gap", second = zip_local(other);
  const std::string directory = zip_entry(other, first.size()) + zip_entry(kHello, 4);
  const std::string bytes = first + second + directory + zip_end(2, directory.size(), first.size() + second.size());
  const std::vector<ZipMember> members = read_zip_directory(bytes, kPath);
  REQUIRE(members.size() == 2);
  CHECK(members[0].bytes == "hello");
  CHECK(members[1].bytes == "other");
}

TEST_CASE("ZIP rule: the archive ends with the end of the directory and no comment", "[io]") {
  check_each({
      {"", "expected at least 22 bytes but has 0"},
      {"PK\3\4", "expected at least 22 bytes but has 4"},
      {kSimple + "x",
       concat("expected the end of the directory at byte ", kSimple.size() - 21, " but it is not there")},
      {kSimple + zip_bytes({kHello}).substr(1),
       "expected the directory to end at byte 211 but it has 53 bytes from 42 on"},
      {zip_bytes({kHello}, {.comment = "hi"}), "expected the end of the directory at byte 97 but it is not there"},
      {zip_bytes({kHello}, {.comment = std::string(22, 'x')}),
       "expected the end of the directory at byte 117 but it is not there"},
      {with(kSimple, kSimple.size() - 2, "\1"), "expected no comment but has one"},
  });
}

TEST_CASE("ZIP rule: the directory has the place, the size and the number of members that its end says", "[io]") {
  check_each({
      {zip_bytes({kHello}, {.count = 2}), "expected 2 members but 53 bytes are too few"},
      {zip_bytes({kHello}, {.count = 0}), "expected a directory of 53 bytes for 0 members but they take 0"},
      {zip_bytes({kHello, {.name = "b", .bytes = ""}}, {.count = 1}),
       "expected a directory of 100 bytes for 1 members but they take 53"},
      {zip_bytes({kHello}, {.bytes = 52}), "expected the directory to end at byte 95 but it has 52 bytes from 42 on"},
      {zip_bytes({kHello}, {.begin = 41}), "expected the directory to end at byte 95 but it has 53 bytes from 41 on"},
      {zip_bytes({kHello}, {.begin = 0xffffffff}),
       "expected the directory to end at byte 95 but it has 53 bytes from 4294967295 on"},
      {zip_bytes({kHello}, {.wide = true, .count = std::uint64_t{1} << 60}),
       "expected 1152921504606846976 members but 53 bytes are too few"},
      {zip_bytes({kHello}, {.wide = true, .begin = ~std::uint64_t{0}}),
       "expected the directory to end at byte 95 but it has 53 bytes from 18446744073709551615 on"},
      {with(kSimple, kDirectory, "PK\1\3"), "expected an entry of the directory at byte 42 but it is not there"},
      {with(kSimple, kDirectory + 28, "\xff\xff"), "expected the entry at byte 42 to end within the directory"},
      {with(kSimple, kDirectory + 32, "\1"), "expected the entry at byte 42 to end within the directory"},
  });
}

TEST_CASE("ZIP rule: both ends of the directory say the same", "[io]") {
  const std::string wide = zip_bytes({kHello}, {.wide = true});
  const std::size_t end = wide.size() - 22, locator = end - 20, end64 = locator - 56;
  check_each({
      {with(wide, end + 10, little(7, 2)),
       "expected the same members in both ends of the directory but they say 7 and 1"},
      {with(wide, end + 8, little(7, 2)),
       "expected the same members of this file in both ends of the directory but they say 7 and 1"},
      {with(wide, end + 12, little(7, 4)),
       "expected the same bytes of the directory in both ends of the directory but they say 7 and 53"},
      {with(wide, end + 16, little(7, 4)),
       "expected the same begin of the directory in both ends of the directory but they say 7 and 42"},
      {with(wide, end64 + 24, little(7, 8)), "expected all 1 members in this file but it has 7"},
      {with(wide, end64, "PK\6\5"), "expected the 64-bit end of the directory at byte 95 but it is not there"},
      {with(wide, end64 + 4, little(45, 8)),
       "expected a 64-bit end of the directory of 56 bytes but it says 45 more than 12"},
      {with(wide, locator + 8, little(0, 8)),
       "expected the 64-bit end of the directory right before its locator but it is said to be at byte 0"},
      {"PK\6\7" + std::string(16, '\1') + zip_bytes({}), "expected one file but it is a part of several"},
  });
}

TEST_CASE("ZIP rule: an archive is one file", "[io]") {
  const std::string wide = zip_bytes({kHello}, {.wide = true});
  const std::size_t locator = wide.size() - 42, end64 = locator - 56;
  for (const std::string& bytes : {with(kSimple, kSimple.size() - 18, "\1"), with(kSimple, kSimple.size() - 16, "\1"),
                                   with(wide, locator + 4, "\1"), with(wide, locator + 16, "\2"),
                                   with(wide, end64 + 16, "\1"), with(wide, end64 + 20, "\1")})
    CHECK(complaint_about(bytes) == "expected one file but it is a part of several");
  CHECK(complaint_about(zip_bytes({{.name = "a", .bytes = "", .disk = 1}})) ==
        "member 'a': expected one file but it is in another");
}

TEST_CASE("ZIP rule: members are stored, readable and without unknown flags", "[io]") {
  check_each({
      {zip_bytes({{.name = "a", .bytes = "x", .method = 8}}),
       "member 'a': expected stored bytes but they are compressed by method 8"},
      {zip_bytes({{.name = "a", .bytes = "x", .flags = 1}}),
       "member 'a': expected a readable member but it is encrypted"},
      {zip_bytes({{.name = "a", .bytes = "x", .flags = 1u << 6}}), "member 'a': expected no unknown flags but has 64"},
      {zip_bytes({{.name = "a", .bytes = "x", .flags = 1u << 13}}),
       "member 'a': expected no unknown flags but has 8192"},
      {zip_bytes({{.name = "a", .bytes = "x", .stored = 0}}),
       "member 'a': expected as many stored bytes as bytes but has 0 and 1"},
  });
}

TEST_CASE("ZIP rule: a name is a relative path without two dots, and there once", "[io]") {
  using namespace std::string_literals;
  for (const std::string& name :
       {""s, "/a"s, "../a"s, "a/../b"s, "a/.."s, "./a"s, "a//b"s, "a\\b"s, "a\0b"s, "/"s, ".."s}) {
    CAPTURE(name);
    CHECK(complaint_about(zip_bytes({{.name = name, .bytes = ""}})) ==
          concat("member ", printable(name), ": expected a relative path without '..'"));
  }
  for (const std::string& name : {"a"s, "a/"s, "..a/b..c/...d"s, ".data/x"s})
    CHECK(read_zip_directory(zip_bytes({{.name = name, .bytes = ""}}), kPath).size() == 1);
  CHECK(complaint_about(zip_bytes({kHello, {.name = "b", .bytes = "b"}, kHello})) ==
        "member 'a/hello': expected every name once but it is there twice");
}

TEST_CASE("ZIP rule: a member's own header says what the directory says", "[io]") {
  check_each({
      {zip_bytes({{.name = "a", .bytes = "x", .local_name = "b"}}),
       "member 'a': expected the same name in its header but it has 'b'"},
      {zip_bytes({{.name = "a", .bytes = "x", .local_name = "ab"}}),
       "member 'a': expected the same name in its header but it has 'ab'"},
      {with(kSimple, 6, "\1"), "member 'a/hello': expected the same flags and method in its header"},
      {with(kSimple, 8, "\x08"), "member 'a/hello': expected the same flags and method in its header"},
      {with(kSimple, 14, little(5, 4)),
       concat("member 'a/hello': expected 5 bytes and check ", crc32("hello"), " in its header but it says 5 and 5")},
      {zip_bytes({{.name = "a", .bytes = "x", .local_size = 2}}),
       concat("member 'a': expected 1 bytes and check ", crc32("x"), " in its header but it says 2 and ", crc32("x"))},
      {zip_bytes({{.name = "a", .bytes = "x", .wide = true, .local_size = 2}}),
       concat("member 'a': expected 1 bytes and check ", crc32("x"), " in its header but it says 2 and ", crc32("x"))},
      {with(kSimple, 0, "PK\3\5"), "expected the header of a member at byte 0 but it is not there"},
      {zip_bytes({{.name = "a", .bytes = "x", .begin = 1}}),
       "expected the header of a member at byte 1 but it is not there"},
      {zip_bytes({{.name = "a", .bytes = "x", .begin = 3}}),
       "member 'a': expected its header before the directory but it is at byte 3"},
      {zip_bytes({{.name = "a", .bytes = "x", .begin = 0xffffffff}}),
       "member 'a': expected its header before the directory but it is at byte 4294967295"},
      {with(kSimple, 28, "\xff\xff"), "member 'a/hello': expected its header to end before the directory"},
  });
}

TEST_CASE("ZIP rule: a descriptor says what the directory says", "[io]") {
  for (const bool wide : {false, true}) {
    const std::string bytes = zip_bytes({{.name = "a/hello", .bytes = "hello", .descriptor = true, .wide = wide}});
    const std::size_t descriptor = bytes.find("PK\7\10");
    for (const std::size_t at : {std::size_t{0}, std::size_t{4}, std::size_t{8}, std::size_t{wide ? 16U : 12U}})
      CHECK(complaint_about(with(bytes, descriptor + at, "\7")) ==
            "member 'a/hello': expected size and check after its 5 bytes but something else is there");
  }
}

TEST_CASE("ZIP rule: 64-bit extra fields are whole, there once, and hold all numbers", "[io]") {
  const std::string bytes = zip_bytes({{.name = "a", .bytes = "x", .wide = true}});
  const std::size_t entry = bytes.find("PK\1\2"), extra = entry + 47;
  check_each({
      {with(bytes, extra + 2, "\x1d"), "member 'a': expected whole extra fields but one is cut"},
      {with(bytes, extra + 2, "\x17"), "member 'a': expected whole extra fields but one is cut"},
      {with(bytes, extra + 2, std::string("\x14\0\1\0", 4).substr(0, 1)),
       "member 'a': expected more numbers in the 64-bit extra field"},
      {with(bytes, extra, little(1, 2) + little(10, 2) + little(1, 8) + little(0, 2) + little(1, 2) + little(10, 2)),
       "member 'a': expected one 64-bit extra field but has two"},
  });
}

TEST_CASE("ZIP rule: members lie within the file and do not overlap each other or the directory", "[io]") {
  const ZipPart other{.name = "b", .bytes = "other"};
  const std::string local = zip_local(kHello);
  const auto archive = [](const std::string& members, const std::string& directory, std::uint64_t count) {
    return members + directory + zip_end(count, directory.size(), members.size());
  };
  // a member inside of another's bytes
  const ZipPart outer{.name = "outer", .bytes = local};
  const std::size_t inner_begin = zip_local(outer).size() - local.size();
  check_each({
      {archive(zip_local(outer), zip_entry(outer, 0) + zip_entry(kHello, inner_begin), 2),
       "member 'a/hello': expected to begin after 'outer', at byte 77, but begins at 35"},
      {archive(local, zip_entry(kHello, 0) + zip_entry(other, 0), 2),
       "member 'b': expected to begin after 'a/hello', at byte 42, but begins at 0"},
      {zip_bytes({{.name = "a", .bytes = "x", .size = 2}}),
       "member 'a': expected 2 bytes but 1 are left before the directory"},
      {zip_bytes({{.name = "a", .bytes = "x", .wide = true, .size = ~std::uint64_t{0}}}),
       "member 'a': expected 18446744073709551615 bytes but 1 are left before the directory"},
  });
}

TEST_CASE("ZIP: a check of the bytes that differs is an error, and one of zero is none", "[io]") {
  for (const std::uint32_t crc : {1u, 0xffffffffu}) {
    const std::string bytes = zip_bytes({{.name = "a", .bytes = "x", .crc = crc}});
    const std::vector<ZipMember> members = read_zip_directory(bytes, kPath);
    CHECK(thrown<FormatError>([&] { check_crc32(members.at(0), kPath); }) ==
          concat("m.bin: ZIP archive: member 'a': expected bytes of the check ", crc, " but theirs is ", crc32("x")));
  }
  const std::string bytes = zip_bytes({{.name = "a", .bytes = "x", .crc = 0}});
  check_crc32(read_zip_directory(bytes, kPath).at(0), kPath);  // set_crc32_options(False)
}

TEST_CASE("ZIP: a hundred thousand entries that point to one long header are refused at once", "[io]") {
  std::string directory;
  for (int i = 0; i < 100'000; ++i) directory += zip_entry({.name = concat("n", i), .bytes = ""}, 0);
  const std::string members =
      with(zip_local({.name = "n0", .bytes = ""}), 28, little(65532, 2)) + std::string(65532, '\0');
  const std::string bytes = members + directory + zip_end(100'000, directory.size(), members.size(), {.wide = true});
  CHECK(complaint_about(bytes) == "member 'n1': expected to begin after 'n0', at byte 65564, but begins at 0");
}

}  // namespace zip_archive_test
