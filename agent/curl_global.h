// libcurl as a whole.
#pragma once

#include <curl/curl.h>

namespace squall {

// To be called before anything else of it; does its work once a process. Any thread.
CURLcode InitialiseLibcurl();

}  // namespace squall
