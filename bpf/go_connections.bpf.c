/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Connections of Go processes: net/http's servers and clients, grpc-go's, and
 * database/sql's pools.
 *
 * A probe here is hit once per connection, per dial, per change of a channel's
 * state, or per wait; never per request. What a request changes is read by user
 * space from the objects these programs tell it of. The exceptions are
 * the probes of the group that is attached in short windows only, to learn of
 * objects that were there before us: their program tells of each object once in
 * a while and does nothing else.
 *
 * Texts (addresses, errors) are sent as they are, cut; user space knows what to
 * make of them. probes/go.yaml says which function each program is attached to.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/events.h"
#include "bpf/go_abi.h"
#include "bpf/ring.h"
#include "bpf/target.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_go_connection_target);
} go_connection_targets SEC(".maps");

/* Which objects were told of lately. One that another pushes out is told of again: that
 * costs an event and no more. */
#define TOLD_OBJECTS 32
#define TELL_AGAIN_NS 10000000000ULL
struct told_object {
	__u64 address;
	__u64 time_ns;
};

struct told_objects {
	struct told_object of_hash[TOLD_OBJECTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct told_objects);
} go_connection_told SEC(".maps");

/* A goroutine that waits for a database connection. A slot may get another process while an
 * ended one's entries are still here: hence the tgid. */
struct waiter {
	__u32 slot;
	__u32 tgid;
	__u64 g;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct waiter);
	__type(value, __u64);
} go_sql_waiters SEC(".maps");

struct hit {
	__u64 cookie;
	__u32 slot;
	struct holter_go_connection_target *fields;
};

static __always_inline bool hit_of(struct pt_regs *ctx, struct hit *hit)
{
	hit->cookie = bpf_get_attach_cookie(ctx);
	hit->slot = HOLTER_COOKIE_TARGET(hit->cookie);
	if (!target_was_hit(hit->cookie))
		return false;
	hit->fields = bpf_map_lookup_elem(&go_connection_targets, &hit->slot);
	if (!hit->fields)
		return false;
	return !((hit->cookie & HOLTER_COOKIE_BRANCH) && GO_STACK_CHECK_TAKEN(ctx));
}

/* The field of an object, or 0 if this version has no such field. */
static __always_inline __u64 read_field(__u64 object, __u16 offset, __u32 size, __u32 type)
{
	__u64 value = 0;

	if (!object || offset == HOLTER_GO_NO_FIELD)
		return 0;
	if (bpf_probe_read_user(&value, size, (const void *)(object + offset))) {
		count_loss(type, HOLTER_LOSS_READ_FAILED);
		return 0;
	}
	return value;
}

/* The text of the Go string that lies at `address`. What is no string leaves no text: an error
 * of an unknown type is looked at as if it began with one. */
static __always_inline void read_text(struct holter_go_text *text, __u64 address)
{
	struct go_string string = {};
	__u32 length;

	text->length = 0;
	text->pad = 0;
	__builtin_memset(text->bytes, 0, sizeof(text->bytes));
	if (!address || bpf_probe_read_user(&string, sizeof(string), (const void *)address))
		return;
	if (!string.address || !string.length || string.length > 4096)
		return;
	length = string.length < HOLTER_GO_TEXT ? (__u32)string.length : HOLTER_GO_TEXT;
	if (bpf_probe_read_user(text->bytes, length, (const void *)string.address))
		return;
	text->length = (__u32)string.length;
}

static __always_inline void tell_object(__u32 slot, __u32 kind, __u64 address, __u64 net_conn,
					bool created)
{
	struct holter_go_object *event;

	event = ring_reserve(HOLTER_EVENT_GO_OBJECT, slot, sizeof(*event));
	if (!event)
		return;
	event->address = address;
	event->net_conn = net_conn;
	event->kind = kind;
	event->created = created;
	ring_submit(event);
}

