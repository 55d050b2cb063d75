// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/sockets/socket_check.h"

#include <vector>

namespace holter::golang {

void SocketCheck::check(std::span<const Connection> connections) {
    std::vector<std::uint64_t> net_conns;
    net_conns.reserve(connections.size());
    for (const Connection& connection : connections)
        net_conns.push_back(connection.net_conn);
    const auto descriptors = descriptors_.of(net_conns);
    std::unordered_map<std::uint64_t, Known> checked;
    any_lacks_ = false;
    for (std::size_t i = 0; i < connections.size(); ++i) {
        const auto& descriptor = descriptors[i];
        if (!descriptor)
            continue;
        ++counts_.checks;
        const auto inode = socket_of_(descriptor->number);
        Known now{*descriptor, inode, 0};
        const auto before = known_.find(connections[i].object);
        const bool same = before != known_.end() && before->second.descriptor == *descriptor;
        if (same && before->second.inode)
            now.inode = before->second.inode;
        if (!inode || inode != now.inode) {
            now.misses = (same ? before->second.misses : 0) + 1;
            counts_.mismatches += now.misses == 2 ? 1 : 0;
            any_lacks_ = true;
        }
        checked[connections[i].object] = now;
    }
    known_ = std::move(checked);
}

} // namespace holter::golang
