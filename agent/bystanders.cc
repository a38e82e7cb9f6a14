#include "agent/bystanders.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "agent/session_messages.h"
#include "common/values.h"

namespace squall {

void Bystanders::Came(const std::shared_ptr<ControlLink>& link, Nanos now) {
  Entry* first = nullptr;  // to make room: who is leaving anyway, or has been here for longest
  size_t here = 0;
  for (Entry& entry : entries_) {
    if (entry.stage == Stage::kBroken) continue;
    ++here;
    const bool is_leaving = entry.stage == Stage::kLeaves;
    if (first == nullptr || (is_leaving && first->stage != Stage::kLeaves)) first = &entry;
  }
  if (here >= kMost) BreakOff(*first);
  entries_.push_back({.link = link, .until = now + kFirstWordTime});
}

// One that is not known has just come.
Bystanders::Entry& Bystanders::Find(const std::shared_ptr<ControlLink>& link, Nanos now) {
  for (Entry& entry : entries_) {
    if (entry.link == link) return entry;
  }
  Came(link, now);
  return entries_.back();
}

bool Bystanders::Hears(const std::shared_ptr<ControlLink>& link, Nanos now) {
  Entry& entry = Find(link, now);
  if (entry.stage == Stage::kLeaves || entry.stage == Stage::kBroken) return false;
  entry.stage = Stage::kLooks;
  entry.until = kForever;
  if (++entry.words <= kMostWords) return true;
  SendAway(link, "refused", v1::Failed::CODE_PROTOCOL,
           "it says more than any look at an agent takes", now);
  return false;
}

bool Bystanders::MayPad(size_t padding, Nanos now) {
  size_t waiting = padding;
  for (const Entry& entry : entries_) waiting += entry.link->waiting_bytes();
  const int64_t milliseconds = (now - padded_at_) / kMillisecond;
  padded_at_ += milliseconds * kMillisecond;
  constexpr int64_t kLongest = kMostPaddingBytes / kPaddingRate * 1'000;
  const int64_t gained = std::min(milliseconds, kLongest) * kPaddingRate / 1'000;
  padding_left_ = std::min(kMostPaddingBytes, padding_left_ + gained);
  const auto wanted = static_cast<int64_t>(padding);
  if (waiting > kMostWaitingBytes || wanted > padding_left_) return false;
  padding_left_ -= wanted;
  return true;
}

void Bystanders::Left(const std::shared_ptr<ControlLink>& link) {
  entries_.remove_if([&link](const Entry& entry) { return entry.link == link; });
}

void Bystanders::SendAway(const std::shared_ptr<ControlLink>& link, const char* event,
                          v1::Failed::Code code, const std::string& why, Nanos now) {
  if (const auto left_out = log_limit_.Ask(now)) {
    spdlog::warn("event={} name=\"{}\" peer={} reason=\"{}\" not_logged={}", event,
                 link->identity().name, link->peer(), LogValue(why), *left_out);
  }
  link->Send(FailedMessage(code, why));
  Finish(link, now);
}

void Bystanders::Finish(const std::shared_ptr<ControlLink>& link, Nanos now) {
  link->Finish();
  Entry& entry = Find(link, now);
  if (entry.stage == Stage::kBroken) return;
  entry.stage = Stage::kLeaves;
  entry.until = now + kLeaveTime;
}

void Bystanders::Break(const std::shared_ptr<ControlLink>& link, Nanos now) {
  BreakOff(Find(link, now));
}

void Bystanders::BreakOff(Entry& entry) {
  entry.stage = Stage::kBroken;
  entry.until = kForever;
  entry.link->Break();
}

Nanos Bystanders::NextTime() const {
  Nanos next = kForever;
  for (const Entry& entry : entries_) next = std::min(next, entry.until);
  return next;
}

void Bystanders::OnTime(Nanos now) {
  for (Entry& entry : entries_) {
    if (now < entry.until) continue;
    if (entry.stage == Stage::kLeaves) {
      BreakOff(entry);
    } else {
      SendAway(entry.link, "refused", v1::Failed::CODE_PROTOCOL, "no Hello came", now);
    }
  }
}

}  // namespace squall
