#include "agent/list_intake.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/digest.h"
#include "common/protocol.h"
#include "common/values.h"
#include "common/zstd_chunk.h"

namespace squall {
namespace {

// How often it is said that the work goes on.
constexpr Nanos kSayInterval = kSecond;

// A frame of what cannot be compressed is larger than that, by less.
constexpr uint64_t kFrameOverhead = 64 << 10;

}  // namespace

ListIntake::ListIntake(ListCache& cache, const v1::UrlList& urls, std::string base_url,
                       std::function<void(Event)> events)
    : cache_(cache),
      urls_(urls),
      base_url_(std::move(base_url)),
      events_(std::move(events)),
      thread_([this]() noexcept {
        absl::StatusOr<ListText> list = Work();
        if (!absl::IsCancelled(list.status())) events_(std::move(list));
      }) {}

ListIntake::~ListIntake() {
  quit_ = true;
  chunks_.Push(std::nullopt);
  thread_.join();
}

bool ListIntake::Take(v1::DataChunk chunk) {
  taken_ += chunk.data().size();
  if (chunk.data().empty() || chunk.data().size() > kChunkBytes + kFrameOverhead ||
      taken_ > wanted_.load() + kFrameOverhead * (taken_ / kChunkBytes)) {
    return false;
  }
  chunks_.Push(std::move(chunk));
  return true;
}

absl::StatusOr<ListText> ListIntake::Work() {
  said_at_ = SteadyNow();
  absl::StatusOr<ListText> list = cache_.Open(urls_, base_url_, [this] { return KeepOn(); });
  return absl::IsNotFound(list.status()) ? Receive() : list;
}

absl::StatusOr<ListText> ListIntake::Receive() {
  absl::StatusOr<ListCache::Part> part = cache_.Begin(urls_);
  if (!part.ok()) return part.status();
  const ListForm form = ListForm::Of(urls_);
  std::optional<ListScan> scan(std::in_place, Quoted(urls_.name()), base_url_, form);
  absl::Status status = cache_.Reread(*part, *scan, [this] { return KeepOn(); });
  if (absl::IsCancelled(status)) return status;
  if (!status.ok()) scan.emplace(Quoted(urls_.name()), base_url_, form);
  const bool resumed = part->size != 0;
  status = Fill(*part, *scan);
  if (absl::IsCancelled(status)) {
    if (!part->resumable) ListCache::Discard(*part);
    return status;
  }
  absl::StatusOr<ListIndex> index = status.ok() ? scan->Finish() : status;
  if (index.ok() && index->facts.sha256() != urls_.sha256()) {
    index = absl::InvalidArgumentError(fmt::format(
        "{}: what arrived is not the list that was announced{}: run again", Quoted(urls_.name()),
        resumed ? ", of which a part had come before" : "; it may have changed while it was sent"));
  }
  if (index.ok()) return cache_.Finish(*std::move(part), *std::move(index));
  ListCache::Discard(*part);
  return index.status();
}

// Asks for what is missing, and takes it.
absl::Status ListIntake::Fill(ListCache::Part& part, ListScan& scan) {
  from_ = part.size;
  const auto window = [&] { return std::min(urls_.size_bytes(), part.size + kListWindow); };
  if (part.size < urls_.size_bytes()) Want(from_, window());
  while (part.size < urls_.size_bytes()) {
    const auto chunk = chunks_.PopUntil(kForever);
    if (quit_ || !chunk || !*chunk) return absl::CancelledError("given up");
    if (absl::Status status = TakeChunk(**chunk, part, scan); !status.ok()) return status;
    if (window() - until_ >= kListWindow / 2 ||
        (window() > until_ && window() == urls_.size_bytes()))
      Want(from_, window());
  }
  return absl::OkStatus();
}

absl::Status ListIntake::TakeChunk(const v1::DataChunk& chunk, ListCache::Part& part,
                                   ListScan& scan) {
  std::string_view bytes = chunk.data();
  absl::StatusOr<std::string> plain;
  if (chunk.compression() == v1::COMPRESSION_ZSTD) {
    plain = Decompressed(chunk.data(), kChunkBytes);
    if (!plain.ok()) {
      return absl::FailedPreconditionError(
          fmt::format("DataChunk: {}", std::string(plain.status().message())));
    }
    bytes = *plain;
  } else if (chunk.compression() != v1::COMPRESSION_NONE) {
    return absl::FailedPreconditionError(
        "DataChunk in a compression that this agent does not know");
  }
  if (bytes.empty() || bytes.size() > until_ - part.size) {
    return absl::FailedPreconditionError("DataChunk out of order");
  }
  if (absl::Status status = scan.Add(bytes); !status.ok()) return status;
  return cache_.Append(part, bytes);
}

void ListIntake::Want(uint64_t from, uint64_t until) {
  until_ = until;
  wanted_ = until - from;
  v1::ListWanted wanted;
  wanted.set_from(from);
  wanted.set_until(until);
  said_at_ = SteadyNow();
  events_(wanted);
}

// Between two pieces of work.
bool ListIntake::KeepOn() {
  if (SteadyNow() >= said_at_ + kSayInterval) Want(0, 0);
  return !quit_;
}

}  // namespace squall
