#include "pipeline/document_reader.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <vector>

namespace pipeline {
namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string utf16(std::u16string_view text, bool big) {
  std::string out;
  for (const char16_t c : text) {
    const char high = static_cast<char>(c >> 8);
    const char low = static_cast<char>(c & 0xff);
    out += big ? std::string{high, low} : std::string{low, high};
  }
  return out;
}

// "record record ...", and the error if there is one.
std::string read(std::string_view document, std::size_t piece_bytes) {
  DocumentReader reader;
  std::string out;
  const auto drain = [&] {
    while (const auto record = reader.next()) out += record->text + " ";
  };
  for (std::size_t at = 0; at < document.size(); at += piece_bytes) {
    reader.feed(document.substr(at, piece_bytes));
    drain();
  }
  reader.finish();
  drain();
  return out + reader.error();
}

constexpr std::string_view kText = "{\"a\":1}\n{\"b\":\"\xc3\xa9\xf0\x9f\x98\x80\"}\n";
constexpr std::string_view kRecords = "{\"a\":1} {\"b\":\"\xc3\xa9\xf0\x9f\x98\x80\"} ";
constexpr std::u16string_view kWide = u"\ufeff{\"a\":1}\n{\"b\":\"\u00e9\U0001f600\"}\n";

TEST(DocumentReader, UnpacksAndConverts) {
  for (const std::string& document :
       {std::string(kText), gzip(kText), zstd(kText), utf16(kWide, false), utf16(kWide, true), gzip(utf16(kWide, true)),
        gzip(kText.substr(0, 5)) + gzip(kText.substr(5)), zstd(kText.substr(0, 5)) + zstd(kText.substr(5)),
        gzip("\xef\xbb\xbf" + std::string(kText))}) {
    for (const std::size_t piece : {1, 2, 3, 1000}) EXPECT_EQ(read(document, piece), kRecords) << piece;
  }
}

TEST(DocumentReader, SaysWhatItCannotRead) {
  const std::string packed = gzip(kText);
  struct Case {
    std::string document;
    std::string_view error;
  };
  for (const Case& c : std::vector<Case>{
           {"", "the file is empty"},
           {"PK\x03\x04 and so on", "looks like a ZIP archive or an Excel workbook"},
           {"\xd0\xcf\x11\xe0\xa1", "looks like an old Excel workbook"},
           {"%PDF-1.7", "looks like a PDF"},
           {"\x89PNG\r\n\x1a\n and so on", "looks like a picture (PNG)"},
           {"\xff\xd8\xff\xe0 and so on", "looks like a picture (JPEG)"},
           {std::string("\xff\xfe\0\0{\0\0\0", 8), "looks like UTF-32"},
           {std::string("\0\0\xfe\xff\0\0\0{", 8), "looks like UTF-32"},
           {utf16(u"{\"a\":1}", false), "looks like UTF-16 text without"},
           {utf16(u"{\"a\":1}", true), "looks like UTF-16 text without"},
           {std::string("{\0\0\0\"\0\0\0", 8), "looks like UTF-32"},
           {std::string("\0\0\0{\0\0\0\"", 8), "looks like UTF-32"},
           {"\n<!doctype HTML>\n<html>", "looks like a web page"},
           {std::string("II*\0 and so on", 14), "looks like a picture (TIFF)"},
           {gzip(utf16(u"[]", false)), "looks like UTF-16 text without"},
           {"<?xml version=\"1.0\"?><orders/>", "looks like XML"},
           {" \n<orders></orders>", "looks like XML"},
           {"\xef\xbb\xbf<!DOCTYPE html><p>Sign in", "looks like a web page"},
           {packed.substr(0, packed.size() - 3), "cut off"},
           {packed.substr(0, 20) + "xxxxxxxx" + packed.substr(28), "damaged gzip data"},
           {packed + "x", "behind its gzip data"},
           {zstd(kText).substr(0, 15), "cut off"},
           {"\x28\xb5\x2f\xfdxxxxxxxxxxxx", "damaged zstd data"},
           {"\xff\xfe{", "cut off"},
           {"\xff\xfe\x01\xdc\x01\xdc", "no well-formed UTF-16"},
       }) {
    for (const std::size_t piece : {1, 1000}) {
      const std::string found = read(c.document, piece);
      EXPECT_NE(found.find(c.error), std::string::npos) << found << " for " << c.error;
    }
  }
}

// What a small file inflates to is taken piece by piece.
TEST(DocumentReader, MemoryIsBoundedWhateverAPieceInflatesTo) {
  constexpr std::size_t kRecordsWanted = 1'000'000;
  std::string text;
  for (std::size_t i = 0; i < kRecordsWanted; ++i) text += "{\"a\":1}\n";
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    ASSERT_LT(packed.size(), text.size() / 100);
    DocumentDecoder decoder;
    decoder.feed(packed);
    decoder.finish();
    std::size_t bytes = 0;
    for (std::string piece; decoder.next(piece); bytes += piece.size())
      ASSERT_LE(piece.size(), DocumentDecoder::kTextBytesMax);
    EXPECT_EQ(decoder.error(), "");
    EXPECT_EQ(bytes, text.size());
  }
}

}  // namespace
}  // namespace pipeline
