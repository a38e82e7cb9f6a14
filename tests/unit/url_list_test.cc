#include "common/url_list.h"

#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

absl::StatusOr<UrlList> Parse(std::string text, std::string_view name, std::string_view base) {
  absl::StatusOr<ListText> list = ListText::InMemory(std::move(text), name, base);
  if (!list.ok()) return list.status();
  return UrlList::Make(*std::move(list), name, base);
}

std::vector<std::string> AllOf(const UrlList& list) {
  std::vector<std::string> urls(list.size());
  for (uint64_t i = 0; i < list.size(); ++i) list.Get(i, urls[i]);
  return urls;
}

TEST(UrlList, Entries) {
  struct Case {
    std::string name, text, base;
    std::vector<std::string> want;
  };
  const std::vector<Case> cases = {
      {"one", "http://a/\n", "", {"http://a/"}},
      {"no final newline", "http://a/\nhttp://b/", "", {"http://a/", "http://b/"}},
      {"carriage returns", "http://a/\r\n\r\nhttp://b/\r\n", "", {"http://a/", "http://b/"}},
      {"blank lines and comments", "\n# x\n  \t\n  # y\nhttp://a/\n\n", "", {"http://a/"}},
      {"blanks around", "  http://a/ \t\nhttp://b/  ", "", {"http://a/", "http://b/"}},
      {"byte order mark", "\xEF\xBB\xBFhttp://a/\n", "", {"http://a/"}},
      {"the same twice", "http://a/\nhttp://a/\n", "", {"http://a/", "http://a/"}},
      {"a # behind", "http://a/#x\n", "", {"http://a/#x"}},
      {"joined",
       "/x\n/\n/y?z#1\n",
       "http://h:1",
       {"http://h:1/x", "http://h:1/", "http://h:1/y?z#1"}},
      {"base ends with a slash", "/x\n", "http://h/", {"http://h/x"}},
      {"base with a path", "/x\n", "http://h/api", {"http://h/api/x"}},
      {"mixed", "/x\nhttps://other/\n", "http://h", {"http://h/x", "https://other/"}},
      {"base with a query not needed", "http://a/\n", "http://h/?q", {"http://a/"}},
  };
  for (const Case& c : cases) {
    const auto list = Parse(c.text, "urls.txt", c.base);
    ASSERT_TRUE(list.ok()) << c.name << ": " << list.status();
    EXPECT_EQ(AllOf(*list), c.want) << c.name;
  }
}

TEST(UrlList, BlanksAndControlCharactersAreNoUrlWhereverTheyAre) {
  for (size_t size = 1; size < 40; ++size) {
    EXPECT_TRUE(UrlList::MayBeUrl(std::string(size, '!')));
    for (size_t at = 0; at < size; ++at) {
      std::string url(size, '~');
      for (int byte = 0; byte < 256; ++byte) {
        url[at] = static_cast<char>(byte);
        ASSERT_EQ(UrlList::MayBeUrl(url), byte > 0x20 && byte != 0x7F) << byte << " " << at;
      }
    }
  }
}

TEST(UrlList, Bad) {
  struct Case {
    std::string name, text, base, want;
  };
  const std::vector<Case> cases = {
      {"empty", "", "", "urls.txt: has no URLs: write one a line"},
      {"only comments", "# a\n\n#b", "", "urls.txt: has no URLs: write one a line"},
      {"only a byte order mark", "\xEF\xBB\xBF", "", "urls.txt: has no URLs: write one a line"},
      {"bad line", "# list\r\nhttp://a/\r\n\r\nexample.com\r\n", "",
       "urls.txt:4:1: example.com: no scheme: did you mean http://example.com?"},
      {"bad last line", "http://a/\nftp://b/", "",
       "urls.txt:2:1: ftp://b/: ftp:// is not supported: use http:// or https://"},
      {"space within", "http://a/ http://b/\n", "",
       "urls.txt:1:1: http://a/ http://b/: a space at position 10: write %20"},
      {"bad joined line", "/a\n/b c\n", "http://h",
       "urls.txt:2:1: http://h/b c: a space at position 11: write %20"},
      {"no base", "http://a/\n/x\n", "",
       "urls.txt:2:1: the line begins with '/': give the URL that it is to be joined to by -u"},
      {"base with a query", "/x\n", "http://h/?q=1",
       "urls.txt:1:1: the line begins with '/' but cannot be joined to http://h/?q=1: give a URL "
       "without ? and #"},
      {"base with a fragment", "/x\n", "http://h/#f",
       "urls.txt:1:1: the line begins with '/' but cannot be joined to http://h/#f: give a URL "
       "without ? and #"},
      {"base that is not fit to print", "/x\n", "http://h/?\r\n",
       "urls.txt:1:1: the line begins with '/' but cannot be joined to http://h/?\\x0d\\x0a: give "
       "a "
       "URL without ? and #"},
      {"bad base", "/x\n", "h:80", "urls.txt:1:1: h:80: no scheme: did you mean http://h:80?"},
  };
  for (const Case& c : cases) {
    const auto list = Parse(c.text, "urls.txt", c.base);
    EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_EQ(list.status().message(), c.want) << c.name;
  }
}

