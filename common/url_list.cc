#include "common/url_list.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/list_scan.h"
#include "common/placeholder_syntax.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsHttps(std::string_view url) {
  return absl::StartsWithIgnoreCase(absl::string_view(url.data(), url.size()), "https:");
}

using Block __attribute__((vector_size(UrlList::kPlainBlock))) = uint8_t;
// Of a block's bytes: 0, or all bits are set.
using Marks __attribute__((vector_size(UrlList::kPlainBlock))) = int8_t;
using Words __attribute__((vector_size(UrlList::kPlainBlock))) = uint64_t;

// What is in no URL.
Marks BlanksAndControls(Block block) { return (block <= ' ') | (block == 0x7F); }

bool Any(Marks marks) {
  const auto words = reinterpret_cast<Words>(marks);
  return (words[0] | words[1]) != 0;
}

// How many of eight bytes are 0 in front of the first one that is not.
size_t BytesBefore(uint64_t eight) {
  const bool little = std::endian::native == std::endian::little;
  return static_cast<size_t>(little ? std::countr_zero(eight) : std::countl_zero(eight)) / 8;
}

// The lines from that on which is so many entries behind the first one, if each entry is a line.
// Nothing: they are not, or there are not so many.
std::string_view SkipPlain(std::string_view lines, uint64_t entries) {
  for (; entries != 0; --entries) {
    lines.remove_prefix(std::min(lines.find('\n'), lines.size() - 1) + 1);
    if (lines.empty()) return {};
    if (static_cast<unsigned char>(lines.front()) <= ' ' || lines.front() == '#') return {};
  }
  return lines;
}

// Copies a line up to the first byte that is in no URL, or begins a fragment, and more behind it,
// in blocks. How far it is to that byte; all that there is room for: none was found.
size_t CopyPlain(std::string_view text, UrlList::PlainLine& memory) {
  const size_t room = std::min(text.size(), memory.size());
  for (size_t at = 0; at + sizeof(Block) <= room; at += sizeof(Block)) {
    Block block;
    std::memcpy(&block, text.data() + at, sizeof block);
    std::memcpy(memory.data() + at, &block, sizeof block);
    const Marks ends = BlanksAndControls(block) | (block == '#');
    if (!Any(ends)) continue;
    const auto words = reinterpret_cast<Words>(ends);
    return at + (words[0] != 0 ? BytesBefore(words[0]) : sizeof(uint64_t) + BytesBefore(words[1]));
  }
  return memory.size();
}

}  // namespace

UrlListReader::UrlListReader(std::string_view text)
    : text_(text), next_(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0) {}

std::optional<std::string_view> UrlListReader::Next() {
  while (next_ < text_.size()) {
    const size_t end = std::min(text_.find('\n', next_), text_.size());
    const std::string_view entry = TrimBlanks(text_.substr(next_, end - next_));
    next_ = end + 1;
    ++line_;
    if (!entry.empty() && !entry.starts_with('#')) return entry;
  }
  return std::nullopt;
}

absl::StatusOr<ListText> ListText::InMemory(std::string text, std::string_view name,
                                            std::string_view base_url, ListForm form) {
  ListScan scan{std::string(name), std::string(base_url), form};
  if (absl::Status status = scan.Add(text); !status.ok()) return status;
  absl::StatusOr<ListIndex> index = scan.Finish();
  if (!index.ok()) return index.status();
  auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view view = *owner;
  ListText list;
  list.owner = std::move(owner);
  list.text = view;
  list.index = *std::move(index);
  return list;
}

absl::StatusOr<UrlList> UrlList::Make(ListText text, std::string_view name,
                                      std::string_view base_url, ListForm form,
                                      std::vector<std::string> words) {
  const v1::ListFacts& facts = text.index.facts;
  const bool known =
      std::all_of(facts.words().begin(), facts.words().end(), [&words](const std::string& word) {
        return std::find(words.begin(), words.end(), word) != words.end();
      });
  const bool fields = std::any_of(words.begin(), words.end(),
                                  [](const std::string& word) { return HasFields(word); });
  const ListForm found = {!facts.words().empty(), facts.times().width_us() != 0, fields};
  if (!known || found != form) {
    return absl::InvalidArgumentError(
        fmt::format("{}: its lines are not what the plan says", name));
  }
  if (absl::Status status = CheckJoined(facts, name, base_url); !status.ok()) return status;
  std::string base;
  if (facts.first_joined_line() != 0) base = *JoinableBase(base_url);
  return UrlList(std::move(text), std::move(base), form, std::move(words));
}

bool UrlList::any_https() const {
  const auto& origins = facts().origins();
  return std::any_of(origins.begin(), origins.end(), [this](const std::string& origin) {
    return IsHttps(origin.empty() ? base_ : origin);
  });
}

