// The seam between a worker and the way its requests are sent.
//
// A transport lives on one worker's thread and event loop and is never called from another.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "agent/connection_look.h"
#include "agent/network.h"
#include "common/clock.h"
#include "common/metrics.h"
#include "common/request_tag.h"
#include "squall/v1/plan.pb.h"

struct ev_loop;

namespace squall {

class RequestSource;
class Script;

class Transport {
 public:
  // Gets the outcome of each request, once.
  class Sink {
   public:
    // `end` is the time of the last byte or of the failure. `outcome` is borrowed for the call.
    // The slot is free again: Send() may be called from here, for this slot or another free one.
    // It is better called from OnBatch(), or at the end of the loop's turn.
    virtual void OnOutcome(uint32_t slot, Nanos end, const Outcome& outcome) noexcept = 0;
    // Outcomes that came together have all been told, and more are looked for before the loop ends
    // its turn.
    virtual void OnBatch() noexcept = 0;
    // A connection to an address (its number in the run's AddressTable) is opened, or tried.
    virtual void OnConnecting(uint32_t address) noexcept = 0;

   protected:
    ~Sink() = default;
  };

  virtual ~Transport() = default;

  // How many slots there are from now on; none is allowed. Those above are used no more once they
  // are free, and of the connections that are kept no more stay open than the slots need: the
  // others are closed now, or as soon as what they are used for has ended. An error: there are as
  // many as before. Not from within a call to the sink.
  virtual absl::Status SetSlots(uint32_t slots) = 0;

  // Sends one request to `url` in a free slot, 0 ≤ slot < slots. `start` is now; `tag` says which
  // it is, and how it names itself where requests are tagged. Both are borrowed for the call. With
  // a source, what is sent is asked of it, URL and all, and `url` is not looked at. The outcome
  // comes later from the loop, never from within this call.
  virtual void Send(uint32_t slot, Nanos start, const RequestTag& tag, const std::string& url) = 0;

  // Looks at some of its connections, and at whose the answers are.
  virtual void Look(ConnectionLook& look) const = 0;

  // Gives up every request in flight: each gets the outcome FAILURE_KIND_CUT_OFF from within this
  // call. Nothing may be sent from those calls or afterwards.
  virtual void CutOff() = 0;
};

// What a transport is made with.
struct TransportSetup {
  const v1::Plan& plan;  // borrowed for the call
  Network& network;      // like the next two, outlives the transport
  struct ev_loop* loop;
  Transport::Sink& sink;
  uint32_t slots;  // requests in flight at most, to begin with
  // How many connections the workers and agents before this one have: where Routes begin to count.
  uint32_t first_turn = 0;
  // Where the plan has placeholders, named requests or a list that the transport asks itself: what
  // requests are. Null: all are alike, but for the URL that Send() is given, and for the tag
  // where a list has several.
  const RequestSource* source = nullptr;
  // Makes the requests, by the tag's numbers, as text; the URL says where they
  // go. One worker's alone, ready for requests. Null: the plan has none.
  Script* script = nullptr;
};

}  // namespace squall
