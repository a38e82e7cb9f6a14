// HTTP/2 over plain TCP with libcurl 7.88, which cannot use such a connection twice.
//
// With prior knowledge, libcurl 7.88 turns to HTTP/2 before every request, also on a connection
// that already speaks it, and so breaks it (8.0 does it once). Asked for "HTTP/2 if possible"
// instead, it uses a connection that speaks HTTP/2 well, but would begin a new one with HTTP/1.1.
// So each request asks in the way that its connection will need, as far as can be foreseen; just
// before anything is sent it is known which connection it got, and if that one needs the other
// way, the attempt is given up and made anew. With other versions, over HTTP/1.1 and without
// keep-alive, all this does nothing. One object for each easy handle.
#pragma once

#include <curl/curl.h>

namespace squall {

class CurlPriorKnowledge {
 public:
  // `wanted`: the plan asks for HTTP/2 with keep-alive.
  CurlPriorKnowledge(CURL* easy, bool wanted);

  // To be called before a request.
  void Begin();

  enum class Verdict {
    kSend,
    kAnew,    // give up and, when the handle is free, begin again after Turn()
    kRefuse,  // cannot be sent: a redirect has led to a connection of the other sort
  };
  // To be called just before something is sent. `may_begin_anew`: it is not what a redirect led to.
  Verdict BeforeSending(bool may_begin_anew);
  void Turn();
  // To be called instead of Turn() where the next attempt is to be on a fresh connection.
  void BeginFresh();

  // To be called when the answer is a redirect that will be followed.
  void BeforeRedirect();
  // To be called at a request's end, with whether its connection is probably there for the next.
  void End(bool reusable) { expects_connection_ = reusable; }

 private:
  void Ask(bool switching);
  void ForbidReuse(bool forbid);
  bool OverTls() const;

  CURL* const easy_;
  const bool needed_;
  bool switching_ = true;  // as the handle is set: turn to HTTP/2 first
  bool expects_connection_ = false;
  bool reuse_forbidden_ = false;
  long connects_ = 0;  // seen for the current attempt
};

}  // namespace squall
