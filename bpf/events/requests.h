/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Requests that ended: gRPC calls and HTTP requests, served or made. An event carries the text
 * that names its endpoint as it was in the target, every time: most such strings are
 * allocated for one request, so no address can stand for one.
 */
#ifndef HOLTER_EVENTS_REQUESTS_H
#define HOLTER_EVENTS_REQUESTS_H

enum holter_request_kind {
	HOLTER_GRPC_SERVER = 0,
	HOLTER_GRPC_CLIENT = 1,
	HOLTER_HTTP_SERVER = 2,
	HOLTER_HTTP_CLIENT = 3,
	HOLTER_REQUEST_KINDS,
};

/* Samples of requests that can be told apart, with 0 for none; numbers are used again. */
#define HOLTER_REQUEST_WINDOWS 16

enum holter_request_flag {
	HOLTER_REQUEST_UNKNOWN_METHOD = 1, /* gRPC server: nobody is registered for it */
	HOLTER_REQUEST_PANICKED = 2,	   /* the handler did not return */
	HOLTER_REQUEST_HIJACKED = 4,	   /* the handler took the connection: no status */
	HOLTER_REQUEST_FAILED = 8,	   /* HTTP client: no response came */
	HOLTER_REQUEST_CUT = 16,	   /* the text is longer than what is here */
	HOLTER_REQUEST_UNREADABLE = 32,	   /* something of it could not be read */
	HOLTER_REQUEST_BROKE_OFF = 128, /* gRPC server: its transport died, no status was written */
	HOLTER_REQUEST_ROUTE = 64,	/* HTTP server: the text is the router's pattern */
};

#define HOLTER_REQUEST_METHOD 8
#define HOLTER_REQUEST_TEXT 64
#define HOLTER_LONG_REQUEST_TEXT 256

struct holter_request_facts {
	__u64 duration_ns;
	__u64 gc_pause_ns; /* how much of it the world stood still for the collector */
	__u64 error_type; /* address of the type of the error that ended it; 0: none, or not seen */
	__u64 error_root; /* of the innermost error that it wraps; 0: not looked at */
	__u32 gc_pauses;  /* how often that was */
	__u16 status;	  /* gRPC's code; HTTP's status, 0: none */
	__u8 kind;	  /* enum holter_request_kind */
	__u8 flags;	  /* enum holter_request_flag */
	char method[HOLTER_REQUEST_METHOD]; /* HTTP's, zero-padded; `?`: longer than any real one */
	__u16 text_length;		    /* bytes of the text that are here */
	__u8 pieces; /* of which the router's pattern was put together; 0: it is one text */
	__u8 window; /* which sample it is of; 0: all are counted */
	__u8 pad[4];
};
HOLTER_ASSERT_SIZE(struct holter_request_facts, 56);

/* The text: gRPC "/package.Service/Method"; HTTP server the route, or else the path; HTTP
 * client the host. */
struct holter_request {
	struct holter_event event;
	struct holter_request_facts facts;
	char text[HOLTER_REQUEST_TEXT];
};
HOLTER_ASSERT_SIZE(struct holter_request, 128);

struct holter_long_request {
	struct holter_event event;
	struct holter_request_facts facts;
	char text[HOLTER_LONG_REQUEST_TEXT];
};
HOLTER_ASSERT_SIZE(struct holter_long_request, 320);

#define HOLTER_TRACEPARENT 55	   /* bytes of a traceparent header of version 00 */
#define HOLTER_TRACEPARENT_NAME 11 /* of its name */
#define HOLTER_REQUEST_ID 64	   /* most bytes of a request's identifier */

/* A served request that was asked for its trace, and had a header that tells. The headers are
 * as the client sent them: any bytes. */
struct holter_traced_request {
	struct holter_event event;
	struct holter_request_facts facts;
	__u64 ended_ns;	   /* monotonic */
	__u8 trace_length; /* HOLTER_TRACEPARENT, or 0: there is none */
	__u8 id_length;	   /* 0: there is none */
	__u8 pad[6];
	char trace[HOLTER_TRACEPARENT + 1];
	char id[HOLTER_REQUEST_ID];
	char text[HOLTER_LONG_REQUEST_TEXT];
};
HOLTER_ASSERT_SIZE(struct holter_traced_request, 456);

