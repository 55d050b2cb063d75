// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/connections.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace holter::golang {

namespace {

/// Of records: those of a process that opens connections while a reading of it hangs.
constexpr std::size_t largest_inbox = 8192;
/// Between two checks against the kernel's list: one costs a system call per connection.
constexpr std::chrono::seconds check_interval{5};

/// Which kind of connections a probe is about, by its name in the catalogue.
std::optional<ConnectionKind> kind_of(std::string_view probe) {
    constexpr std::pair<std::string_view, ConnectionKind> prefixes[] = {
        {"go_http_server_", ConnectionKind::http_server},
        {"go_http_client_", ConnectionKind::http_client},
        {"go_grpc_channel_", ConnectionKind::grpc_client},
        {"go_grpc_server_", ConnectionKind::grpc_server},
        {"go_sql_", ConnectionKind::sql},
    };
    for (const auto& [prefix, kind] : prefixes)
        if (probe.starts_with(prefix))
            return kind;
    return std::nullopt;
}

/// The record as this event; empty if it has another size.
template <typename Event> std::optional<Event> as(std::span<const std::byte> record) {
    if (record.size() != sizeof(Event))
        return std::nullopt;
    return elf::load<Event>(record, 0);
}

} // namespace

std::unique_ptr<Connections> Connections::of(const Binary& binary, TargetMemory memory,
                                             KernelSockets kernel, bool ran_before) {
    Linked linked{};
    for (const auto& group : binary.groups)
        for (const auto& probe : group.probes)
            if (const auto kind = kind_of(probe.probe.name); kind && !probe.sites.empty())
                linked[static_cast<std::size_t>(*kind)] = true;
    if (std::none_of(linked.begin(), linked.end(), [](bool one) { return one; }))
        return nullptr;
    return std::unique_ptr<Connections>(
        new Connections(binary, std::move(memory), std::move(kernel), linked, ran_before));
}

Connections::Connections(const Binary& binary, TargetMemory memory, KernelSockets kernel,
                         const Linked& linked, bool ran_before)
    : memory_(std::move(memory)), kernel_(std::move(kernel)),
      socket_of_([this](std::uint64_t number) {
          const auto inode = kernel_.of(number);
          if (inode && old_)
              old_->see(*inode);
          return inode;
      }),
      descriptors_(memory_, DescriptorFields(binary.offsets)),
      next_check_(Clock::now() + check_interval), linked_(linked), ran_before_(ran_before),
      http_servers_(memory_, map_format(binary.version, binary.build_info.version),
                    HttpServerFields(binary.offsets), descriptors_, socket_of_),
      http_clients_(memory_, map_format(binary.version, binary.build_info.version),
                    HttpClientFields(binary.offsets), descriptors_, socket_of_),
      sql_pools_(memory_, binary.version, SqlFields(binary.offsets)),
      grpc_channels_(memory_, GrpcFields(binary.module_offsets("google.golang.org/grpc"))),
      grpc_servers_(memory_, map_format(binary.version, binary.build_info.version),
                    GrpcFields(binary.module_offsets("google.golang.org/grpc")), descriptors_,
                    socket_of_) {}

bool Connections::check_is_due() {
    const auto now = Clock::now();
    if (now < next_check_ || !kernel_.of)
        return false;
    next_check_ = now + check_interval;
    return true;
}

void Connections::on_object(const holter_go_object& event) {
    http_servers_.on_object(event);
    http_clients_.on_object(event);
    sql_pools_.on_object(event);
    grpc_channels_.on_object(event);
    grpc_servers_.on_object(event);
}

void Connections::on_record(std::span<const std::byte> record) {
    const std::unique_lock books(books_, std::try_to_lock);
    if (books) {
        take_inbox();
        apply(record);
        return;
    }
    const std::lock_guard lock(inbox_mutex_);
    if (inbox_.size() < largest_inbox)
        inbox_.emplace_back(record.begin(), record.end());
    else
        ++overflown_;
}

