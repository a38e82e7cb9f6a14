// A doubly linked list whose links are members of its elements: it allocates nothing, and an
// element can be taken out wherever it stands. The elements are borrowed.
#pragma once

namespace squall {

template <typename T>
struct Links {
  T* before = nullptr;
  T* after = nullptr;
};

// `links`: the member of T that this list uses. An element is in it at most once.
template <typename T, Links<T> T::*links>
class LinkedList {
 public:
  bool empty() const { return first_ == nullptr; }
  T* first() const { return first_; }
  T* last() const { return last_; }
  static T* After(const T& element) { return (element.*links).after; }

  void Append(T& element) {
    element.*links = {last_, nullptr};
    (last_ == nullptr ? first_ : (last_->*links).after) = &element;
    last_ = &element;
  }

  void Remove(T& element) {
    const Links<T> around = element.*links;
    (around.before == nullptr ? first_ : (around.before->*links).after) = around.after;
    (around.after == nullptr ? last_ : (around.after->*links).before) = around.before;
    element.*links = {};
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

}  // namespace squall