/* What is asked, and how often; the one element of the array `trace_settings`. */
#define HOLTER_HEADER_WORDS 4
struct holter_trace_settings {
	__u32 interval;	 /* least time between two requests of a class, in 2^20 ns; 0: never */
	__u32 id_length; /* bytes in the name of the header with a request's identifier */
	__u64
	    id_name[HOLTER_HEADER_WORDS]; /* each byte with bit 0x20 set, those behind it as well */
};
HOLTER_ASSERT_SIZE(struct holter_trace_settings, 40);

/* When a request was last asked, by how long it took; the second half: of those that failed. The
 * array `trace_turns`. */
#define HOLTER_DURATION_CLASSES 8
struct holter_trace_turns {
	__u32 last[2 * HOLTER_DURATION_CLASSES]; /* in 2^20 ns */
};
HOLTER_ASSERT_SIZE(struct holter_trace_turns, 64);

/* How Go's maps are made. */
enum holter_map_format {
	HOLTER_MAP_BUCKETS = 0, /* Go <= 1.23 */
	HOLTER_MAP_GROUPS = 1,
};

/* Under what a request is known while it lasts; the hash `open_requests`. */
#define HOLTER_MAX_OPEN_REQUESTS (1 << 17)
struct holter_request_key {
	__u64 owner; /* address of the goroutine, or of what stands for the call */
	__u32 target;
	__u32 kind; /* enum holter_request_kind */
};
HOLTER_ASSERT_SIZE(struct holter_request_key, 16);

/* How long the collector has stopped a target; the array `gc_stops`. */
struct holter_gc_stops {
	__u64 pause_ns;
	__u64 pauses;
};
HOLTER_ASSERT_SIZE(struct holter_gc_stops, 16);

/*
 * Where fields lie in the binary of a target; HOLTER_NO_FIELD: its version has no such
 * field, or nobody knows where.
 */
#define HOLTER_NO_FIELD 0xffff

/* The array `http_targets`. */
struct holter_http_target {
	__u16 response_conn; /* net/http.response */
	__u16 response_status;
	__u16 response_wrote_header;
	__u16 conn_hijacked;  /* net/http.conn.hijackedv */
	__u16 request_method; /* net/http.Request */
	__u16 request_url;
	__u16 request_pattern; /* Go >= 1.23 */
	__u16 request_pat;     /* Go 1.22: *pattern */
	__u16 pattern_text;
	__u16 url_host; /* net/url.URL */
	__u16 url_path;
	__u16 answer_status;	    /* net/http.Response.StatusCode */
	__u16 stream_answer_status; /* internal/http2.ClientResponse.StatusCode, Go >= 1.27 */
	__u16 stream_status;	    /* responseWriterState.status of Go's own HTTP/2 */
	__u16 module_stream_status; /* the same of golang.org/x/net/http2 */
	__u16 gin_pattern;	    /* gin.Context.fullPath */
	__u16 echo_pattern;	    /* echo.context.path */
	__u16 chi_patterns;	    /* chi.Context.RoutePatterns */
	__u16 gorilla_path;	    /* mux.Route.regexp.path: *routeRegexp */
	__u16 gorilla_pattern;	    /* mux.routeRegexp.template */
	__u16 request_header;
	__u16 stream_request_method; /* internal/http2.ServerRequest, Go >= 1.27 */
	__u16 stream_request_url;
	__u16 stream_request_header;
	__u16 request_context;
	__u16 context_cause;	 /* context.cancelCtx */
	__u16 reader_connection; /* net/http.connReader.conn */
	__u16 conn_response;	 /* net/http.conn.curReq */
	__u16 response_request;	 /* net/http.response.req */
	__u16 map_format;	 /* enum holter_map_format */
};
HOLTER_ASSERT_SIZE(struct holter_http_target, 60);

