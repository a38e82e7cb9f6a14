#include "agent/http1_line_writer.h"

#include <algorithm>

namespace squall {

Http1LineWriter::Http1LineWriter(const UrlList& list, const Sequence& order,
                                 const Http1Request& request, Http1Heads& heads,
                                 Http1Origins& origins)
    : list_(list), order_(order), begin_(request.method() + " "), heads_(heads), origins_(origins) {
  if (list.base().empty()) return;
  std::string_view path;
  base_origin_ = &origins.Find(list.base(), path);
  base_path_ = path;
}

bool Http1LineWriter::FindOther(std::string_view url) {
  if (!UrlList::HasOrigin(url)) return false;
  std::string_view target;
  origin_ = &origins_.Find(url, target);
  return true;
}

void Http1LineWriter::WriteEnding(const Http1Origin& origin, size_t room, Http1Exchange& exchange) {
  const std::string& tail = heads_.Of(origin).tail;
  std::string& memory = exchange.own_bytes;
  const size_t bytes = room + tail.size();
  if (memory.size() < bytes) memory.resize(std::max(bytes, 2 * memory.size()));
  WriteTextBefore(tail, memory.data() + memory.size());
  exchange.ending = {this, &origin, tail.size()};
}

}  // namespace squall
