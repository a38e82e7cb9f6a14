// The end of a bidirectional gRPC stream that was called, over a completion queue
// (common/grpc_queue.h). To whoever has its channel and its events it is what a ServerStream is.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "common/channel.h"
#include "common/clock.h"
#include "common/grpc_queue.h"
#include "common/grpc_stream.h"
#include "common/peer_record.h"

namespace squall {

// Its own owner. All but writing, and reading on after a hold, happens on the queue's thread.
template <typename In, typename Out>
class QueueStream final : private StreamOperations<Out> {
 public:
  using Wire = grpc::ServerAsyncReaderWriter<Out, In>;
  // Asks for the next call: service->RequestMethod(context, wire, queue, queue, tag).
  using Request = std::function<void(grpc::ServerContext* context, Wire* wire, void* tag)>;
  // A call, which is to be refused, or begun.
  using Called = std::function<void(QueueStream& stream)>;

  // `called` is called for each call, until the server is closed.
  static void AwaitEach(GrpcQueue& queue, const Request& request, const Called& called) {
    auto* stream = new QueueStream(queue, [&queue, request, called](QueueStream& call) {
      AwaitEach(queue, request, called);
      called(call);
    });
    request(&stream->context_, &stream->wire_, stream->on_call_.ForOperation());
  }

  const grpc::ServerContext& context() const { return context_; }

  // Its channel. There are no events until `called` has returned.
  std::shared_ptr<Channel<Out>> Begin(std::shared_ptr<const PeerRecord> record,
                                      StreamEvents<In, Out> events) {
    events_ = std::move(events);
    channel_ = std::make_shared<StreamChannel<Out>>(
        static_cast<StreamOperations<Out>*>(this), context_.peer(), std::move(record),
        typename StreamChannel<Out>::Cancel{[this] { context_.TryCancel(); }},
        /*packing=*/nullptr);
    reading_ = true;
    Read();
    return channel_;
  }

  // Within `said`: the next message is not read before what is returned is gone. Once one is waited
  // for, gRPC tells the other end that it may send more, in a packet of its own; but whatever is
  // written before that takes the same along.
  std::shared_ptr<void> HoldReading() {
    if (done_) return nullptr;
    hold_ = std::make_shared<Hold>(this);
    return {hold_.get(), [hold = hold_](void*) {
              if (QueueStream* stream = hold->exchange(nullptr)) stream->Read();
            }};
  }

  void Refuse(const absl::Status& why) {
    wire_.Finish(
        grpc::Status(static_cast<grpc::StatusCode>(why.code()), std::string(why.message())),
        on_finish_.ForOperation());
  }

 private:
  // Who takes the stream out of it decides how it goes on: the next message is read, or none is.
  using Hold = std::atomic<QueueStream*>;

  QueueStream(GrpcQueue& queue, Called called) : use_(queue), called_(std::move(called)) {
    context_.AsyncNotifyWhenDone(on_done_.ForOperation());
  }
  ~QueueStream() = default;

  void Write(const Out* message) override { wire_.Write(*message, on_write_.ForOperation()); }
  void End() override { wire_.Finish(grpc::Status::OK, on_finish_.ForOperation()); }

  void OnCall(bool ok) {
    if (ok) return called_(*this);
    delete this;  // of a call that never was gRPC says nothing else
  }

  void Read() { wire_.Read(&incoming_, on_read_.ForOperation()); }

  void OnRead(bool ok) {
    if (!ok) return EndReading();  // the other end has finished, or is gone
    hold_ = nullptr;
    In message = std::move(incoming_);
    incoming_.Clear();
    events_.said(std::move(message), SteadyNow());
    if (hold_ == nullptr) Read();
  }

  void OnDone() {
    done_ = true;
    const bool is_held = hold_ != nullptr && hold_->exchange(nullptr) != nullptr;
    if (is_held) return EndReading();
    EndIfOver();
  }

  void EndReading() {
    reading_ = false;
    channel_->Finish();
    EndIfOver();
  }

  // Which of the two it was is known for sure when both the call and our own end are over.
  void EndIfOver() {
    if (reading_ || !finished_ || !done_) return;
    if (events_.closed) {
      events_.closed(context_.IsCancelled() ? grpc::Status::CANCELLED : grpc::Status::OK);
    }
    delete this;
  }

  const GrpcQueue::Use use_;  // first: the others may need the queue to their end
  const Called called_;
  QueueTag on_call_{[this](bool ok) { OnCall(ok); }};
  QueueTag on_read_{[this](bool ok) { OnRead(ok); }};
  QueueTag on_write_{[this](bool ok) { channel_->Written(ok, events_.drained); }};
  QueueTag on_finish_{[this](bool) {
    finished_ = true;
    EndIfOver();
  }};
  QueueTag on_done_{[this](bool) { OnDone(); }};
  grpc::ServerContext context_;
  Wire wire_{&context_};
  std::shared_ptr<StreamChannel<Out>> channel_;
  StreamEvents<In, Out> events_;
  In incoming_;
  std::shared_ptr<Hold> hold_;  // of the last message, if it has one
  bool reading_ = false;        // now, or when it is not held any more
  bool finished_ = false;
  bool done_ = false;
};

}  // namespace squall
