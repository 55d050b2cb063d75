// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/sockets.h"

#include "catch.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holter::process {
namespace {

TEST_CASE("sockets: the kernel's list of a process") {
    const Procfs procfs;
    const auto identity = procfs.identity(::getpid());
    REQUIRE(identity);
    const auto sockets = Sockets::open(procfs, *identity);
    REQUIRE(sockets);
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    struct stat status {};
    REQUIRE(::fstat(pair[0], &status) == 0);
    CHECK(sockets->inode(static_cast<std::uint64_t>(pair[0])) == status.st_ino);
    CHECK(sockets->inode(static_cast<std::uint64_t>(pair[1])));
    CHECK_FALSE(sockets->inode(static_cast<std::uint64_t>(pipe[0])));
    const auto number = static_cast<std::uint64_t>(pair[0]);
    for (const int fd : {pair[0], pair[1], pipe[0], pipe[1]})
        ::close(fd);
    CHECK_FALSE(sockets->inode(number));
    CHECK_FALSE(sockets->inode(~std::uint64_t{0}));

    Identity other = *identity;
    ++other.start_time;
    CHECK(Sockets::open(procfs, other).error().reason == "vanished");
}

TEST_CASE("sockets: of a process that has ended there are none") {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        char byte;
        (void)!::read(pair[1], &byte, 1);
        ::_exit(0);
    }
    const Procfs procfs;
    const auto identity = procfs.identity(child);
    REQUIRE(identity);
    const auto sockets = Sockets::open(procfs, *identity);
    REQUIRE(sockets);
    CHECK(sockets->inode(static_cast<std::uint64_t>(pair[1])));
    REQUIRE(::write(pair[0], "x", 1) == 1);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK_FALSE(sockets->inode(static_cast<std::uint64_t>(pair[1])));
    ::close(pair[0]);
    ::close(pair[1]);
}

} // namespace
} // namespace holter::process