/* The same, if it was not told a moment ago. */
static __always_inline void tell_object_once(__u32 slot, __u32 kind, __u64 address, bool created)
{
	struct told_objects *objects;
	struct told_object *told;
	__u64 now;

	objects = bpf_map_lookup_elem(&go_connection_told, &slot);
	if (!objects || !address)
		return;
	told = &objects->of_hash[((address >> 4) ^ (address >> 12)) % TOLD_OBJECTS];
	now = bpf_ktime_get_ns();
	if (told->address == address && now - told->time_ns < TELL_AGAIN_NS && !created)
		return;
	told->address = address;
	told->time_ns = now;
	tell_object(slot, kind, address, 0, created);
}

/* `net_conn` is the offset of an interface, whose second word is the pointer. */
static __always_inline void tell_connection(__u32 slot, __u32 kind, __u64 address, __u16 net_conn)
{
	const __u16 data = net_conn == HOLTER_GO_NO_FIELD ? HOLTER_GO_NO_FIELD : net_conn + 8;

	tell_object(slot, kind, address,
		    read_field(address, data, sizeof(__u64), HOLTER_EVENT_GO_OBJECT), true);
}

static __always_inline __u32 kind_of(struct hit *hit)
{
	switch (HOLTER_COOKIE_ARGUMENT(hit->cookie)) {
	case HOLTER_ARGUMENT_http_server:
		return HOLTER_GO_HTTP_SERVER;
	case HOLTER_ARGUMENT_http_transport:
		return HOLTER_GO_HTTP_TRANSPORT;
	case HOLTER_ARGUMENT_sql_db:
		return HOLTER_GO_SQL_DB;
	default:
		return HOLTER_GO_GRPC_SERVER;
	}
}

/* A method of an object, which is its receiver. */
static __noinline int go_object_used(struct pt_regs *ctx, struct hit *hit)
{
	tell_object_once(hit->slot, kind_of(hit), GO_ARG1(ctx), false);
	return 0;
}

/* The first method of its life. */
static __noinline int go_object_created(struct pt_regs *ctx, struct hit *hit)
{
	tell_object_once(hit->slot, kind_of(hit), GO_ARG1(ctx), true);
	return 0;
}

/* net/http.(*conn).serve(c): a connection begins to be served. */
static __noinline int go_http_connection_served(struct pt_regs *ctx, struct hit *hit)
{
	__u64 server = read_field(GO_ARG1(ctx), hit->fields->conn_server, sizeof(server),
				  HOLTER_EVENT_GO_OBJECT);

	tell_object_once(hit->slot, HOLTER_GO_HTTP_SERVER, server, false);
	return 0;
}

/* net/http.(*conn).hijackLocked(c): its handler takes the connection away from the server. */
static __noinline int go_http_connection_hijacked(struct pt_regs *ctx, struct hit *hit)
{
	tell_connection(hit->slot, HOLTER_GO_HTTP_HIJACKED, GO_ARG1(ctx),
			hit->fields->conn_net_conn);
	return 0;
}

/* http2.(*serverConn).serve(sc): a connection turned out to speak HTTP/2. */
static __noinline int go_http2_server_connection(struct pt_regs *ctx, struct hit *hit)
{
	tell_connection(hit->slot, HOLTER_GO_HTTP2_SERVER_CONN, GO_ARG1(ctx),
			hit->fields->http2_server_net_conn);
	return 0;
}

/* http2.(*clientConnReadLoop).run(rl): likewise, at the client. */
static __noinline int go_http2_client_connection(struct pt_regs *ctx, struct hit *hit)
{
	__u64 conn = read_field(GO_ARG1(ctx), hit->fields->read_loop_conn, sizeof(conn),
				HOLTER_EVENT_GO_OBJECT);

	if (conn)
		tell_connection(hit->slot, HOLTER_GO_HTTP2_CLIENT_CONN, conn,
				hit->fields->http2_client_net_conn);
	return 0;
}

