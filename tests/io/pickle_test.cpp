// Pickles: what is read, what is refused, and that no program of a file can make its reader work or store much.
#include <tempa/core/error.hpp>
#include <tempa/io/torch/detail/pickle_reader.hpp>

#include "io/torch_bytes.hpp"
#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace pickle_test {

using namespace tempa;

namespace {

const std::string kPath = "m.bin";

/// What a pickle of these bytes is refused with, without the path.
std::string complaint_about(std::string_view bytes) {
  const std::string text = thrown<FormatError>([&] { read_pickle(bytes, 0, bytes.size(), kPath); });
  return text.starts_with(kPath + ": ") ? text.substr(kPath.size() + 2) : text;
}

/// What a program of these opcodes is refused with; they begin at byte 2.
std::string complaint_about_body(std::string_view body) { return complaint_about(pickle_bytes(body)); }

struct Case {
  std::string body;
  std::string message;
};

void check_each(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CAPTURE(one.message);
    CHECK(complaint_about_body(one.body) == one.message);
  }
}

}  // namespace

TEST_CASE("Pickle: every kind of value of a state dict is read", "[io]") {
  const std::string body =
      "(" +
      joined({"N", kPickleTrue, kPickleFalse, "K\xff", "M\x34\x12", "J\xfe\xff\xff\xff", std::string("\x8a\x00", 2),
              "\x8a\x01\x80", pickle_int(std::int64_t{-1} << 40), "G\x3f\xf8" + std::string(6, '\0'),
              pickle_text("größe"), "U\x02hi"}) +
      joined({")", "K\x01\x85", "K\x01K\x02\x86", "K\x01K\x02K\x03\x87",
              "](K\x01K\x02"
              "e",
              "]K\x07"
              "a",
              "}(K\x01K\x02U\x01kNu", "}U\x01kK\x05s"}) +
      joined({pickle_reference("torch", "FloatStorage"), pickle_reference("torch", "Size") + "()tR", "K\x09\x85Q"}) +
      "t";
  const std::string bytes = "before" + pickle_bytes(body) + "after";
  const Pickle pickle = read_pickle(bytes, 6, bytes.size(), kPath);
  CHECK(pickle.end() == bytes.size() - 5);
  const PickleValue root = pickle.root();
  REQUIRE(root.is(PickleKind::kTuple));
  REQUIRE(root.size() == 23);
  const char* const expected[] = {"None",
                                  "True",
                                  "False",
                                  "the integer 255",
                                  "the integer 4660",
                                  "the integer -2",
                                  "the integer 0",
                                  "the integer -128",
                                  "the integer -1099511627776",
                                  "the number 1.5",
                                  "the string 'größe'",
                                  "the string 'hi'",
                                  "a tuple of 0",
                                  "a tuple of 1",
                                  "a tuple of 2",
                                  "a tuple of 3",
                                  "a list of 2",
                                  "a list of 1",
                                  "a dict of 2",
                                  "a dict of 1",
                                  "the name FloatStorage",
                                  "a Size",
                                  "a storage"};
  for (std::size_t i = 0; i < root.size(); ++i) CHECK(root[i].description() == expected[i]);
  CHECK(root[9].real() == 1.5);
  std::vector<std::int64_t> items;
  root[16].for_each_item([&](PickleValue item) { items.push_back(item.integer()); });
  CHECK(items == std::vector<std::int64_t>{1, 2});
  std::vector<std::string> entries;
  root[18].for_each_entry(
      [&](PickleValue key, PickleValue value) { entries.push_back(key.description() + ": " + value.description()); });
  CHECK(entries == std::vector<std::string>{"the integer 1: the integer 2", "the string 'k': None"});
  CHECK(root[22].arguments()[0].integer() == 9);
}

