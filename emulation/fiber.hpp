// A stack of its own and a switch to it, by Boost.Context, with the notes that AddressSanitizer needs.
#pragma once

#include <tempa/core/config.hpp>

#include <boost/context/detail/fcontext.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>

#include <cstddef>

#ifdef TEMPA_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace emulation {

/// One flow of control. The one of the host's thread has no stack of its own here.
class Fiber {
 public:
  using Entry = void (*)();

  Fiber() = default;
  /// A fiber that calls `entry`, which never returns, when it is first switched to.
  explicit Fiber(Entry entry) : entry_(entry), stack_(allocator().allocate()) {
    context_ = boost::context::detail::make_fcontext(stack_.sp, stack_.size, &begin);
    bottom_ = static_cast<char*>(stack_.sp) - stack_.size;
    size_ = stack_.size;
  }
  /// What its stack holds is dropped, not unwound: it must be parked in its entry's own loop.
  ~Fiber() {
    if (stack_.sp != nullptr) allocator().deallocate(stack_);
  }
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Goes on in `to`; returns when somebody switches back.
  void switch_to(Fiber& to) {
#ifdef TEMPA_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(&fake_stack_, to.bottom_, to.size_);
#endif
    Switch made{this, &to};
    arrive(boost::context::detail::jump_fcontext(to.context_, &made));
  }

 private:
  struct Switch {
    Fiber* from;
    Fiber* to;
  };

  static boost::context::protected_fixedsize_stack& allocator() {
    static boost::context::protected_fixedsize_stack stacks(kStackBytes);
    return stacks;
  }

  /// Keeps where the fiber that switched here has stopped. @return the fiber that goes on.
  static Fiber& arrive(boost::context::detail::transfer_t transfer) {
    const Switch made = *static_cast<Switch*>(transfer.data);
    made.from->context_ = transfer.fctx;
#ifdef TEMPA_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(made.to->fake_stack_, &made.from->bottom_, &made.from->size_);
#endif
    return *made.to;
  }

  static void begin(boost::context::detail::transfer_t transfer) { arrive(transfer).entry_(); }

  static constexpr std::size_t kStackBytes = 256 * 1024;

  Entry entry_ = nullptr;
  boost::context::stack_context stack_;
  boost::context::detail::fcontext_t context_ = nullptr;
  const void* bottom_ = nullptr;
  std::size_t size_ = 0;
  [[maybe_unused]] void* fake_stack_ = nullptr;
};

}  // namespace emulation
