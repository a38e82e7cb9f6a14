#include "agent/http1_call.h"

#include <string_view>

#include "agent/request_source.h"
#include "common/plan_requests.h"

namespace squall {
namespace {

const RequestTemplates* TemplatesOf(const TransportSetup& setup, uint32_t index) {
  return setup.source == nullptr ? nullptr : setup.source->templates(index);
}

// Neither the plan nor its placeholders make any difference.
bool IsAlike(const TransportSetup& setup, uint32_t index) {
  const RequestTemplates* templates = TemplatesOf(setup, index);
  return !setup.plan.has_urls() && !setup.plan.request().tag() &&
         (templates == nullptr || templates->fixed());
}

// In what order they come that differ by what a list, or a feeder, says alone; null: by more.
const Sequence* OrderOf(const TransportSetup& setup, uint32_t index) {
  if (setup.source == nullptr || setup.plan.request().tag()) return nullptr;
  return setup.source->OrderOf(index);
}

}  // namespace

Http1Call::Http1Call(const TransportSetup& setup, uint32_t index, Http1Origins& origins)
    : source_(setup.source),
      request_(setup.plan, index, TemplatesOf(setup, index)),
      alike_(IsAlike(setup, index)),
      origins_(origins),
      heads_(request_),
      checks_(AnswerChecks::Of(ChecksOf(setup.plan, index))) {
  if (const Sequence* order = OrderOf(setup, index)) {
    if (order->entries() <= Http1Ready::kMostEntries) {
      ready_.emplace(*order);
    } else if (const UrlList* list = setup.source->list()) {
      lines_.emplace(*list, *order, request_, heads_, origins_);
    }
  }
  if (alike_ || TemplatesOf(setup, index) == nullptr) return;
  renderer_.emplace(*source_, setup.plan, index, request_, heads_, origins_);
  if (!ready_) always_rendered_ = &*renderer_;
}

void Http1Call::WriteReady(const RequestTag& tag, const std::string& url, Http1Exchange& exchange) {
  const uint64_t entry = ready_->EntryOf(tag.number);
  if (ready_->Give(entry, exchange)) return;
  renderer_ ? renderer_->Write(tag, exchange) : WriteAnew(tag, url, exchange);
  ready_->Keep(entry, exchange);
}

void Http1Call::WriteAnew(const RequestTag& tag, const std::string& url, Http1Exchange& exchange) {
  if (source_ != nullptr) source_->Url(source_->Input(tag.number, tag.request), url_);
  std::string_view target;
  exchange.origin = &origins_.Find(source_ == nullptr ? url : url_, target);
  std::string& bytes = alike_ ? alike_bytes_ : exchange.own_bytes;
  request_.Write(target, heads_.Of(*exchange.origin).tail, bytes);
  if (request_.is_tagged()) request_.AddTag(tag, bytes);
  exchange.bytes = bytes;
  exchange.ending.of = nullptr;
  if (alike_) alike_origin_ = exchange.origin;
}

}  // namespace squall
