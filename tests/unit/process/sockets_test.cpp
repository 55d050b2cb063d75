// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/sockets.h"

#include "catch.h"

#include <arpa/inet.h>
#include <map>
#include <netinet/in.h>
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

TEST_CASE("sockets: those of a process that have a peer, and which way it came") {
    const Procfs procfs;
    const auto sockets = Sockets::open(procfs, *procfs.identity(::getpid()));
    REQUIRE(sockets);
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM, 0)),
        client(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener.get(), name, size) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    REQUIRE(::getsockname(listener.get(), name, &size) == 0);
    REQUIRE(::connect(client.get(), name, size) == 0);
    const Descriptor served(::accept(listener.get(), nullptr, nullptr));
    REQUIRE(served);
    std::map<int, PeerWay> ways;
    for (const auto& socket : sockets->with_peers()) {
        CHECK(socket.inode == sockets->inode(socket.number));
        ways[static_cast<int>(socket.number)] = socket.way;
    }
    CHECK(ways.count(listener.get()) == 0);
    REQUIRE(ways.count(client.get()) == 1);
    CHECK_FALSE(ways.at(client.get()).inbound);
    REQUIRE(ways.count(served.get()) == 1);
    CHECK_FALSE(ways.at(served.get()).outbound);
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
