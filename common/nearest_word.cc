#include "common/nearest_word.h"

#include <algorithm>

namespace squall {
namespace {

// Number of insertions, deletions, replacements and swaps of neighbours between two words
// (optimal string alignment, the restricted Damerau–Levenshtein distance).
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);  // two rows up
  std::vector<size_t> above(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearestWord(std::string_view typed, const std::vector<std::string>& words) {
  std::string nearest;
  size_t smallest = std::max<size_t>(typed.size() / 3, 1) + 1;
  for (const std::string& word : words) {
    const bool is_beginning = typed.size() >= 3 && word.starts_with(typed);
    const size_t distance = is_beginning ? 1 : Distance(typed, word);
    if (distance < smallest && distance < typed.size()) {
      smallest = distance;
      nearest = word;
    }
  }
  return nearest;
}

}  // namespace squall