TEST_CASE("Pickle: the memo gives the same value again, in a list too that grows later", "[io]") {
  const std::string bytes = pickle_bytes(
      "(]q\x01h\x01K\x05"
      "aK\x07r\x02" +
      std::string(3, '\0') + "j\x02" + std::string(3, '\0') + "t");
  const Pickle pickle = read_pickle(bytes, 0, bytes.size(), kPath);
  const PickleValue root = pickle.root();
  REQUIRE(root.size() == 4);
  CHECK(root[0].id() == root[1].id());
  CHECK(root[0].size() == 1);
  CHECK(root[2].id() == root[3].id());
}

TEST_CASE("Pickle rule: it begins with PROTO 2, and PROTO is nowhere else", "[io]") {
  CHECK(complaint_about("") == "byte 0: expected PROTO but the pickle ends");
  CHECK(complaint_about("(lp0\n.") == "byte 0: expected a pickle, which begins with PROTO");
  CHECK(complaint_about("\x80") == "byte 0: expected its protocol but the pickle ends");
  for (const int protocol : {0, 1, 3, 4, 5, 255})
    CHECK(complaint_about("\x80" + little(static_cast<std::uint64_t>(protocol), 1) + "N.") ==
          concat("byte 0: expected pickle protocol 2 but got ", protocol));
  CHECK(complaint_about_body("\x80\x02N") == "byte 2: expected an opcode of a state dict but got PROTO (128)");
}

TEST_CASE("Pickle rule: an opcode that no state dict needs is named with its place", "[io]") {
  const struct {
    unsigned char byte;
    std::string_view name;
  } cases[] = {{'i', "INST"},       {'o', "OBJ"},        {'P', "PERSID"},
               {'S', "STRING"},     {'I', "INT"},        {'F', "FLOAT"},
               {'L', "LONG"},       {'V', "UNICODE"},    {'T', "BINSTRING"},
               {'0', "POP"},        {'2', "DUP"},        {'1', "POP_MARK"},
               {'d', "DICT"},       {'l', "LIST"},       {'g', "GET"},
               {'p', "PUT"},        {'B', "BINBYTES"},   {0x81, "NEWOBJ"},
               {0x82, "EXT1"},      {0x8b, "LONG4"},     {0x8c, "SHORT_BINUNICODE"},
               {0x8f, "EMPTY_SET"}, {0x92, "NEWOBJ_EX"}, {0x93, "STACK_GLOBAL"},
               {0x94, "MEMOIZE"},   {0x95, "FRAME"}};
  for (const auto& one : cases)
    CHECK(complaint_about_body("N" + std::string(1, static_cast<char>(one.byte))) ==
          concat("byte 3: expected an opcode of a state dict but got ", one.name, " (", int{one.byte}, ")"));
  CHECK(complaint_about_body(std::string("\0", 1)) ==
        "byte 2: expected an opcode of a state dict but got the unknown opcode (0)");
}

TEST_CASE("Pickle rule: each of the 256 bytes is an opcode of the list or refused", "[io]") {
  const std::string_view read = "(.GJKMNQRUX]abcehjqrstu})\x85\x86\x87\x88\x89\x8a";
  int refused = 0;
  for (int byte = 0; byte < 256; ++byte) {
    const bool unknown =
        complaint_about_body(std::string(1, static_cast<char>(byte))).find("an opcode of a state") != std::string::npos;
    CHECK(unknown == (read.find(static_cast<char>(byte)) == std::string_view::npos));
    refused += unknown ? 1 : 0;
  }
  CHECK(refused == 256 - 31);
}

