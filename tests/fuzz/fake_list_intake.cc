// A list's way into the agent, without a thread, files and time: what the session is told, it is
// told at once.
#include <string>
#include <utility>

#include "agent/list_intake.h"
#include "common/protocol.h"
#include "common/values.h"

namespace squall {
namespace {

// Of the one that there is.
std::string& Text() {
  static std::string text;
  return text;
}

}  // namespace

ListIntake::ListIntake(ListCache& cache, const v1::UrlList& urls, std::string base_url,
                       std::function<void(Event)> events)
    : cache_(cache), urls_(urls), base_url_(std::move(base_url)), events_(std::move(events)) {
  Text().clear();
  v1::ListWanted wanted;
  wanted.set_until(urls_.size_bytes());
  events_(wanted);
}

ListIntake::~ListIntake() = default;

bool ListIntake::Take(v1::DataChunk chunk) {
  std::string& text = Text();
  if (chunk.data().empty() || chunk.data().size() > urls_.size_bytes() - text.size()) return false;
  text += chunk.data();
  if (text.size() == urls_.size_bytes()) {
    events_(ListText::InMemory(text, Quoted(urls_.name()), base_url_));
  }
  return true;
}

}  // namespace squall