/* Whether nobody waits any more for what was dialed. */
static __always_inline bool is_unwanted(struct hit *hit, __u64 want)
{
	const struct holter_go_connection_target *fields = hit->fields;

	return read_field(want, fields->want_done, 1, HOLTER_EVENT_GO_HTTP_DIAL) ||
	       read_field(want, fields->want_connection, 8, HOLTER_EVENT_GO_HTTP_DIAL) ||
	       read_field(want, fields->want_error, 8, HOLTER_EVENT_GO_HTTP_DIAL);
}

/* call net/http.(*wantConn).tryDeliver(w, pc, err) in (*Transport).dialConnFor: the dial has
 * ended. */
static __noinline int go_http_dialed(struct pt_regs *ctx, struct hit *hit)
{
	const struct holter_go_connection_target *fields = hit->fields;
	struct holter_go_http_dial *event;
	__u64 want = GO_ARG1(ctx);
	__u64 conn = GO_ARG2(ctx);
	bool unwanted = is_unwanted(hit, want);
	const __u32 type = HOLTER_EVENT_GO_HTTP_DIAL;

	event = ring_reserve(type, hit->slot, sizeof(*event));
	if (!event)
		return 0;
	if (unwanted)
		event->result = HOLTER_GO_DIAL_UNUSED;
	else
		event->result = conn ? HOLTER_GO_DIAL_OK : HOLTER_GO_DIAL_FAILED;
	event->transport = read_field(conn, fields->persist_transport, sizeof(__u64), type);
	event->http2 = read_field(conn, fields->persist_alternative, sizeof(__u64), type) != 0;
	/* The server may have closed it already: then its end was told before. */
	event->connection =
	    read_field(conn, fields->persist_closed, sizeof(__u64), type) ? 0 : conn;
	read_text(&event->address,
		  fields->want_address == HOLTER_GO_NO_FIELD ? 0 : want + fields->want_address);
	ring_submit(event);
	return 0;
}

/* net/http.(*persistConn).closeLocked(pc, err). Only the first call closes. */
static __noinline int go_http_connection_closed(struct pt_regs *ctx, struct hit *hit)
{
	const struct holter_go_connection_target *fields = hit->fields;
	struct holter_go_http_close *event;
	__u64 conn = GO_ARG1(ctx);

	if (read_field(conn, fields->persist_closed, sizeof(__u64), HOLTER_EVENT_GO_HTTP_CLOSE))
		return 0;
	event = ring_reserve(HOLTER_EVENT_GO_HTTP_CLOSE, hit->slot, sizeof(*event));
	if (!event)
		return 0;
	event->connection = conn;
	read_text(&event->address, fields->persist_address == HOLTER_GO_NO_FIELD
				       ? 0
				       : conn + fields->persist_address);
	read_text(&event->error, GO_ARG3(ctx));
	ring_submit(event);
	return 0;
}

static __always_inline struct waiter waiter_of(struct pt_regs *ctx, struct hit *hit)
{
	struct waiter waiter = {
	    .slot = hit->slot,
	    .tgid = bpf_get_current_pid_tgid() >> 32,
	    .g = GO_G(ctx),
	};

	return waiter;
}

/* call runtime.selectgo in database/sql.(*DB).conn: all connections are in use. */
static __noinline int go_sql_wait_begins(struct pt_regs *ctx, struct hit *hit)
{
	struct waiter waiter = waiter_of(ctx, hit);
	__u64 now = bpf_ktime_get_ns();

	if (bpf_map_update_elem(&go_sql_waiters, &waiter, &now, BPF_ANY))
		count_loss(HOLTER_EVENT_GO_SQL_WAIT, HOLTER_LOSS_MAP_FULL);
	return 0;
}

