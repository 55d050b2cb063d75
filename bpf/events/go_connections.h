/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Go: connections of net/http, grpc-go and database/sql. What happens once per
 * connection is told here; what changes with every request is read from the
 * target's memory at a scrape, and an event only says where the object lies.
 */
#ifndef HOLTER_EVENTS_GO_CONNECTIONS_H
#define HOLTER_EVENTS_GO_CONNECTIONS_H

/* Something in the target's memory whose state user space reads. */
enum holter_go_object_kind {
	HOLTER_GO_HTTP_SERVER = 0,	 /* *net/http.Server */
	HOLTER_GO_HTTP_HIJACKED = 1,	 /* *net/http.conn, as it is being hijacked */
	HOLTER_GO_HTTP2_SERVER_CONN = 2, /* HTTP/2's own part of a server's connection */
	HOLTER_GO_HTTP_TRANSPORT = 3,	 /* *net/http.Transport */
	HOLTER_GO_HTTP2_CLIENT_CONN = 4, /* HTTP/2's own part of a client's connection */
	HOLTER_GO_SQL_DB = 5,		 /* *database/sql.DB */
	HOLTER_GO_GRPC_CHANNEL = 6,	 /* *grpc.connectivityStateManager, one per ClientConn */
	HOLTER_GO_GRPC_SERVER = 7,	 /* *grpc.Server */
	HOLTER_GO_OBJECT_KINDS,
};

struct holter_go_object {
	struct holter_event event;
	__u64 address;
	__u64 net_conn; /* of a connection: what its net.Conn points to; 0 for all else */
	__u32 kind;	/* enum holter_go_object_kind */
	__u32 created;	/* it was made just now; 0: it may have been there for long */
};
HOLTER_ASSERT_SIZE(struct holter_go_object, 32);

/* Text of the target, cut if it is longer; not ended by a zero. */
#define HOLTER_GO_TEXT 96
struct holter_go_text {
	__u32 length; /* before it was cut; 0: none, or it could not be read */
	char bytes[HOLTER_GO_TEXT];
	__u32 pad;
};
HOLTER_ASSERT_SIZE(struct holter_go_text, 104);

enum holter_go_dial_result {
	HOLTER_GO_DIAL_OK = 0,
	HOLTER_GO_DIAL_FAILED = 1,
	HOLTER_GO_DIAL_UNUSED = 2, /* the request had ended, or had got another connection */
	HOLTER_GO_DIAL_RESULTS,
};

/* A client's dial has ended. */
struct holter_go_http_dial {
	struct holter_event event;
	__u64 connection; /* *net/http.persistConn; 0: the dial failed, or the connection is gone */
	__u64 transport;
	__u32 result; /* enum holter_go_dial_result */
	__u32 http2;
	struct holter_go_text address; /* host:port */
};
HOLTER_ASSERT_SIZE(struct holter_go_http_dial, 136);

/* A client's connection is closed; the error says why. */
struct holter_go_http_close {
	struct holter_event event;
	__u64 connection;
	struct holter_go_text address;
	struct holter_go_text error;
};
HOLTER_ASSERT_SIZE(struct holter_go_http_close, 224);

/* A caller of database/sql had to wait for a connection, and does not wait any more. */
struct holter_go_sql_wait {
	struct holter_event event;
	__u64 duration_ns;
};
HOLTER_ASSERT_SIZE(struct holter_go_sql_wait, 16);

/* grpc's connectivity.State. */
enum holter_go_grpc_state {
	HOLTER_GO_GRPC_IDLE = 0,
	HOLTER_GO_GRPC_CONNECTING = 1,
	HOLTER_GO_GRPC_READY = 2,
	HOLTER_GO_GRPC_TRANSIENT_FAILURE = 3,
	HOLTER_GO_GRPC_SHUTDOWN = 4,
	HOLTER_GO_GRPC_STATES,
};

/* A client's channel changes its state. */
struct holter_go_grpc_transition {
	struct holter_event event;
	__u64 channel; /* *grpc.connectivityStateManager */
	__u32 from;    /* enum holter_go_grpc_state */
	__u32 to;
};
HOLTER_ASSERT_SIZE(struct holter_go_grpc_transition, 24);