// The list again, with every `stride`-th position alone.
absl::StatusOr<UrlList> Sparse(ListText list, std::string_view base, uint64_t stride) {
  std::vector<uint64_t> positions;
  for (size_t i = 0; i < list.index.positions.size(); i += stride) {
    positions.push_back(list.index.positions[i]);
  }
  list.index.positions = std::move(positions);
  list.index.stride = stride;
  return UrlList::Make(std::move(list), "urls.txt", base);
}

TEST(UrlList, PlainLinesAreCopied) {
  const std::string longest(511 - std::string_view("http://a/").size(), 'x');
  struct Case {
    std::string name, text;
    std::vector<std::string> want;  // empty: not plain
  };
  const std::vector<Case> cases = {
      {"lines", "http://a/1\nhttps://b\nHTTP://c?x\n", {"http://a/1", "https://b", "HTTP://c?x"}},
      {"joined", "/\n/xy\n", {"/", "/xy"}},
      {"the longest", "http://a/" + longest + "\n/\n", {"http://a/" + longest, "/"}},
      {"too long", "http://a/" + longest + "x\n/\n", {"", "/"}},
      {"carriage returns", "/a\r\n/bc\r\r\n/d\r\n", {"/a", "", "/d"}},
      {"a fragment", "/a\n/b#c\n/d\n", {"/a", "", "/d"}},
      {"a byte order mark", "\xEF\xBB\xBF/a\n/b\n", {"/a", "/b"}},
      {"blanks behind", "/a \n/b\t\n/c\n", {"", "", "/c"}},
      {"bytes that are no ASCII", "/\xC3\xA4\n", {"/\xC3\xA4"}},
  };
  for (const Case& c : cases) {
    for (uint64_t stride = 1; stride <= 3; ++stride) {
      // A line is looked at in blocks, up to the end of the text.
      const std::string text = c.text + std::string(20, '\n');
      absl::StatusOr<ListText> read = ListText::InMemory(text, "urls.txt", "http://h");
      ASSERT_TRUE(read.ok()) << c.name << ": " << read.status();
      const auto list = Sparse(*std::move(read), "http://h", stride);
      ASSERT_TRUE(list.ok()) << c.name << ": " << list.status();
      ASSERT_EQ(list->size(), c.want.size()) << c.name;
      UrlList::PlainLine memory;
      for (size_t i = 0; i < c.want.size(); ++i) {
        EXPECT_EQ(list->CopyPlain(i, memory), c.want[i]) << c.name << " " << i << " " << stride;
      }
    }
  }
}

TEST(UrlList, LinesThatAreNotCountedOneByOneAreNotPlain) {
  for (const char* gap : {"\n", "# x\n", " \t\n", "\r\n"}) {
    const std::string text = fmt::format("/a\n{}/b\n/c\n{}", gap, std::string(20, '\n'));
    absl::StatusOr<ListText> read = ListText::InMemory(text, "urls.txt", "http://h");
    const auto list = Sparse(*std::move(read), "http://h", 3);
    ASSERT_TRUE(list.ok()) << list.status();
    UrlList::PlainLine memory;
    EXPECT_EQ(list->CopyPlain(0, memory), "/a");
    EXPECT_EQ(list->CopyPlain(1, memory), "") << gap;
    EXPECT_EQ(list->CopyPlain(2, memory), "") << gap;
    EXPECT_EQ(AllOf(*list), (std::vector<std::string>{"http://h/a", "http://h/b", "http://h/c"}));
  }
}

