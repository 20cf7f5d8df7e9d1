// For the tests of splitters: a whole document through one, in pieces of any size.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/record_splitter.h"

namespace pipeline {

struct Split {
  std::vector<std::string> orders;
  std::string error;
};

inline Split split(RecordSplitter&& splitter, std::string_view document, std::size_t piece_bytes) {
  Split out;
  const auto drain = [&] {
    while (auto order = splitter.next()) {
      EXPECT_EQ(order->index, out.orders.size());
      out.orders.push_back(std::move(order->text));
    }
  };
  for (std::size_t at = 0; at < document.size(); at += piece_bytes) {
    splitter.feed(document.substr(at, piece_bytes));
    drain();
  }
  splitter.feed("");
  splitter.finish();
  drain();
  EXPECT_EQ(splitter.count(), out.orders.size());
  out.error = splitter.error();
  return out;
}

// What the document gives, and the part of the error that is wanted (empty: none), whatever the pieces.
struct SplitCase {
  std::string document;
  std::vector<std::string> orders;
  std::string error;
};
template <class MakeSplitter>
void check_splits(const std::vector<SplitCase>& cases, MakeSplitter make) {
  for (const SplitCase& c : cases) {
    for (const std::size_t piece : {1, 2, 3, 1000}) {
      const Split found = split(make(), c.document, piece);
      EXPECT_EQ(found.orders, c.orders) << c.document << " by " << piece;
      EXPECT_EQ(found.error.empty(), c.error.empty()) << c.document << ": " << found.error;
      EXPECT_NE(found.error.find(c.error), std::string::npos) << c.document << ": " << found.error;
    }
  }
}

}  // namespace pipeline
