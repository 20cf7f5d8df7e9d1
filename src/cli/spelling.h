// What somebody may have meant by a word that is none. Pure functions; safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

// How many letters have to be put in, left out, changed or swapped with their neighbour to make one word of the other.
std::size_t spelling_distance(std::string_view one, std::string_view other);

// The candidates that are nearest to `word`, if they are near at all: at a distance of a third of its letters (of one
// for short words), or else those that begin with it. Case and leading dashes do not count.
std::vector<std::string> nearest_words(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace cli