TEST_CASE("Pickle rule: a name that no state dict needs is refused where it stands, before anything may use it",
          "[io]") {
  const struct {
    std::string_view module, name;
  } cases[] = {{"os", "system"},
               {"posix", "system"},
               {"nt", "system"},
               {"builtins", "eval"},
               {"builtins", "exec"},
               {"__builtin__", "eval"},
               {"builtins", "getattr"},
               {"subprocess", "Popen"},
               {"sys", "modules"},
               {"runpy", "_run_code"},
               {"torch", "load"},
               {"torch._utils", "_rebuild_tensor"},
               {"torch.storage", "_load_from_bytes"},
               {"torch", "Float Storage"},
               {"collections", "OrderedDict.__reduce__"},
               {"collections ", "OrderedDict"},
               {"", ""}};
  for (const auto& one : cases)
    CHECK(complaint_about_body("K\x01" + pickle_reference(one.module, one.name) +
                               "U\x04"
                               "id>xtR") ==
          concat("byte 4: expected a name that a state dict needs but got GLOBAL '", one.module, " ", one.name,
                 "'; what else a pickle may call is not read: save model.state_dict() alone"));
}

TEST_CASE("Pickle rule: a name is a line of at most 120 bytes", "[io]") {
  CHECK(complaint_about_body("ctorch") == "byte 2: expected a name and the end of its line but got 'torch.'");
  CHECK(complaint_about_body("ctorch\n" + std::string(1'000'000, 'x') + "\n") ==
        "byte 2: expected a name and the end of its line but got '" + std::string(120, 'x') + "…'");
}

TEST_CASE("Pickle rule: REDUCE applies one of five names to a tuple", "[io]") {
  const std::string rebuild = pickle_reference("torch._utils", "_rebuild_tensor_v2");
  check_each({
      {pickle_reference("torch", "FloatStorage") + ")R",
       "byte 23: expected REDUCE of a function of a state dict but got the name FloatStorage"},
      {pickle_reference("torch", "float32") + ")R",
       "byte 18: expected REDUCE of a function of a state dict but got the name dtype"},
      {"U\x04"
       "eval)R",
       "byte 9: expected REDUCE of a function of a state dict but got the string 'eval'"},
      {"})R", "byte 4: expected REDUCE of a function of a state dict but got a dict of 0"},
      {rebuild + ")R)R", "byte 38: expected REDUCE of a function of a state dict but got a _rebuild_tensor_v2"},
      {rebuild + "]R", "byte 36: expected REDUCE with a tuple but got a list of 0"},
      {rebuild + "K\x01R", "byte 37: expected REDUCE with a tuple but got the integer 1"},
      {pickle_reference("collections", "OrderedDict") + "]\x85R",
       "byte 29: expected OrderedDict() without arguments but got 1"},
      {")R", "byte 3: expected 1 values on the stack but has 0"},
  });
}

TEST_CASE("Pickle rule: BUILD gives an OrderedDict its _metadata and nothing else", "[io]") {
  const std::string ordered = pickle_ordered_dict();
  const std::size_t at = ordered.size();
  const auto metadata = [](const std::string& value) { return pickle_dict({pickle_text("_metadata"), value}); };
  CHECK(complaint_about_body(ordered + metadata(ordered) + "b") == "(nothing was thrown)");
  check_each({
      {"}" + metadata("}") + "b", "byte 21: expected BUILD of an OrderedDict but got a dict of 0"},
      {"]" + metadata("}") + "b", "byte 21: expected BUILD of an OrderedDict but got a list of 0"},
      {ordered + "}b",
       concat("byte ", at + 3, ": expected BUILD with the dict of '_metadata' alone but got a dict of 0")},
      {ordered + "Nb", concat("byte ", at + 3, ": expected BUILD with the dict of '_metadata' alone but got None")},
      {ordered + pickle_dict({"U\x09__class__", "N"}) + "b",
       concat("byte ", at + 17, ": expected BUILD with '_metadata' but got the string '__class__'")},
      {ordered + metadata("K\x01") + "b",
       concat("byte ", at + 21, ": expected a dict as _metadata but got the integer 1")},
  });
}

