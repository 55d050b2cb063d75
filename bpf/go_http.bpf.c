// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * HTTP requests of net/http and golang.org/x/net/http2.
 *
 * A request that is served begins when the server calls its handler. It ends
 *   HTTP/1   in finishRequest, which comes after the handler; the connection's end
 *            tells of a handler that did not return (panic) or took the connection
 *   HTTP/2   in handlerDone; a panicking handler's stream is reset instead
 * A request that is made begins in Transport.roundTrip and ends there with an answer, with an
 * error that is not worth another attempt, or without a connection. HTTP/2's transport tells of the
 * end itself, and golang.org/x/net's, which can be used alone, of the begin as well.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/http_errors.h"
#include "bpf/requests.h"
#include "bpf/routes.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define STATUS_OK 200
#define STATUS_FIRST_ERROR 400

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_http_target);
} http_targets SEC(".maps");

static __always_inline void read_method(struct request_end *end, __u64 address)
{
	struct go_string method;

	read_string(end, &method, address);
	if (method.length > sizeof(end->facts.method)) {
		end->facts.method[0] = '?';
		return;
	}
	if (bpf_probe_read_user(end->facts.method, method.length & 15,
				(const void *)method.address))
		end->facts.flags |= HOLTER_REQUEST_UNREADABLE;
}

static __always_inline void read_path(struct request_end *end, struct holter_http_target *target,
				      __u64 address)
{
	__u64 url = read_target(end, address, sizeof(url));

	if (url)
		read_string(end, &end->text, url + target->url_path);
}

/* The pattern that a ServeMux found, or else the path. */
static __always_inline void read_route(struct request_end *end, struct holter_http_target *target,
				       __u64 request)
{
	__u64 pattern;

	if (target->request_pattern != HOLTER_NO_FIELD) {
		read_string(end, &end->text, request + target->request_pattern);
	} else if (target->request_pat != HOLTER_NO_FIELD) {
		pattern = read_target(end, request + target->request_pat, sizeof(pattern));
		if (pattern)
			read_string(end, &end->text, pattern + target->pattern_text);
	}
	if (end->text.length) {
		end->facts.flags |= HOLTER_REQUEST_ROUTE;
		return;
	}
	read_path(end, target, request + target->request_url);
}

static __always_inline void read_headers(struct request_end *end, struct holter_http_target *target,
					 __u64 request, __u16 field)
{
	__u64 map = 0;

	if (field != HOLTER_NO_FIELD &&
	    !bpf_probe_read_user(&map, sizeof(map), (const void *)(request + field)))
		find_headers(&end->headers, map, target->map_format);
}

/* Whether the request is an internal/http2.ServerRequest. */
static __always_inline bool is_of_stream(const struct open_request *open)
{
	return !open->writer;
}

static __noinline int served(struct hit *hit, struct open_request *open, __u32 status, __u32 flags)
{
	struct holter_http_target *target;
	struct request_end end = {};
	bool of_stream;
	__u64 request;

	if (!hit || !open)
		return 0;
	target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	if (!target)
		return 0;
	request = open->request;
	of_stream = is_of_stream(open);
	measure(&end, hit->slot, HOLTER_HTTP_SERVER, open, bpf_ktime_get_ns());
	end.facts.status = status;
	end.facts.flags = flags;
	read_method(&end,
		    request + (of_stream ? target->stream_request_method : target->request_method));
	if (of_stream)
		read_path(&end, target, request + target->stream_request_url);
	else if (!open->piece_count)
		read_route(&end, target, request);
	if (trace_turn(hit->slot, end.ended_ns, end.facts.duration_ns,
		       status >= STATUS_FIRST_ERROR || flags & HOLTER_REQUEST_PANICKED))
		read_headers(&end, target, request,
			     of_stream ? target->stream_request_header : target->request_header);
	return open->piece_count ? emit_routed(&end, open, hit->slot)
				 : emit_request(&end, hit->slot);
}

/* The request that a connection (HTTP/1) is about to serve, by what watches it for more input. */
static __always_inline void connection_request_begins(struct hit *hit, __u64 g, __u64 reader)
{
	struct holter_http_target *target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	__u64 connection, response, request;

	if (!target || target->reader_connection == HOLTER_NO_FIELD ||
	    bpf_probe_read_user(&connection, sizeof(connection),
				(const void *)(reader + target->reader_connection)) ||
	    bpf_probe_read_user(&response, sizeof(response),
				(const void *)(connection + target->conn_response)) ||
	    bpf_probe_read_user(&request, sizeof(request),
				(const void *)(response + target->response_request)))
		return;
	begin_request(hit->slot, HOLTER_HTTP_SERVER, g, request, response);
}

