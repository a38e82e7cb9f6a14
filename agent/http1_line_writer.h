// The bytes of the HTTP/1.1 requests of a list that is too long to be kept as requests
// (Http1Ready): each is read from the list anew.
//
// Belongs to one worker's thread. Allocates only while an exchange's memory has not yet grown to
// its longest request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/http1_exchange.h"
#include "agent/http1_origin.h"
#include "agent/http1_request.h"
#include "common/sequence.h"
#include "common/url_list.h"
#include "common/write_before.h"

namespace squall {

class Http1LineWriter {
 public:
  // `order` and `request` are borrowed for the call; the others outlive it. Requests have no tags.
  Http1LineWriter(const UrlList& list, const Sequence& order, const Http1Request& request,
                  Http1Heads& heads, Http1Origins& origins);

  // Writes request n into the exchange's own memory, and sets its origin. False: its line is one
  // that UrlList::Get() has to look at.
  bool Write(uint64_t n, Http1Exchange& exchange) {
    std::string_view target = list_.CopyPlain(order_.Index(n), line_);
    if (target.empty()) return false;
    Http1Origin* origin = base_origin_;
    std::string_view path = base_path_;
    if (target.front() != '/') {
      if ((origin_ == nullptr || !origin_->IsOf(target)) && !FindOther(target)) return false;
      origin = origin_;
      target.remove_prefix(origin->name.size());
      path = std::string_view("/", target.starts_with('/') ? 0 : 1);
    } else if (origin == nullptr) {
      return false;
    }
    const size_t room = begin_.size() + path.size() + target.size();
    std::string& memory = exchange.own_bytes;
    const Http1Exchange::Ending& ending = exchange.ending;
    if (ending.of != this || ending.origin != origin || memory.size() < room + ending.bytes) {
      WriteEnding(*origin, room, exchange);
    }
    char* const end = memory.data() + memory.size();
    char* to = WriteTextBefore(target, end - ending.bytes);
    if (!path.empty()) to = WriteTextBefore(path, to);
    to = WriteTextBefore(begin_, to);
    exchange.origin = origin;
    exchange.bytes = {to, static_cast<size_t>(end - to)};
    return true;
  }

 private:
  bool FindOther(std::string_view url);
  // What is behind the target: there from the request before, if that went to the same origin.
  void WriteEnding(const Http1Origin& origin, size_t room, Http1Exchange& exchange);

  const UrlList& list_;
  SequenceReader order_;
  const std::string begin_;  // of each: its method and a blank
  Http1Heads& heads_;
  Http1Origins& origins_;
  UrlList::PlainLine line_;
  // What lines that begin with '/' are joined to; null: there are none.
  Http1Origin* base_origin_ = nullptr;
  std::string base_path_;
  Http1Origin* origin_ = nullptr;  // of the last one of the others
};

}  // namespace squall