TEST_CASE("Pickle rule: items are set in dicts only (CVE-2026-24747)", "[io]") {
  check_each({
      {"]K\x01K\x02s", "byte 7: expected a dict to set items of but got a list of 0"},
      {")K\x01K\x02s", "byte 7: expected a dict to set items of but got a tuple of 0"},
      {"NK\x01K\x02s", "byte 7: expected a dict to set items of but got None"},
      {"K\x01K\x01K\x02s", "byte 8: expected a dict to set items of but got the integer 1"},
      {"U\x01xK\x01K\x02s", "byte 9: expected a dict to set items of but got the string 'x'"},
      {pickle_reference("torch", "FloatStorage") + "K\x01K\x02s",
       "byte 26: expected a dict to set items of but got the name FloatStorage"},
      {pickle_reference("torch._utils", "_rebuild_tensor_v2") + ")RK\x01K\x02s",
       "byte 41: expected a dict to set items of but got a _rebuild_tensor_v2"},
      {"N\x85QK\x01K\x02s", "byte 9: expected a dict to set items of but got a storage"},
      {"](K\x01K\x02u", "byte 8: expected a dict to set items of but got a list of 0"},
      {"}(K\x01u", "byte 6: expected keys and values but got 1 in all"},
      {"}NNs", "byte 5: expected a string or an integer as key but got None"},
      {"})Ns", "byte 5: expected a string or an integer as key but got a tuple of 0"},
      {"}(]Nu", "byte 6: expected a string or an integer as key but got a list of 0"},
  });
}

TEST_CASE("Pickle rule: items are appended to lists only", "[io]") {
  check_each({
      {"}K\x01"
       "a",
       "byte 5: expected a list to append to but got a dict of 0"},
      {"}(K\x01"
       "e",
       "byte 6: expected a list to append to but got a dict of 0"},
      {")K\x01"
       "a",
       "byte 5: expected a list to append to but got a tuple of 0"},
      {"N(e", "byte 4: expected a list to append to but got None"},
  });
}

TEST_CASE("Pickle rule: BINPERSID takes a tuple", "[io]") {
  check_each({
      {"K\x01Q", "byte 4: expected BINPERSID of a tuple but got the integer 1"},
      {"U\x01xQ", "byte 5: expected BINPERSID of a tuple but got the string 'x'"},
      {"]Q", "byte 3: expected BINPERSID of a tuple but got a list of 0"},
  });
}

TEST_CASE("Pickle rule: nothing is taken from below a mark or an empty stack", "[io]") {
  check_each({
      {"", "byte 2: expected 1 values on the stack but has 0"},
      {"\x85", "byte 2: expected 1 values on the stack but has 0"},
      {"N\x86", "byte 3: expected 2 values on the stack but has 1"},
      {"NN\x87", "byte 4: expected 3 values on the stack but has 2"},
      {"N(\x85", "byte 4: expected 1 values on the stack but has 0"},
      {"](a", "byte 4: expected 1 values on the stack but has 0"},
      {"a", "byte 2: expected 1 values on the stack but has 0"},
      {"Na", "byte 3: expected a container on the stack but has none"},
      {"](Na", "byte 5: expected a container on the stack but has none"},
      {"NNs", "byte 4: expected a container on the stack but has none"},
      {"(e", "byte 3: expected a container on the stack but has none"},
      {"((u", "byte 4: expected a container on the stack but has none"},
      {"t", "byte 2: expected a mark on the stack but has none"},
      {"]e", "byte 3: expected a mark on the stack but has none"},
      {"}u", "byte 3: expected a mark on the stack but has none"},
      {"q" + std::string(1, '\0'), "byte 2: expected 1 values on the stack but has 0"},
      {"NN", "byte 4: expected STOP to leave one value but 1 more and 0 open marks are there"},
      {"(N", "byte 4: expected STOP to leave one value but 0 more and 1 open marks are there"},
  });
}