TEST(UrlList, ALineThatEndsNoMoreIsNotSoughtBehindItsPlace) {
  const std::string text = "/1\n/2\n/3\n/4\n/5\n/6\n" + std::string(20, '\n');
  absl::StatusOr<ListText> list = ListText::InMemory(text, "urls.txt", "http://h");
  ASSERT_TRUE(list.ok()) << list.status();
  UrlList::PlainLine memory;
  std::string changed = text;
  changed[text.find("/3") - 1] = 'x';  // what ended the second one
  list->text = changed;
  const auto every = UrlList::Make(*list, "urls.txt", "http://h");
  EXPECT_EQ(every->CopyPlain(1, memory), "");
  const auto sparse = Sparse(*list, "http://h", 4);
  EXPECT_EQ(sparse->CopyPlain(3, memory), "");
}

TEST(UrlList, EachByteThatEndsAPlainLineIsSeenWhereverItIs) {
  const std::string text = "/" + std::string(39, 'x') + "\n" + std::string(20, '\n');
  const absl::StatusOr<ListText> read = ListText::InMemory(text, "urls.txt", "http://h");
  ASSERT_TRUE(read.ok()) << read.status();
  ListText list = *read;
  UrlList::PlainLine memory;
  for (size_t at = 0; at < 40; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[at] = static_cast<char>(byte);
      list.text = changed;
      const auto urls = UrlList::Make(list, "urls.txt", "http://h");
      const bool ends = byte <= ' ' || byte == 0x7F || byte == '#';
      const bool is_line = !ends || byte == '\n' || (byte == '\r' && at == 39);
      const size_t size = !is_line ? 0 : ends ? at : 40;
      ASSERT_EQ(urls->CopyPlain(0, memory), changed.substr(0, size)) << byte << " " << at;
    }
  }
}

TEST(UrlList, ReadsIntoTheSameStringWithoutGrowingIt) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += fmt::format("/items/{:04}\n", i);
  const auto list = Parse(text, "urls.txt", "http://127.0.0.1:8080");
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->size(), 1000U);
  std::string url;
  list->Get(999, url);
  const char* const data = url.data();
  for (uint64_t i = 0; i < list->size(); ++i) {
    list->Get(i, url);
    EXPECT_EQ(url, fmt::format("http://127.0.0.1:8080/items/{:04}", i));
  }
  EXPECT_EQ(url.data(), data);
}

TEST(UrlList, MovesWithItsText) {
  auto list = Parse("/x", "urls.txt", "http://h");
  ASSERT_TRUE(list.ok()) << list.status();
  const UrlList moved = *std::move(list);
  EXPECT_EQ(AllOf(moved), std::vector<std::string>{"http://h/x"});
}

TEST(UrlList, DamageSinceTheIndexWasMadeLeadsNowhere) {
  constexpr char kText[] = "http://a/1\nhttp://a/2\n/3\n";
  absl::StatusOr<ListText> list = ListText::InMemory(kText, "urls.txt", "http://h");
  ASSERT_TRUE(list.ok()) << list.status();
  const std::string damaged[] = {std::string(list->text.size(), '\0'),
                                 std::string(list->text.size(), '\n'),
                                 std::string(list->text.size(), 'x'), "http://a/1\n# ...//a/2\n# x",
                                 "http:///11\nhttps:/a/2\n\x7f/3"};
  for (const std::string& text : damaged) {
    list->text = text;
    const auto urls = UrlList::Make(*list, "urls.txt", "http://h");
    ASSERT_TRUE(urls.ok()) << urls.status();
    std::string url;
    urls->Get(2, url);
    EXPECT_EQ(url, UrlList::kDamaged) << text;
    EXPECT_TRUE(urls->damaged());
  }
}

absl::StatusOr<UrlList> Requests(std::string text, ListForm form, std::vector<std::string> words) {
  absl::StatusOr<ListText> list = ListText::InMemory(std::move(text), "list", "http://h", form);
  if (!list.ok()) return list.status();
  return UrlList::Make(*std::move(list), "list", "http://h", form, std::move(words));
}

TEST(UrlList, RequestsAndWhichTheyAre) {
  const auto list =
      Requests("0 PUT:A= /a eA== -\n# x\n 5\tGET   http://b/ \r\n7 PUT:A= /c - eHk=\n",
               {.requests = true, .timed = true, .fields = true}, {"GET", "PUT:A="});
  ASSERT_TRUE(list.ok()) << list.status();
  const struct {
    uint32_t word;
    uint64_t us;
    std::string url, fields;
  } kWant[] = {
      {1, 0, "http://h/a", "eA== -"}, {0, 5, "http://b/", ""}, {1, 7, "http://h/c", "- eHk="}};
  std::string url;
  std::string fields;
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(list->Get(i, url), kWant[i].word);
    EXPECT_EQ(list->WordOf(i), kWant[i].word);
    EXPECT_EQ(list->TimeOf(i), kWant[i].us);
    EXPECT_EQ(url, kWant[i].url);
    list->FieldsOf(i, fields);
    EXPECT_EQ(fields, kWant[i].fields);
  }
  EXPECT_FALSE(list->damaged());
}

