#include "agent/request_source.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/draw.h"
#include "common/plan_requests.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

// What a plan's seed is changed by for the order of a feeder's rows.
constexpr uint64_t kFeederSeeds = 0x666565646572;

// At least as small as any system's, and entries that lie together are few pages.
constexpr size_t kPage = 4096;
constexpr size_t kMostPages = 64;
// So many lines are looked at to see whether they come from memory: then it takes less time.
constexpr size_t kFew = 4;
constexpr Nanos kFromMemory = 40'000;
// Of a list's text, read at once.
constexpr size_t kLittle = size_t{64} << 20;

// Says what will be done with memory that may be of a file; of other memory it makes no difference.
void Advise(std::string_view bytes, int advice) {
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data()) & ~(page - 1);
  const auto end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size());
  posix_madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

void LookAt(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += kPage) {
    static_cast<void>(*static_cast<const volatile char*>(bytes.data() + at));
  }
  if (!bytes.empty()) static_cast<void>(*static_cast<const volatile char*>(&bytes.back()));
}

int64_t UnixMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

absl::Status OtherSize(const std::string& name, uint64_t came, const char* what, uint64_t said) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {} {} arrived where the plan says {}; are controller and agent of the same "
                  "version?",
                  name, came, what, said));
}

}  // namespace

absl::StatusOr<RequestSource> RequestSource::Create(const v1::Plan& plan, ListText list,
                                                    std::string feeder) {
  RequestSource source;
  if (plan.has_urls()) {
    source.urls_.push_back(plan.request().url());
  } else {
    for (const v1::Request* request : RequestsOf(plan)) source.urls_.push_back(request->url());
  }
  if (!plan.mix().empty()) source.mix_.emplace(plan);
  absl::Status status;
  if (plan.templates()) status = source.MakeTemplates(plan, std::move(feeder));
  if (status.ok() && plan.has_urls()) status = source.MakeList(plan, std::move(list));
  if (!status.ok()) return status;
  return source;
}

absl::StatusOr<RequestSource> RequestSource::Create(const v1::Plan& plan, std::string list_text,
                                                    std::string feeder) {
  if (!plan.has_urls()) return Create(plan, ListText(), std::move(feeder));
  absl::StatusOr<ListText> list =
      ListText::InMemory(std::move(list_text), Quoted(plan.urls().name()), plan.request().url(),
                         ListForm::Of(plan.urls()));
  if (!list.ok()) return list.status();
  return Create(plan, *std::move(list), std::move(feeder));
}

absl::Status RequestSource::MakeTemplates(const v1::Plan& plan, std::string feeder_text) {
  templated_ = std::make_unique<Templated>();
  const Feeder* feeder = nullptr;
  if (plan.has_feeder()) {
    const std::string name = Quoted(plan.feeder().name());
    absl::StatusOr<Feeder> parsed = Feeder::Parse(std::move(feeder_text), name);
    if (!parsed.ok()) return parsed.status();
    const uint64_t rows = parsed->size();
    if (rows != plan.feeder().rows()) {
      return OtherSize(name, rows, "rows", plan.feeder().rows());
    }
    feeder = &templated_->feeder.emplace(*std::move(parsed));
    for (size_t i = 0; i < CountRequests(plan); ++i) {
      // Those that are drawn for one request say nothing about another's.
      templated_->rows.emplace_back(plan.feeder().order(), Mix(plan.seed() ^ kFeederSeeds) + i,
                                    rows);
    }
  }
  for (size_t i = 0; i < CountRequests(plan); ++i) {
    absl::StatusOr<RequestTemplates> request = RequestTemplates::Compile(plan, i, feeder);
    if (!request.ok()) return request.status();
    templated_->uses_time |= request->uses_time();
    templated_->requests.push_back(*std::move(request));
  }
  return absl::OkStatus();
}

absl::Status RequestSource::MakeList(const v1::Plan& plan, ListText text) {
  const v1::UrlList& urls = plan.urls();
  const std::string name = Quoted(urls.name());
  std::vector<std::string> words;
  for (const v1::ListedRequest& listed : urls.requests()) words.push_back(listed.word());
  absl::StatusOr<UrlList> list =
      UrlList::Make(std::move(text), name, urls_.front(), ListForm::Of(urls), std::move(words));
  if (!list.ok()) return list.status();
  if (list->size() != urls.entries()) return OtherSize(name, list->size(), "URLs", urls.entries());
  if (list->facts().placeholder_lines() != 0) {
    if (absl::Status status = ReadPlaceholders(plan, *list); !status.ok()) return status;
  }
  const uint64_t entries = list->size();
  // The lines that lie around one are read much later, or never: a worker that has to wait waits
  // for a page, not for all that the system would read with it (as in common/mapped_file).
  if (urls.order() != v1::ORDER_SEQUENTIAL && list->text().text.size() > kLittle) {
    Advise(list->text().text, POSIX_MADV_RANDOM);
  }
  listed_.emplace(Listed{*std::move(list), Sequence(urls.order(), plan.seed(), entries)});
  return absl::OkStatus();
}