/* A function that is bound to its receiver; 0: it is no such function. */
static __always_inline __u64 receiver_of(__u64 function)
{
	__u64 receiver = 0;

	bpf_probe_read_user(&receiver, sizeof(receiver),
			    (const void *)(function + sizeof(receiver)));
	return receiver;
}

/* serverHandler.ServeHTTP(srv, rw ResponseWriter, req): both versions of HTTP. Where it has been
 * copied into (*conn).serve       call (*connReader).startBackgroundRead(reader) just before, or,
 * if the request has a body, call registerOnHitEOF(body, reader's method), since Go 1.27 call
 * (*body).registerOnHitEOF(body, reader's method) into a handler that HTTP/2 calls
 *                            initALPNRequest{4 words}.ServeHTTP(rw, req)
 *                            unencryptedHTTP2Request{5 words}.ServeHTTP(rw, req) */
static __noinline int http_request_begins(struct pt_regs *ctx, struct hit *hit)
{
	__u64 request = GO_ARG4(ctx), writer = GO_ARG3(ctx), reader;

	switch (HOLTER_COOKIE_ARGUMENT(hit->cookie)) {
	case HOLTER_ARGUMENT_of_reader:
		reader = GO_ARG1(ctx);
		break;
	case HOLTER_ARGUMENT_of_body:
		reader = receiver_of(GO_ARG3(ctx));
		break;
	case HOLTER_ARGUMENT_of_hook:
		reader = receiver_of(GO_ARG2(ctx));
		break;
	case HOLTER_ARGUMENT_of_alpn:
		begin_request(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx), GO_ARG7(ctx), GO_ARG6(ctx));
		return 0;
	case HOLTER_ARGUMENT_of_unencrypted:
		begin_request(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx), GO_ARG8(ctx), GO_ARG7(ctx));
		return 0;
	default:
		begin_request(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx), request, writer);
		return 0;
	}
	if (reader)
		connection_request_begins(hit, GO_G(ctx), reader);
	return 0;
}

/* net/http/internal/http2.(*serverConn).runHandler(sc, rw, req, handler), Go >= 1.27: the handler
 * is given another request, which cannot be seen unless the handler is that of a net/http server.
 */
static __noinline int http_stream_begins(struct pt_regs *ctx, struct hit *hit)
{
	begin_request(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx), GO_ARG3(ctx), 0);
	return 0;
}

/* golang.org/x/net/http2.(*serverConn).runHandler(sc, rw, req, handler): streams whose handler
 * is not that of a net/http server. */
static __noinline int http_module_stream_begins(struct pt_regs *ctx, struct hit *hit)
{
	begin_request(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx), GO_ARG3(ctx), GO_ARG2(ctx));
	return 0;
}

/* (*response).finishRequest(w): a handler that wrote nothing has no status yet. Where that has been
 * copied into its caller, call (*connReader).abortPendingRead(…) in it. */
static __noinline int http_request_ends(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_http_target *target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx));
	__u64 status = 0;
	__u32 flags = 0;

	if (!open || !target)
		return 0;
	if (target->response_status == HOLTER_NO_FIELD ||
	    bpf_probe_read_user(&status, sizeof(status),
				(const void *)(open->writer + target->response_status)))
		flags = HOLTER_REQUEST_UNREADABLE;
	else if (!status)
		status = STATUS_OK;
	return served(hit, open, status, flags);
}

static __always_inline __u16 field_of_stream(struct hit *hit, struct holter_http_target *target)
{
	return HOLTER_COOKIE_ARGUMENT(hit->cookie) == HOLTER_ARGUMENT_of_module
		   ? target->module_stream_status
		   : target->stream_status;
}

/* (*responseWriter).handlerDone(w) of HTTP/2, or call (*responseWriter).FlushError(w) in it; w's
 * one field is its state. */
static __noinline int http_stream_ends(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_http_target *target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx));
	__u64 state = 0, status = 0;
	__u32 flags = 0;
	__u16 field;

	if (!open || !target)
		return 0;
	field = field_of_stream(hit, target);
	if (field == HOLTER_NO_FIELD ||
	    bpf_probe_read_user(&state, sizeof(state), (const void *)GO_ARG1(ctx)) ||
	    bpf_probe_read_user(&status, sizeof(status), (const void *)(state + field)))
		flags = HOLTER_REQUEST_UNREADABLE;
	else if (!status)
		status = STATUS_OK;
	return served(hit, open, status, flags);
}

/* call (*serverConn).writeFrameFromHandler(…) where the handler's panic is recovered. */
static __noinline int http_stream_panics(struct pt_regs *ctx, struct hit *hit)
{
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx));

	return open ? served(hit, open, 0, HOLTER_REQUEST_PANICKED) : 0;
}