/* The array `grpc_targets`. */
struct holter_grpc_target {
	__u64 handle_stream;	 /* of (*Server).handleStream, in the target: first byte … */
	__u64 handle_stream_end; /* … and the one after the last; 0: unknown */
	__u16 inner_stream;	 /* transport.ServerStream.Stream, where that is a pointer */
	__u16 stream_method;	 /* of the stream, or of the inner one */
	__u16 status_message;	 /* internal/status.Status.s */
	__u16 message_code;	 /* spb.Status.Code */
	__u16 error_status;	 /* internal/status.Error.s */
	__u16 call_header;	 /* clientStream.callHdr */
	__u16 header_method;	 /* transport.CallHdr.Method */
	__u16 attempt_stream;	 /* csAttempt.cs */
	__u16 stream_context;	 /* of the stream, or of the inner one */
	__u16 map_format;	 /* enum holter_map_format */
	__u16 pad[2];
	__u64
	    metadata_key; /* type of the context's key for metadata; 0: the program looks for it */
	/* The status that last said OK, and how often the collector had stopped the target then;
	 * the program writes both. */
	__u64 ok_status;
	__u64 ok_gc_pauses;
};
HOLTER_ASSERT_SIZE(struct holter_grpc_target, 64);

#define HOLTER_GO_HTTP_PROGRAMS(X)                                                                 \
	X(http_request_begins)                                                                     \
	X(http_request_ends)                                                                       \
	X(http_stream_ends)                                                                        \
	X(http_stream_panics)                                                                      \
	X(http_stream_begins)                                                                      \
	X(http_module_stream_begins)                                                               \
	X(http_connection_ends)                                                                    \
	X(http_routed)                                                                             \
	X(http_call_begins)                                                                        \
	X(http_module_call_begins)                                                                 \
	X(http_call_answered)                                                                      \
	X(http_call_retried)                                                                       \
	X(http_stream_retried)                                                                     \
	X(http_dialled)                                                                            \
	X(http_call_without_connection)
#define HOLTER_GO_HTTP_ARGUMENTS(X)                                                                \
	X(of_go)                                                                                   \
	X(of_module)                                                                               \
	X(of_stream)                                                                               \
	X(of_gin)                                                                                  \
	X(of_echo)                                                                                 \
	X(of_chi)                                                                                  \
	X(of_gorilla)                                                                              \
	X(of_error)                                                                                \
	X(of_reader)                                                                               \
	X(of_body)                                                                                 \
	X(of_hook)                                                                                 \
	X(of_alpn)                                                                                 \
	X(of_unencrypted)
enum holter_go_http_program {
	HOLTER_GO_HTTP_PROGRAMS(HOLTER_PROGRAM_ID) HOLTER_GO_HTTP_PROGRAM_COUNT
};
enum holter_go_http_argument {
	HOLTER_GO_HTTP_ARGUMENTS(HOLTER_ARGUMENT_ID) HOLTER_GO_HTTP_ARGUMENT_COUNT
};

#define HOLTER_GO_GRPC_PROGRAMS(X)                                                                 \
	X(grpc_call_served)                                                                        \
	X(grpc_transport_closes)                                                                   \
	X(grpc_handler_failed)                                                                     \
	X(grpc_status_written)                                                                     \
	X(grpc_call_begins)                                                                        \
	X(grpc_attempt_fails)                                                                      \
	X(grpc_call_given_up)                                                                      \
	X(grpc_call_finishes)
#define HOLTER_GO_GRPC_ARGUMENTS(X)                                                                \
	X(of_call)                                                                                 \
	X(of_attempt)
enum holter_go_grpc_program {
	HOLTER_GO_GRPC_PROGRAMS(HOLTER_PROGRAM_ID) HOLTER_GO_GRPC_PROGRAM_COUNT
};
enum holter_go_grpc_argument {
	HOLTER_GO_GRPC_ARGUMENTS(HOLTER_ARGUMENT_ID) HOLTER_GO_GRPC_ARGUMENT_COUNT
};

#endif /* HOLTER_EVENTS_REQUESTS_H */