/* A client begins to connect to one address of a channel. */
struct holter_go_grpc_connect {
	struct holter_event event;
};
HOLTER_ASSERT_SIZE(struct holter_go_grpc_connect, 8);

/* A client was told to go away. */
struct holter_go_grpc_goaway {
	struct holter_event event;
	__u32 code; /* HTTP/2's error code, as it was sent */
	__u32 pad;
};
HOLTER_ASSERT_SIZE(struct holter_go_grpc_goaway, 16);

/* A server's connection is closed; the error says why, from grpc-go 1.52 on. */
struct holter_go_grpc_server_close {
	struct holter_event event;
	struct holter_go_text error;
};
HOLTER_ASSERT_SIZE(struct holter_go_grpc_server_close, 112);

/* Where fields lie in the structs of one binary; the array `go_connection_targets`. */
#define HOLTER_GO_NO_FIELD 0xffffu
struct holter_go_connection_target {
	__u16 conn_server;	     /* net/http.conn: *Server */
	__u16 conn_net_conn;	     /* its net.Conn, an interface, as the next two */
	__u16 http2_server_net_conn; /* HTTP/2's serverConn */
	__u16 http2_client_net_conn; /* HTTP/2's ClientConn */
	__u16 persist_transport;     /* net/http.persistConn: *Transport */
	__u16 persist_address;	     /* its key's address, a string */
	__u16 persist_alternative;   /* HTTP/2's RoundTripper, an interface */
	__u16 persist_closed;	     /* why it was closed, an error */
	__u16 want_address;	     /* net/http.wantConn: its key's address */
	__u16 want_done;	     /* Go >= 1.23: nobody waits any more, a bool */
	__u16 want_connection;	     /* Go <= 1.22: what was delivered, *persistConn */
	__u16 want_error;	     /* Go <= 1.22: likewise, an error */
	__u16 read_loop_conn;	     /* HTTP/2's clientConnReadLoop: *ClientConn */
	__u16 channel_manager;	     /* grpc.ClientConn: *connectivityStateManager */
	__u16 manager_state;	     /* grpc.connectivityStateManager: State */
	__u16 server_state;	     /* grpc's http2Server: transportState */
};
HOLTER_ASSERT_SIZE(struct holter_go_connection_target, 32);

/* The names that probes/go.yaml may write for this object, and their arguments. */
#define HOLTER_GO_CONNECTIONS_PROGRAMS(X)                                                          \
	X(go_object_used)                                                                          \
	X(go_object_created)                                                                       \
	X(go_http_connection_served)                                                               \
	X(go_http_connection_hijacked)                                                             \
	X(go_http2_server_connection)                                                              \
	X(go_http2_client_connection)                                                              \
	X(go_http_dialed)                                                                          \
	X(go_http_connection_closed)                                                               \
	X(go_sql_wait_begins)                                                                      \
	X(go_sql_wait_ends)                                                                        \
	X(go_grpc_stream_begins)                                                                   \
	X(go_grpc_state_changes)                                                                   \
	X(go_grpc_connects)                                                                        \
	X(go_grpc_goes_away)                                                                       \
	X(go_grpc_server_connection_closed)
#define HOLTER_GO_CONNECTIONS_ARGUMENTS(X)                                                         \
	X(no_object)                                                                               \
	X(http_server)                                                                             \
	X(http_transport)                                                                          \
	X(sql_db)                                                                                  \
	X(grpc_server)                                                                             \
	X(without_error)

enum holter_go_connections_program {
	HOLTER_GO_CONNECTIONS_PROGRAMS(HOLTER_PROGRAM_ID) HOLTER_GO_CONNECTIONS_PROGRAM_COUNT
};
enum holter_go_connections_argument {
	HOLTER_GO_CONNECTIONS_ARGUMENTS(HOLTER_ARGUMENT_ID) HOLTER_GO_CONNECTIONS_ARGUMENT_COUNT
};

#endif /* HOLTER_EVENTS_GO_CONNECTIONS_H */