/* golang.org/x/net/http2/h2c takes the connection from a request of method PRI: HTTP/2 begins so,
 * it is nobody's request. Those that come on the connection are. */
static __always_inline bool is_preface(struct holter_http_target *target, __u64 request)
{
	struct go_string method = {};
	char letters[3] = {};

	return !bpf_probe_read_user(&method, sizeof(method),
				    (const void *)(request + target->request_method)) &&
	       method.length == sizeof(letters) &&
	       !bpf_probe_read_user(letters, sizeof(letters), (const void *)method.address) &&
	       letters[0] == 'P' && letters[1] == 'R' && letters[2] == 'I';
}

/* The deferred function of (*conn).serve. A request that is still open here was not finished: its
 * handler took the connection, or did not return. */
static __noinline int http_connection_ends(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_http_target *target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx));
	__u64 connection = 0, status = 0;
	__u8 hijacked = 0, wrote = 0;

	if (!open || !target)
		return 0;
	if (!bpf_probe_read_user(&connection, sizeof(connection),
				 (const void *)(open->writer + target->response_conn)))
		bpf_probe_read_user(&hijacked, sizeof(hijacked),
				    (const void *)(connection + target->conn_hijacked));
	if (hijacked && is_preface(target, open->request)) {
		open->began_ns = 0;
		return 0;
	}
	if (hijacked)
		return served(hit, open, 0, HOLTER_REQUEST_HIJACKED);
	if (!bpf_probe_read_user(&wrote, sizeof(wrote),
				 (const void *)(open->writer + target->response_wrote_header)) &&
	    wrote && target->response_status != HOLTER_NO_FIELD)
		bpf_probe_read_user(&status, sizeof(status),
				    (const void *)(open->writer + target->response_status));
	return served(hit, open, status, HOLTER_REQUEST_PANICKED);
}

/* In a router's ServeHTTP: gin, echo and chi give back their context there, call (*Pool).Put(p,
 * context); gorilla makes the handler's request, call requestWithRoute(req, route). */
static __noinline int http_routed(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_http_target *target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_SERVER, GO_G(ctx));
	__u64 path = 0;

	if (!open || !target)
		return 0;
	switch (HOLTER_COOKIE_ARGUMENT(hit->cookie)) {
	case HOLTER_ARGUMENT_of_gin:
		keep_pattern(open, GO_ARG3(ctx), target->gin_pattern);
		break;
	case HOLTER_ARGUMENT_of_echo:
		keep_pattern(open, GO_ARG3(ctx), target->echo_pattern);
		break;
	case HOLTER_ARGUMENT_of_chi:
		keep_patterns(open, GO_ARG3(ctx), target->chi_patterns);
		break;
	case HOLTER_ARGUMENT_of_gorilla:
		if (target->gorilla_path != HOLTER_NO_FIELD &&
		    !bpf_probe_read_user(&path, sizeof(path),
					 (const void *)(GO_ARG2(ctx) + target->gorilla_path)))
			keep_pattern(open, path, target->gorilla_pattern);
		break;
	}
	return 0;
}

static __noinline int called(struct hit *hit, struct open_request *open, __u32 status, __u32 flags)
{
	struct holter_http_target *target;
	struct request_end end = {};
	__u64 request, url;

	if (!hit || !open)
		return 0;
	target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	if (!target)
		return 0;
	request = open->request;
	tell_error(&end, &open->error);
	measure(&end, hit->slot, HOLTER_HTTP_CLIENT, open, bpf_ktime_get_ns());
	end.facts.status = status;
	end.facts.flags |= flags;
	read_method(&end, request + target->request_method);
	url = read_target(&end, request + target->request_url, sizeof(url));
	if (url)
		read_string(&end, &end.text, url + target->url_host);
	return emit_request(&end, hit->slot);
}

/* (*Transport).roundTrip(t, req). */
static __noinline int http_call_begins(struct pt_regs *ctx, struct hit *hit)
{
	begin_request(hit->slot, HOLTER_HTTP_CLIENT, GO_G(ctx), GO_ARG2(ctx), 0);
	return 0;
}

/* golang.org/x/net/http2.(*Transport).RoundTripOpt(t, req, …). Where net/http's transport calls it,
 * the call has begun already, perhaps with another copy of the request: but the URL is the same. */
static __noinline int http_module_call_begins(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_http_target *target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_CLIENT, GO_G(ctx));
	__u64 request = GO_ARG2(ctx), url = 0, begun = 0;

	if (!target)
		return 0;
	if (open &&
	    !bpf_probe_read_user(&begun, sizeof(begun),
				 (const void *)(open->request + target->request_url)) &&
	    !bpf_probe_read_user(&url, sizeof(url),
				 (const void *)(request + target->request_url)) &&
	    url == begun)
		return 0;
	begin_request(hit->slot, HOLTER_HTTP_CLIENT, GO_G(ctx), request, 0);
	return 0;
}

