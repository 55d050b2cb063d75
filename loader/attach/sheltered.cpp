// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/sheltered.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

// libc's clone by its other name. ThreadSanitizer puts a function of its own before the usual one,
// takes the call for a fork, and changes its books for that: in the memory that both share.
extern "C" int clone_of_libc(int (*work)(void*), void* stack, int flags, void* argument,
                             ...) __asm__("__clone");

namespace holter::attach {

namespace {

constexpr std::size_t stack_size = 256 << 10;
/// For what can only happen after the agent was killed: that `work` waits for a lock for ever.
constexpr unsigned last_resort_seconds = 60;

int run(void* work) {
    ::alarm(last_resort_seconds);
    (*static_cast<const std::function<void()>*>(work))();
    return 0;
}

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

} // namespace

void run_sheltered(const std::function<void()>& work) {
    // Not on this thread's stack, which may go while the other process still runs.
    const std::unique_ptr<void, Free> stack(std::aligned_alloc(stack_size, stack_size));
    const int error = errno;
    // CLONE_VFORK: this thread sleeps meanwhile, as both have the same thread-local memory.
    const pid_t pid = stack ? clone_of_libc(run, static_cast<std::byte*>(stack.get()) + stack_size,
                                            CLONE_VM | CLONE_FILES | CLONE_VFORK,
                                            const_cast<std::function<void()>*>(&work))
                            : -1;
    if (pid < 0) {
        errno = error;
        work();
        return;
    }
    const int outcome = errno; // of the work
    while (::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
    }
    errno = outcome;
}

} // namespace holter::attach