size_t UrlList::Join(std::string_view entry, std::string& url) const {
  const size_t base_bytes = entry.starts_with('/') ? base_.size() : 0;
  if (base_bytes == 0) {
    url.assign(entry);
  } else {
    url.assign(base_).append(entry);
  }
  return base_bytes;
}

bool UrlList::MayBeUrl(std::string_view entry) {
  if (entry.size() > kMaxUrlBytes) return false;
  Marks found = {};
  while (entry.size() >= sizeof(Block)) {
    Block block;
    std::memcpy(&block, entry.data(), sizeof block);
    found |= BlanksAndControls(block);
    entry.remove_prefix(sizeof block);
  }
  std::array<char, sizeof(Block)> rest;
  rest.fill('/');
  entry.copy(rest.data(), rest.size());
  Block block;
  std::memcpy(&block, rest.data(), sizeof block);
  return !Any(found | BlanksAndControls(block));
}

bool UrlList::HasOrigin(std::string_view url) {
  if (url.starts_with("http://")) return url.size() > 7 && url[7] != '/';  // as most are written
  const size_t scheme = IsHttps(url) ? 8 : 7;
  return url.size() > scheme && absl::StartsWithIgnoreCase({url.data(), url.size()}, "http") &&
         url.substr(scheme - 3, 3) == "://" && url[scheme] != '/';
}

void UrlList::Damaged(std::string& url) const {
  url.assign(kDamaged);
  list_.damaged->store(true, std::memory_order_relaxed);
}

// Nothing: it is damaged.
std::optional<std::string_view> UrlList::Entry(uint64_t index) const {
  UrlListReader reader(Around(index));
  std::optional<std::string_view> entry;
  for (uint64_t skipped = index % list_.index.stride + 1; skipped != 0; --skipped) {
    entry = reader.Next();
    if (!entry) break;
  }
  return entry;
}

// Takes all but the URL off. Which of the words it was; nothing: it is damaged.
std::optional<uint32_t> UrlList::TakeRequest(std::string_view& entry) const {
  if (form_.timed) TakeWord(entry);
  const std::string_view word = TakeWord(entry);
  if (form_.fields) {
    std::string_view fields = entry;
    entry = TakeWord(fields);
  }
  for (uint32_t i = 0; i < words_.size(); ++i) {
    if (words_[i] == word) return i;
  }
  return std::nullopt;
}

uint32_t UrlList::Get(uint64_t index, std::string& url, bool rendered) const {
  std::optional<std::string_view> entry = Entry(index);
  std::optional<uint32_t> request = 0;
  if (entry && form_.requests) request = TakeRequest(*entry);
  const bool is_whole =
      entry && request && (entry->starts_with('/') ? !base_.empty() : HasOrigin(*entry));
  if (!is_whole) {
    Damaged(url);
    return 0;
  }
  Join(*entry, url);
  if (!(rendered && HasPlaceholder(*entry)) && !MayBeUrl(url)) Damaged(url);
  return *request;
}

std::string_view UrlList::CopyPlain(uint64_t index, PlainLine& memory) const {
  std::string_view lines = Around(index);
  if (list_.index.stride != 1) lines = SkipPlain(lines, index % list_.index.stride);
  if (lines.empty()) return {};
  const auto position = static_cast<size_t>(lines.data() - list_.text.data());
  const size_t size = squall::CopyPlain(list_.text.substr(position), memory);
  if (size >= lines.size() || size == memory.size()) return {};
  const bool is_line =
      memory[size] == '\n' || (memory[size] == '\r' && lines.substr(size + 1).starts_with('\n'));
  return {memory.data(), is_line ? size : 0};
}

uint32_t UrlList::WordOf(uint64_t index) const {
  std::optional<std::string_view> entry = Entry(index);
  return entry ? TakeRequest(*entry).value_or(0) : 0;
}

void UrlList::FieldsOf(uint64_t index, std::string& fields) const {
  fields.clear();
  if (!form_.fields) return;
  std::string_view rest = Entry(index).value_or("");
  if (form_.timed) TakeWord(rest);
  TakeWord(rest);
  TakeWord(rest);
  fields.append(rest);
}

uint64_t UrlList::TimeOf(uint64_t index) const {
  std::optional<std::string_view> entry = Entry(index);
  uint64_t us = 0;
  if (entry && ReadListedUs(TakeWord(*entry), us)) return us;
  list_.damaged->store(true, std::memory_order_relaxed);
  return UINT64_MAX;
}

std::string_view UrlList::UrlIn(std::string_view entry) const {
  if (form_.requests) TakeRequest(entry);
  return entry;
}

}  // namespace squall