TEST_CASE("Pickle rule: strings and numbers lie within the pickle", "[io]") {
  check_each({
      {"X\xff\xff\xff\xffxyz", "byte 2: expected 4294967295 bytes more but the pickle has only 4"},
      {"X" + little(5, 4) + "xyz", "byte 2: expected 5 bytes more but the pickle has only 4"},
      {"U\xffxyz", "byte 2: expected 255 bytes more but the pickle has only 4"},
      {"J12", "byte 2: expected 4 bytes more but the pickle has only 3"},
      {"G123456", "byte 2: expected 8 bytes more but the pickle has only 7"},
      {"\x8a\x09"
       "123456789",
       "byte 2: expected an integer of at most 8 bytes but got one of 9"},
      {"\x8a\x08"
       "123456",
       "byte 2: expected 8 bytes more but the pickle has only 7"},
  });
  CHECK(complaint_about("\x80\x02N") == "byte 3: expected an opcode but the pickle ends");
}

TEST_CASE("Pickle rule: the memo has no more places than there were opcodes (pytorch 185443)", "[io]") {
  check_each({
      {"Nr\xff\xff\xff\xff",
       "byte 3: expected a place in the memo of at most 1, the opcodes until here, but got 4294967295"},
      {"Nq\x02", "byte 3: expected a place in the memo of at most 1, the opcodes until here, but got 2"},
      {"h" + std::string(1, '\0'), "byte 2: expected a value of the memo but 0 was never put there"},
      {"Nq\x01h" + std::string(1, '\0'), "byte 5: expected a value of the memo but 0 was never put there"},
      {"j\xff\xff\xff\xff", "byte 2: expected a value of the memo but 4294967295 was never put there"},
  });
}

TEST_CASE("Pickle rule: the stack, open marks, values and bytes have a limit (pytorch 185443)", "[io]") {
  CHECK(complaint_about_body(std::string(257, '(')) == "byte 258: expected at most 256 open marks");
  CHECK(complaint_about_body(std::string(256, '(')).starts_with("byte 258: expected 1 values"));
  CHECK(complaint_about_body(std::string(1'000'001, 'N')) ==
        "byte 1000002: expected at most 1000000 values on the stack");
  std::string many = "]";
  for (int i = 0; i < 4'000'000; ++i) many += "]a";
  CHECK(complaint_about_body(many) == "byte 8000001: expected at most 4000000 values");
  std::string endless = "\x80\x02X" + little(PickleReader::kMaxBytes, 4);
  endless.append(PickleReader::kMaxBytes, 'x');
  CHECK(complaint_about(endless) == "byte 2: expected STOP within the first 67108864 bytes of the pickle");
}

TEST_CASE("Pickle: tuples nested a million deep neither crash nor hang", "[io]") {
  const auto start = std::chrono::steady_clock::now();
  const std::string_view openers[] = {")", "]", "}"};
  for (const std::string_view innermost : openers) {
    std::string body(innermost);
    body.append(1'000'000, '\x85');
    const std::string bytes = pickle_bytes(body);
    const Pickle pickle = read_pickle(bytes, 0, bytes.size(), kPath);
    CHECK(pickle.root().description() == "a tuple of 1");
    CHECK(pickle.size() == 1'000'001);
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
}

TEST_CASE("Pickle: a list that holds itself, and tuples that double a hundred times, are just numbers", "[io]") {
  const std::string zero(1, '\0');
  std::string bytes = pickle_bytes("]q" + zero + "h" + zero + "a");
  const Pickle loop = read_pickle(bytes, 0, bytes.size(), kPath);
  loop.root().for_each_item([&](PickleValue item) { CHECK(item.id() == loop.root().id()); });
  std::string body = ")q" + zero;
  for (int i = 0; i < 100; ++i) body += "h" + zero + "h" + zero + "\x86q" + zero + "\x85" + "q" + zero;
  bytes = pickle_bytes("(" + body + "t");
  CHECK(read_pickle(bytes, 0, bytes.size(), kPath).size() == 202);
}

}  // namespace pickle_test