TEST(UrlList, LinesThatAreNotWhatThePlanSays) {
  const ListForm requests = {.requests = true};
  const ListForm timed = {.requests = true, .timed = true};
  const ListForm fields = {.requests = true, .fields = true};
  const struct {
    std::string name, text;
    ListForm form;
    std::vector<std::string> words;
    std::string want;
  } kCases[] = {
      {"another method",
       "GET /\nPOST /\n",
       requests,
       {"GET"},
       "list: its lines are not what the plan says"},
      {"a time that sinks",
       "5 GET /\n4 GET /\n",
       timed,
       {"GET"},
       "list:2:1: 4: not the time of a line"},
      {"no time", "GET /\n", timed, {"GET"}, "list:1:1: GET: not the time of a line"},
      {"a field is missing",
       "PUT:A= / eA==\n",
       fields,
       {"PUT:A="},
       "list:1:10: field 1 is missing, or no base64"},
      {"one too many", "PUT:A / eA== eA==\n", fields, {"PUT:A"}, "list:1:9: more than 1 fields"},
      {"no base64", "PUT= / eA=\n", fields, {"PUT="}, "list:1:8: field 0 is missing, or no base64"},
      {"a header that is none",
       "PUT:A / eAp5\n",
       fields,
       {"PUT:A"},
       "list:1:9: field 0 is not the value of a header"},
      {"no header's name",
       "PUT:A, / eA== eA==\n",
       fields,
       {"PUT:A,"},
       "list:1:1: \"\": not the name of a header"},
      {"fields where none are",
       "PUT:A / eA==\n",
       requests,
       {"PUT:A"},
       "list:1:1: PUT:A: not a method: write e.g. GET, POST or DELETE"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Requests(c.text, c.form, c.words).status().message(), c.want) << c.name;
  }
}

TEST(UrlList, DamagedRequestsLeadNowhere) {
  const ListForm form = {.requests = true, .timed = true};
  constexpr char kText[] = "0 GET /a\n5 GET /b\n";
  absl::StatusOr<ListText> list = ListText::InMemory(kText, "list", "http://h", form);
  ASSERT_TRUE(list.ok()) << list.status();
  for (const char* text :
       {"0 GET /a\n5 GOT /b\n", "0 GET /a\n5 GET  b\n", "0 GET /a\n# comment\n"}) {
    list->text = text;
    list->damaged = std::make_shared<std::atomic<bool>>(false);
    const auto urls = UrlList::Make(*list, "list", "http://h", form, {"GET"});
    ASSERT_TRUE(urls.ok()) << urls.status();
    std::string url;
    urls->Get(1, url);
    EXPECT_EQ(url, UrlList::kDamaged) << text;
    EXPECT_TRUE(urls->damaged());
  }
  list->text = "0 GET /a\nx GET /b\n";
  const auto urls = UrlList::Make(*list, "list", "http://h", form, {"GET"});
  EXPECT_EQ(urls->TimeOf(1), UINT64_MAX);
  EXPECT_TRUE(urls->damaged());
}

TEST(UrlList, FindsEntriesOfAListThatIsTooLongToNoteThemAll) {
  const size_t entries = 2 * ListIndex::kMostPositions + 3;
  std::string text;
  for (size_t i = 0; i < entries; ++i) {
    fmt::format_to(std::back_inserter(text), "/{}\n", i);
    if (i % 1000 == 7) text += "\n# a comment\n";
  }
  const auto list = Parse(text, "urls.txt", "http://h");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->text().index.stride, 4u);
  EXPECT_LE(list->text().index.positions.size(), ListIndex::kMostPositions);
  std::string url;
  size_t plain_lines = 0;
  for (size_t i = 0; i < entries; i += 997) {
    list->Get(i, url);
    ASSERT_EQ(url, fmt::format("http://h/{}", i));
    UrlList::PlainLine memory;
    const std::string_view plain = list->CopyPlain(i, memory);
    if (plain.empty()) continue;
    ++plain_lines;
    ASSERT_EQ(plain, fmt::format("/{}", i));
  }
  EXPECT_GT(plain_lines, entries / 997 * 99 / 100);
  list->Get(entries - 1, url);
  EXPECT_EQ(url, fmt::format("http://h/{}", entries - 1));
}

}  // namespace
}  // namespace squall
