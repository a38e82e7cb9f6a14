#include "agent/curl_rendering.h"

#include <algorithm>

namespace squall {

CurlRendering::CurlRendering(const CurlRequest& request, const RequestSource* source)
    : source_(source), shared_(request.headers()) {
  if (source_ == nullptr) return;
  const std::vector<Template>& values = source_->templates()->headers();
  const bool all_fixed = std::all_of(values.begin(), values.end(),
                                     [](const Template& value) { return value.fixed(); });
  if (all_fixed) return;
  for (const curl_slist* node = shared_; node != nullptr; node = node->next) {
    nodes_.push_back({node->data, nullptr});
  }
  for (size_t i = 0; i + 1 < nodes_.size(); ++i) nodes_[i].next = &nodes_[i + 1];
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t node = request.header_node(i);
    if (node == CurlRequest::kNoNode || values[i].fixed()) continue;
    lines_.push_back({node, request.header_name(i), &values[i], {}});
  }
}

void CurlRendering::Set(uint64_t number) {
  const TemplateInput input = source_->Input(number);
  source_->Url(input, url_);
  for (Line& line : lines_) {
    line.value->Render(input, value_);
    // libcurl takes "Name:" as the wish to leave a header out; ";" stands for an empty value.
    const bool empty = value_.find_first_not_of(" \t") == std::string::npos;
    line.text.assign(line.name).append(empty ? ";" : ": ").append(empty ? "" : value_);
    nodes_[line.node].data = line.text.data();
  }
  const Template& body = source_->templates()->body();
  if (!body.fixed()) body.Render(input, body_);
}

CURLcode CurlRendering::Apply(CURL* easy) const {
  if (source_->templates()->body().fixed()) return CURLE_OK;
  if (const CURLcode result = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                               static_cast<curl_off_t>(body_.size()))) {
    return result;
  }
  return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
}

}  // namespace squall