void Connections::take_inbox() {
    std::vector<std::vector<std::byte>> records;
    {
        const std::lock_guard lock(inbox_mutex_);
        records.swap(inbox_);
    }
    for (const auto& record : records)
        apply(record);
}

void Connections::apply(std::span<const std::byte> record) {
    const auto header = record.size() >= sizeof(holter_event)
                            ? std::optional(elf::load<holter_event>(record, 0))
                            : std::nullopt;
    switch (header ? header->type : std::uint32_t{HOLTER_EVENT_NONE}) {
    case HOLTER_EVENT_GO_OBJECT:
        if (const auto event = as<holter_go_object>(record))
            on_object(*event);
        break;
    case HOLTER_EVENT_GO_HTTP_DIAL:
        if (const auto event = as<holter_go_http_dial>(record))
            http_clients_.on_dial(*event);
        break;
    case HOLTER_EVENT_GO_HTTP_CLOSE:
        if (const auto event = as<holter_go_http_close>(record))
            http_clients_.on_close(*event);
        break;
    case HOLTER_EVENT_GO_GRPC_TRANSITION:
        if (const auto event = as<holter_go_grpc_transition>(record))
            grpc_channels_.on_transition(*event);
        break;
    default:
        break;
    }
}

ConnectionsReading Connections::read() {
    const std::lock_guard books(books_);
    take_inbox();
    ConnectionsReading out;
    const bool check = check_is_due();
    if (check && ran_before_ && !old_)
        old_.emplace(kernel_.with_peers());
    out.http_server = http_servers_.read(check);
    out.http_client = http_clients_.read(check);
    out.grpc_client = grpc_channels_.read();
    out.grpc_server = grpc_servers_.read(check);
    out.sql = sql_pools_.read();
    if (check && old_)
        old_->forget_closed(kernel_.of);

    const auto set = [&](ConnectionKind kind, bool any_known, std::uint64_t corrections) {
        const auto at = static_cast<std::size_t>(kind);
        if (linked_[at])
            out.partial[at] = may_lack(kind, any_known);
        out.corrections[at] = corrections;
    };
    set(ConnectionKind::http_server, out.http_server.has_value(), http_servers_.corrections());
    // Records that were dropped are about its connections, all but a few.
    std::uint64_t overflown = 0;
    {
        const std::lock_guard lock(inbox_mutex_);
        overflown = overflown_;
    }
    set(ConnectionKind::http_client, out.http_client.has_value(),
        http_clients_.corrections() + overflown);
    set(ConnectionKind::grpc_client, out.grpc_client.has_value(), grpc_channels_.corrections());
    set(ConnectionKind::grpc_server, out.grpc_server.has_value(), grpc_servers_.corrections());
    set(ConnectionKind::sql, out.sql.has_value(), sql_pools_.corrections());
    if (kernel_.of) {
        const auto checked = [&](ConnectionKind kind, const SocketChecks& counts) {
            if (linked_[static_cast<std::size_t>(kind)])
                out.sockets[static_cast<std::size_t>(kind)] = counts;
        };
        checked(ConnectionKind::http_server, http_servers_.sockets());
        checked(ConnectionKind::http_client, http_clients_.sockets());
        checked(ConnectionKind::grpc_server, grpc_servers_.sockets());
    }
    return out;
}

/// Whether something of this kind that is older than tracing may not be counted.
bool Connections::may_lack(ConnectionKind kind, bool any_known) const {
    if (!ran_before_)
        return false;
    if (!old_)
        return true;
    switch (kind) {
    case ConnectionKind::http_server:
    case ConnectionKind::grpc_server:
        return old_->any_inbound();
    case ConnectionKind::http_client:
        return old_->any_outbound();
    default: // channels and pools are counted without a connection, too
        return !any_known || old_->any_outbound();
    }
}

} // namespace holter::golang