/* call time.Since in database/sql.(*DB).conn: a connection has come, or the caller gave up. */
static __noinline int go_sql_wait_ends(struct pt_regs *ctx, struct hit *hit)
{
	struct waiter waiter = waiter_of(ctx, hit);
	struct holter_go_sql_wait *event;
	__u64 *begun;
	__u64 duration_ns;

	begun = bpf_map_lookup_elem(&go_sql_waiters, &waiter);
	if (!begun) {
		count_loss(HOLTER_EVENT_GO_SQL_WAIT, HOLTER_LOSS_BEGIN_UNSEEN);
		return 0;
	}
	duration_ns = bpf_ktime_get_ns() - *begun;
	bpf_map_delete_elem(&go_sql_waiters, &waiter);
	event = ring_reserve(HOLTER_EVENT_GO_SQL_WAIT, hit->slot, sizeof(*event));
	if (!event)
		return 0;
	event->duration_ns = duration_ns;
	ring_submit(event);
	return 0;
}

/* grpc.newClientStream(ctx, desc, cc, …): a channel is in use. */
static __noinline int go_grpc_stream_begins(struct pt_regs *ctx, struct hit *hit)
{
	__u64 manager = read_field(GO_ARG4(ctx), hit->fields->channel_manager, sizeof(manager),
				   HOLTER_EVENT_GO_OBJECT);

	tell_object_once(hit->slot, HOLTER_GO_GRPC_CHANNEL, manager, false);
	return 0;
}

/* grpc.(*connectivityStateManager).updateState(csm, state). It is called without a change,
 * too, and a channel that is shut down stays so. */
static __noinline int go_grpc_state_changes(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_go_grpc_transition *event;
	__u32 to = (__u32)GO_ARG2(ctx);
	__u32 from = (__u32)read_field(GO_ARG1(ctx), hit->fields->manager_state, sizeof(from),
				       HOLTER_EVENT_GO_GRPC_TRANSITION);

	if (from == to || from == HOLTER_GO_GRPC_SHUTDOWN)
		return 0;
	event = ring_reserve(HOLTER_EVENT_GO_GRPC_TRANSITION, hit->slot, sizeof(*event));
	if (!event)
		return 0;
	event->channel = GO_ARG1(ctx);
	event->from = from;
	event->to = to;
	ring_submit(event);
	return 0;
}

/* grpc.(*addrConn).createTransport: one attempt. */
static __noinline int go_grpc_connects(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_go_grpc_connect *event;

	event = ring_reserve(HOLTER_EVENT_GO_GRPC_CONNECT, hit->slot, sizeof(*event));
	if (event)
		ring_submit(event);
	return 0;
}

/* transport.(*http2Client).handleGoAway(t, frame). The frame is x/net's http2.GoAwayFrame: a
 * header of 12 bytes, the last stream, the error code. */
static __noinline int go_grpc_goes_away(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_go_grpc_goaway *event;
	const __u16 code = 16;

	event = ring_reserve(HOLTER_EVENT_GO_GRPC_GOAWAY, hit->slot, sizeof(*event));
	if (!event)
		return 0;
	event->code =
	    (__u32)read_field(GO_ARG2(ctx), code, sizeof(event->code), HOLTER_EVENT_GO_GRPC_GOAWAY);
	event->pad = 0;
	ring_submit(event);
	return 0;
}

/* transport.(*http2Server).Close(t, err); the error is missing in grpc-go <= 1.51. Only the first
 * call closes. */
static __noinline int go_grpc_server_connection_closed(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_go_grpc_server_close *event;
	const __u32 closing = 1; /* enum transportState */
	bool has_error = HOLTER_COOKIE_ARGUMENT(hit->cookie) != HOLTER_ARGUMENT_without_error;

	if (read_field(GO_ARG1(ctx), hit->fields->server_state, sizeof(closing),
		       HOLTER_EVENT_GO_GRPC_SERVER_CLOSE) == closing)
		return 0;
	event = ring_reserve(HOLTER_EVENT_GO_GRPC_SERVER_CLOSE, hit->slot, sizeof(*event));
	if (!event)
		return 0;
	read_text(&event->error, has_error ? GO_ARG3(ctx) : 0);
	ring_submit(event);
	return 0;
}

GO_GROUP(go_connections, HOLTER_GO_CONNECTIONS_PROGRAMS)