// Of the list's lines that have some: what they mean is the plan's, not the list's.
absl::Status RequestSource::ReadPlaceholders(const v1::Plan& plan, const UrlList& list) {
  const Insertions insertions = InsertionsOf(plan);
  const Feeder* feeder = templated_ && templated_->feeder ? &*templated_->feeder : nullptr;
  TemplateScope scope = UrlScope(plan, 0, feeder, insertions);
  UrlListReader reader(list.text().text);
  std::string url;
  while (const std::optional<std::string_view> entry = reader.Next()) {
    if (!HasPlaceholder(*entry)) continue;
    scope.base_bytes = list.Join(list.UrlIn(*entry), url);
    const absl::Status status = templated_ ? templated_->lines.Add(url, scope) : CheckUrl(url);
    if (!status.ok()) {
      return absl::InvalidArgumentError(fmt::format("{}:{}: {}", Quoted(plan.urls().name()),
                                                    reader.line(), std::string(status.message())));
    }
  }
  if (templated_) templated_->uses_time |= templated_->lines.uses_time();
  return absl::OkStatus();
}

const Sequence* RequestSource::OrderOf(size_t request) const {
  if (mix_) return nullptr;
  if (listed_) return templated_ || listed_->list.has_words() ? nullptr : &listed_->sequence;
  const bool of_rows =
      templated_ && templated_->feeder && templated_->requests[request].uses_rows_alone();
  return of_rows ? &templated_->rows[request] : nullptr;
}

bool RequestSource::any_https() const {
  if (listed_) return listed_->list.any_https();
  return std::any_of(urls_.begin(), urls_.end(),
                     [](const std::string& url) { return SplitUrl(url).https; });
}

std::vector<Origin> RequestSource::Origins() const {
  std::set<Origin> seen;  // a list's base may be among the others as well
  std::vector<Origin> origins;
  const auto add = [&](const std::string& url) {
    Origin origin = OriginOf(url);
    if (seen.insert(origin).second) origins.push_back(std::move(origin));
  };
  if (!listed_) {
    for (const std::string& url : urls_) add(url);
    return origins;
  }
  for (const std::string& known : listed_->list.facts().origins()) {
    add(known.empty() ? urls_.front() : known);
  }
  return origins;
}

void RequestSource::ReadAhead(const std::vector<uint64_t>& numbers) const {
  const std::string_view text = listed_->list.text().text;
  auto lines = [this, text, order = SequenceReader(listed_->sequence)](uint64_t number) mutable {
    const std::string_view around = listed_->list.Around(order.Index(number));
    return text.substr(static_cast<size_t>(around.data() - text.data()),
                       std::min(around.size(), kPage * kMostPages) + UrlList::kPlainBlock);
  };
  const size_t few = std::min(kFew, numbers.size());
  const Nanos begin = SteadyNow();
  for (size_t i = 0; i < few; ++i) LookAt(lines(numbers[i]));
  // Asking costs more than looking at what is there.
  if (SteadyNow() - begin > kFromMemory) {
    for (size_t i = few; i < numbers.size(); ++i) Advise(lines(numbers[i]), POSIX_MADV_WILLNEED);
  }
  for (size_t i = few; i < numbers.size(); ++i) LookAt(lines(numbers[i]));
}

bool RequestSource::ReadAll() const {
  if (!listed_) return true;
  const std::string_view text = listed_->list.text().text;
  if (text.size() > kLittle) return false;
  LookAt(text);
  return true;
}

uint32_t RequestSource::Url(uint64_t n, std::string& url) const {
  if (templated_) {
    const TemplateInput input = Input(n);
    Url(input, url);
    return input.request;
  }
  if (listed_) return listed_->list.Get(listed_->sequence.Index(n), url);
  const uint32_t request = RequestOf(n);
  url = urls_[request];
  return request;
}

void RequestSource::Url(const TemplateInput& input, std::string& url) const {
  if (!templated_) {
    if (listed_) {
      listed_->list.Get(listed_->sequence.Index(input.n), url);
    } else {
      url = urls_[input.request];
    }
    return;
  }
  if (!listed_) return templated_->requests[input.request].url().Render(input, url);
  const bool renders = !templated_->lines.empty();
  listed_->list.Get(listed_->sequence.Index(input.n), url, renders);
  if (!renders) return;
  if (!templated_->lines.Render(input, url) || !UrlList::MayBeUrl(url)) listed_->list.Damaged(url);
}

// What its placeholders may need beside its number.
void RequestSource::AddTo(TemplateInput& input, std::string* fields) const {
  if (listed_ && fields != nullptr) {
    listed_->list.FieldsOf(listed_->sequence.Index(input.n), *fields);
    input.fields = *fields;
  }
  if (templated_->feeder) {
    const uint64_t use = mix_ ? mix_->Of(input.n).use : input.n;
    input.row = templated_->feeder->Row(templated_->rows[input.request].Index(use));
  }
  if (templated_->uses_time) input.unix_ms = UnixMs();
}

}  // namespace squall
