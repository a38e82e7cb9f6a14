// Bidirectional gRPC streams as channels: messages go out through a Channel, and what comes in is
// called back. Both ends of the control protocol are made of these two, whoever dials.
//
// Reactions come on gRPC's threads, one at a time for a stream, and must not block.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/server_callback.h>

#include "common/channel.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "common/peer_record.h"
#include "common/tsan.h"
#include "common/write_queue.h"

namespace squall {

template <typename In, typename Out>
struct StreamEvents {
  // A message, and when it came.
  std::function<void(In message, Nanos received)> said;
  // Everything queued has been written; this was last.
  std::function<void(const Out& last)> drained = [](const Out&) {};
  // The last event. A server is told OK if the other end has finished, and CANCELLED if it is gone.
  std::function<void(const grpc::Status& status)> closed;
};

// What a message goes out as. Null: as it is.
template <typename Out>
using Packing = Out (*)(Out message);

// What a channel needs of its stream.
template <typename Out>
class StreamOperations {
 public:
  virtual void Write(const Out* message) = 0;
  virtual void End() = 0;  // once, as the last write

 protected:
  ~StreamOperations() = default;
};

// The owner's handle of a stream. It may outlive the stream, and then sends into the void.
template <typename Out>
class StreamChannel final : public Channel<Out> {
 public:
  // How a stream is broken. Whoever was called can be cancelled only until it is told to end.
  struct Cancel {
    std::function<void()> call;
    bool any_time = false;
  };

  StreamChannel(StreamOperations<Out>* stream, std::string peer,
                std::shared_ptr<const PeerRecord> record, Cancel cancel, Packing<Out> packing,
                std::function<void()> known = {})
      : stream_(stream),
        peer_(std::move(peer)),
        record_(std::move(record)),
        cancel_(std::move(cancel)),
        packing_(packing),
        known_(std::move(known)) {}

  void Send(Out message) override {
    if (packing_ != nullptr) message = packing_(std::move(message));
    const size_t bytes = message.ByteSizeLong();
    Do(queue_.Push(std::move(message), bytes));
  }
  void Finish() override { Do(queue_.Close()); }
  size_t waiting_bytes() const override { return queue_.waiting_bytes(); }
  void Known() override {
    if (known_) known_();
  }
  const std::string& peer() const override { return peer_; }
  PeerIdentity identity() const override { return record_->identity(); }

  void Break() override {
    const bool is_there = queue_.Break();
    if (is_there || cancel_.any_time) cancel_.call();
    if (is_there) Do(queue_.Cancelled());
  }

  // `drained` is called if all that was queued is written.
  void Written(bool ok, const std::function<void(const Out& last)>& drained) {
    Out last;
    const auto next = queue_.Written(ok, &last);
    Do(next);
    if (ok && next.message == nullptr && !next.finish) drained(last);
  }

 private:
  // Whenever there is something to do the stream is there: it lives until End(), once.
  void Do(typename WriteQueue<Out>::Next next) {
    if (next.message != nullptr) stream_->Write(next.message);
    if (next.finish) stream_->End();
  }

  StreamOperations<Out>* const stream_;
  const std::string peer_;
  const std::shared_ptr<const PeerRecord> record_;
  const Cancel cancel_;
  const Packing<Out> packing_;
  const std::function<void()> known_;
  WriteQueue<Out> queue_;
};

// The end of the one who was called. Its own owner, from the call to OnDone.
template <typename In, typename Out>
class ServerStream final : public grpc::ServerBidiReactor<In, Out>, private StreamOperations<Out> {
 public:
  // `known` as Channel::Known().
  ServerStream(grpc::CallbackServerContext* context, std::shared_ptr<const PeerRecord> record,
               Packing<Out> packing = nullptr, std::function<void()> known = {})
      : context_(context),
        channel_(std::make_shared<StreamChannel<Out>>(
            static_cast<StreamOperations<Out>*>(this), context->peer(), std::move(record),
            typename StreamChannel<Out>::Cancel{[context] { context->TryCancel(); }}, packing,
            std::move(known))) {}

  std::shared_ptr<Channel<Out>> channel() const { return channel_; }

  // Once, before the reactor is given to gRPC.
  void Begin(StreamEvents<In, Out> events) {
    events_ = std::move(events);
    HappensBefore(this);
    this->StartRead(&incoming_);
  }

 private:
  void Write(const Out* message) override { this->StartWrite(message); }
  void End() override { this->Finish(grpc::Status::OK); }

  void OnReadDone(bool ok) noexcept override {
    const InReaction order(this);
    if (!ok) {  // the other end has finished, or is gone
      events_.closed(context_->IsCancelled() ? grpc::Status::CANCELLED : grpc::Status::OK);
      channel_->Finish();
      return;
    }
    events_.said(std::move(incoming_), SteadyNow());
    incoming_.Clear();
    HappensBefore(this);
    this->StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) noexcept override {
    const InReaction order(this);
    channel_->Written(ok, events_.drained);
  }

  void OnDone() noexcept override {
    HappensAfter(this);
    delete this;
  }

  grpc::CallbackServerContext* const context_;
  const std::shared_ptr<StreamChannel<Out>> channel_;
  StreamEvents<In, Out> events_;
  In incoming_;
};

// The end of the one who calls.
template <typename In, typename Out>
class ClientStream final : private grpc::ClientBidiReactor<Out, In>, private StreamOperations<Out> {
 public:
  // `call` begins it: stub->async()->Method(context, reactor).
  using Call = std::function<void(grpc::ClientContext*, grpc::ClientBidiReactor<Out, In>*)>;

  ClientStream(std::string peer, std::shared_ptr<const PeerRecord> record,
               StreamEvents<In, Out> events, const Call& call, Packing<Out> packing = nullptr)
      : context_(std::make_shared<grpc::ClientContext>()),
        channel_(std::make_shared<StreamChannel<Out>>(
            static_cast<StreamOperations<Out>*>(this), std::move(peer), std::move(record),
            typename StreamChannel<Out>::Cancel{[context = context_] { context->TryCancel(); },
                                                /*any_time=*/true},
            packing)),
        events_(std::move(events)) {
    call(context_.get(), this);
    this->AddHold();  // for writes from other threads; given back at the end
    HappensBefore(this);
    this->StartRead(&incoming_);
    this->StartCall();
  }

  // Breaks the stream if it is still there, and waits for its last event.
  ~ClientStream() {
    channel_->Break();
    MutexLock lock(mutex_);
    while (!done_) changed_.Wait(mutex_);
  }

  std::shared_ptr<Channel<Out>> channel() const { return channel_; }

 private:
  void Write(const Out* message) override { this->StartWrite(message); }
  void End() override {
    this->StartWritesDone();
    this->RemoveHold();
  }

  void OnReadDone(bool ok) noexcept override {
    const InReaction order(this);
    if (!ok) {
      channel_->Finish();
      return;
    }
    events_.said(std::move(incoming_), SteadyNow());
    incoming_.Clear();
    HappensBefore(this);
    this->StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) noexcept override {
    const InReaction order(this);
    channel_->Written(ok, events_.drained);
  }

  void OnDone(const grpc::Status& status) noexcept override {
    HappensAfter(this);
    events_.closed(status);
    MutexLock lock(mutex_);
    done_ = true;
    changed_.NotifyAll();
  }

  const std::shared_ptr<grpc::ClientContext> context_;
  const std::shared_ptr<StreamChannel<Out>> channel_;
  const StreamEvents<In, Out> events_;
  In incoming_;

  Mutex mutex_;
  CondVar changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace squall
