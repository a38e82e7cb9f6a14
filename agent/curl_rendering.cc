#include "agent/curl_rendering.h"

namespace squall {

void CurlRendering::Follow(const CurlRequest& request, uint32_t index) {
  index_ = index;
  templates_ = source_ == nullptr ? nullptr : source_->templates(index);
  shared_ = request.headers();
  nodes_.clear();
  lines_.clear();
  if (templates_ == nullptr) return;
  const std::vector<Template>& values = templates_->headers();
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t node = request.header_node(i);
    if (node == CurlRequest::kNoNode || values[i].fixed()) continue;
    lines_.push_back({node, &request.header_name(i), &values[i]});
  }
  if (lines_.empty()) return;
  if (texts_.size() < lines_.size()) texts_.resize(lines_.size());
  for (const curl_slist* node = shared_; node != nullptr; node = node->next) {
    nodes_.push_back({node->data, nullptr});
  }
  for (size_t i = 0; i + 1 < nodes_.size(); ++i) nodes_[i].next = &nodes_[i + 1];
}

void CurlRendering::Set(uint64_t number) {
  const TemplateInput input = source_->Input(number, index_, &fields_);
  source_->Url(input, url_);
  for (size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    line.value->Render(input, value_);
    // libcurl takes "Name:" as the wish to leave a header out; ";" stands for an empty value.
    const bool empty = value_.find_first_not_of(" \t") == std::string::npos;
    texts_[i].assign(*line.name).append(empty ? ";" : ": ").append(empty ? "" : value_);
    nodes_[line.node].data = texts_[i].data();
  }
  if (const Template* body = RenderedBody()) body->Render(input, body_);
}

const Template* CurlRendering::RenderedBody() const {
  return templates_ == nullptr || templates_->body().fixed() ? nullptr : &templates_->body();
}

CURLcode CurlRendering::Apply(CURL* easy) const {
  if (RenderedBody() == nullptr) return CURLE_OK;
  if (const CURLcode result = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                               static_cast<curl_off_t>(body_.size()))) {
    return result;
  }
  return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
}

}  // namespace squall