/* After a call that returned (resp *Response, err error) to the transport. */
static __noinline int http_call_answered(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_http_target *target = bpf_map_lookup_elem(&http_targets, &hit->slot);
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_CLIENT, GO_G(ctx));
	__u64 status = 0;
	__u16 field;

	if (!open || !target)
		return 0;
	if (GO_ARG2(ctx)) { /* perhaps it is tried again */
		struct go_interface error = {GO_ARG2(ctx), GO_ARG3(ctx)};

		take_off(hit->slot, &error);
		open->error = error_of(hit->slot, error.itab, error.data);
		return 0;
	}
	field = HOLTER_COOKIE_ARGUMENT(hit->cookie) == HOLTER_ARGUMENT_of_stream
		    ? target->stream_answer_status
		    : target->answer_status;
	if (field == HOLTER_NO_FIELD ||
	    bpf_probe_read_user(&status, sizeof(status), (const void *)(GO_ARG1(ctx) + field)))
		return called(hit, open, 0, HOLTER_REQUEST_UNREADABLE);
	return called(hit, open, status, 0);
}

/* After the call of (*persistConn).shouldRetryRequest(pc, req, err) bool. */
static __noinline int http_call_retried(struct pt_regs *ctx, struct hit *hit)
{
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_CLIENT, GO_G(ctx));

	if (!open || (GO_ARG1(ctx) & 0xff))
		return 0;
	return called(hit, open, 0, HOLTER_REQUEST_FAILED);
}

/* After the call of shouldRetryRequest(req, err) (*Request, error) of HTTP/2: an error is the
 * answer's. */
static __noinline int http_stream_retried(struct pt_regs *ctx, struct hit *hit)
{
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_CLIENT, GO_G(ctx));

	if (!open || !GO_ARG2(ctx))
		return 0;
	return called(hit, open, 0, HOLTER_REQUEST_FAILED);
}

/* Why a connection could not be made, until the call that waits for it hears of it. */
struct dial_key {
	__u64 target;
	__u64 waiting; /* *wantConn */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct dial_key);
	__type(value, struct go_error);
} failed_dials SEC(".maps");

/* call (*wantConn).tryDeliver(w, pc, err error, …) in dialConnFor, on a goroutine of the
 * transport's. */
static __noinline int http_dialled(struct pt_regs *ctx, struct hit *hit)
{
	struct go_error error = error_of(hit->slot, GO_ARG3(ctx), GO_ARG4(ctx));
	struct dial_key key = {};

	if (!error.type)
		return 0;
	key.target = hit->slot;
	key.waiting = GO_ARG1(ctx);
	bpf_map_update_elem(&failed_dials, &key, &error, BPF_ANY);
	return 0;
}

/* Why the request's own context has ended, if it has: net/http prefers that to a dial's error. */
static __always_inline void read_context(struct hit *hit, struct open_request *open,
					 struct go_interface *error)
{
	struct holter_http_target *target = bpf_map_lookup_elem(&http_targets, &hit->slot);

	if (!target || target->request_context == HOLTER_NO_FIELD ||
	    target->context_cause == HOLTER_NO_FIELD ||
	    bpf_probe_read_user(error, sizeof(*error),
				(const void *)(open->request + target->request_context)))
		return;
	find_cause(error, hit->slot, target->context_cause);
}

/* (*wantConn).cancel(w, t): no connection could be had; up to Go 1.24 cancel(w, t, err error). */
static __noinline int http_call_without_connection(struct pt_regs *ctx, struct hit *hit)
{
	struct open_request *open = open_request_of(hit->slot, HOLTER_HTTP_CLIENT, GO_G(ctx));
	struct go_interface why = {};
	struct dial_key key = {};
	struct go_error *error;

	if (!open)
		return 0;
	key.target = hit->slot;
	key.waiting = GO_ARG1(ctx);
	error = bpf_map_lookup_elem(&failed_dials, &key);
	if (HOLTER_COOKIE_ARGUMENT(hit->cookie) == HOLTER_ARGUMENT_of_error) {
		why.itab = GO_ARG3(ctx);
		why.data = GO_ARG4(ctx);
	} else {
		read_context(hit, open, &why);
	}
	if (why.itab)
		open->error = error_of(hit->slot, why.itab, why.data);
	else if (error)
		open->error = *error;
	if (error)
		bpf_map_delete_elem(&failed_dials, &key);
	return called(hit, open, 0, HOLTER_REQUEST_FAILED);
}

GO_GROUP(go_http, HOLTER_GO_HTTP_PROGRAMS)
