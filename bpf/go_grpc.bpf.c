// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * gRPC calls of grpc-go.
 *
 * A call that is served begins in handleStream and ends with the first status that is written
 * for it by the goroutine that serves it: when the client is gone, two are written. A call that
 * is made begins where its stream object exists and nothing has been sent, and ends with the first
 * finish() of that object, on whatever goroutine that is.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/grpc_metadata.h"
#include "bpf/requests.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CODE_OK 0
#define CODE_CANCELLED 1
#define CODE_UNKNOWN 2

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOLTER_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct holter_grpc_target);
} grpc_targets SEC(".maps");

/* The code of a status message. Generated code of before 2020 begins with it; later code begins
 * with a pointer, or zero, and the code is no longer where grpc-go's version would say. All of
 * these messages are longer than what is read of them. */
static __always_inline int code_of_message(struct holter_grpc_target *target, __u64 message,
					   __u32 *code)
{
	const __u64 least_pointer = 4096;
	__u64 begin[6] = {};

	*code = 0;
	if (bpf_probe_read_user(begin, sizeof(begin), (const void *)message))
		return -1;
	if (begin[0] && begin[0] < least_pointer) {
		*code = begin[0];
		return 0;
	}
	if (target->message_code == 5 * sizeof(*begin)) {
		*code = begin[5];
		return 0;
	}
	return bpf_probe_read_user(code, sizeof(*code),
				   (const void *)(message + target->message_code));
}

/*
 * internal/status.Status: its code. Nearly all calls end with the one status that says OK, which is
 * read once and then known by its address: a status never changes, and until the collector has
 * stopped the program again its memory is nobody else's. (Between what was alive when it was read
 * and the next use of its memory lie two stops at least, and no program of ours is running in one.)
 */
static __always_inline __u16 code_of(struct request_end *end, struct holter_grpc_target *target,
				     __u32 slot, __u64 status)
{
	struct holter_gc_stops *stops = bpf_map_lookup_elem(&gc_stops, &slot);
	__u64 message;
	__u32 code;

	if (!status || !stops)
		return CODE_OK;
	if (status == target->ok_status && stops->pauses == target->ok_gc_pauses)
		return CODE_OK;
	message = read_target(end, status + target->status_message, sizeof(message));
	if (!message)
		return CODE_OK;
	if (code_of_message(target, message, &code))
		end->facts.flags |= HOLTER_REQUEST_UNREADABLE;
	else if (code == CODE_OK && stops->pauses) { /* 0: perhaps they are not counted */
		target->ok_status = status;
		target->ok_gc_pauses = stops->pauses;
	}
	return code;
}

/* When a transport died: the calls that it carried end with it, and some write no status. */
struct transport_key {
	__u64 target;
	__u64 transport;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct transport_key);
	__type(value, __u64);
} closed_transports SEC(".maps");

static __always_inline void read_served(struct request_end *end, struct holter_grpc_target *target,
					__u64 stream)
{
	if (target->stream_method == HOLTER_NO_FIELD) {
		end->facts.flags |= HOLTER_REQUEST_UNREADABLE;
		return;
	}
	if (target->inner_stream != HOLTER_NO_FIELD)
		stream = read_target(end, stream + target->inner_stream, sizeof(stream));
	read_string(end, &end->text, stream + target->stream_method);
}

static __always_inline void read_headers(struct request_end *end, struct holter_grpc_target *target,
					 __u32 slot, __u64 stream)
{
	struct metadata_search search = {};
	struct go_interface context = {};

	search.types = types_of(slot);
	if (!search.types || target->stream_context == HOLTER_NO_FIELD ||
	    (target->inner_stream != HOLTER_NO_FIELD &&
	     bpf_probe_read_user(&stream, sizeof(stream),
				 (const void *)(stream + target->inner_stream))) ||
	    bpf_probe_read_user(&context, sizeof(context),
				(const void *)(stream + target->stream_context)))
		return;
	search.key = target->metadata_key;
	find_metadata(&search, context.data);
	target->metadata_key = search.key;
	find_headers(&end->headers, search.map, target->map_format);
}

/* The goroutine begins another call, and the last one has written no status. It is known when its
 * transport died; if that is not so, how long it took is not known either. */
static __noinline int call_broke_off(struct hit *hit, struct open_request *open)
{
	struct holter_grpc_target *target;
	struct transport_key key = {};
	struct request_end end = {};
	__u64 stream, *closed;

	if (!hit || !open)
		return 0;
	target = bpf_map_lookup_elem(&grpc_targets, &hit->slot);
	if (!target)
		return 0;
	stream = open->request;
	key.target = hit->slot;
	key.transport = open->writer;
	closed = bpf_map_lookup_elem(&closed_transports, &key);
	end.facts.flags = HOLTER_REQUEST_BROKE_OFF;
	end.facts.status = CODE_CANCELLED;
	measure(&end, hit->slot, HOLTER_GRPC_SERVER, open,
		closed && *closed > open->began_ns ? *closed : open->began_ns);
	/* Nobody keeps the stream any more. A collection stops the program twice, and after the
	 * second stop its memory may be that of another call, whose method is not this one's. */
	if (end.facts.gc_pauses < 2)
		read_served(&end, target, stream);
	else
		end.facts.flags |= HOLTER_REQUEST_UNKNOWN_METHOD;
	/* The stops since are not those of the call. */
	end.facts.gc_pause_ns = 0;
	end.facts.gc_pauses = 0;
	return emit_request(&end, hit->slot);
}

/* (*Server).handleStream(s, t ServerTransport, stream). */
static __noinline int grpc_call_served(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_request_key key = key_of(hit->slot, HOLTER_GRPC_SERVER, GO_G(ctx));
	struct open_request *open = bpf_map_lookup_elem(&open_requests, &key);

	if (open && open->began_ns)
		call_broke_off(hit, open);
	begin_with(open, &key, GO_ARG4(ctx), GO_ARG3(ctx));
	return 0;
}

/* transport.(*http2Server).Close(t, …). */
static __noinline int grpc_transport_closes(struct pt_regs *ctx, struct hit *hit)
{
	struct transport_key key = {};
	__u64 now = bpf_ktime_get_ns();

	key.target = hit->slot;
	key.transport = GO_ARG1(ctx);
	bpf_map_update_elem(&closed_transports, &key, &now, BPF_NOEXIST);
	return 0;
}

/* call status.FromError(err error), or status.FromContextError(err error), where the handler's
 * error becomes a status. The first counts: old versions turn a status that they have made of it
 * into a status once more. */
static __noinline int grpc_handler_failed(struct pt_regs *ctx, struct hit *hit)
{
	struct open_request *open = open_request_of(hit->slot, HOLTER_GRPC_SERVER, GO_G(ctx));

	if (open && !open->error.type)
		open->error = error_of(hit->slot, GO_ARG1(ctx), GO_ARG2(ctx));
	return 0;
}

/* transport.(*http2Server).writeStatus(t, stream, status). The server itself says that a method is
 * unknown, in handleStream; all other statuses are written by what that calls. */
static __noinline int grpc_status_written(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_grpc_target *target = bpf_map_lookup_elem(&grpc_targets, &hit->slot);
	struct open_request *open = open_request_of(hit->slot, HOLTER_GRPC_SERVER, GO_G(ctx));
	struct request_end end = {};
	__u64 stream = GO_ARG2(ctx), caller;

	if (!open || !target || open->request != stream)
		return 0;
	measure(&end, hit->slot, HOLTER_GRPC_SERVER, open, bpf_ktime_get_ns());
	end.facts.status = code_of(&end, target, hit->slot, GO_ARG3(ctx));
	tell_error(&end, &open->error);
	if (end.facts.status != CODE_OK) {
		caller = go_return_address(ctx);
		if (caller > target->handle_stream && caller < target->handle_stream_end)
			end.facts.flags |= HOLTER_REQUEST_UNKNOWN_METHOD;
	}
	read_served(&end, target, stream);
	if (trace_turn(hit->slot, end.ended_ns, end.facts.duration_ns, end.facts.status != CODE_OK))
		read_headers(&end, target, hit->slot, stream);
	return emit_request(&end, hit->slot);
}

/* call (*clientStream).withRetry(cs, …) in newClientStreamWithParams: the call begins. */
static __noinline int grpc_call_begins(struct pt_regs *ctx, struct hit *hit)
{
	__u64 stream = GO_ARG1(ctx);

	begin_request(hit->slot, HOLTER_GRPC_CLIENT, stream, stream, 0);
	return 0;
}

/* An error that ends a call: nil and io.EOF are success, *status.Error has a code, any other is
 * UNKNOWN. The three are told apart by what they hold. */
static __always_inline __u16 code_of_error(struct request_end *end,
					   struct holter_grpc_target *target, __u64 error)
{
	struct go_string text = {};
	char letters[3] = {};
	__u64 status = 0, message = 0;
	__u32 code = 0;

	if (!bpf_probe_read_user(&text, sizeof(text), (const void *)error) && text.length == 3 &&
	    !bpf_probe_read_user(letters, sizeof(letters), (const void *)text.address) &&
	    letters[0] == 'E' && letters[1] == 'O' && letters[2] == 'F')
		return CODE_OK;
	if (target->error_status == HOLTER_NO_FIELD)
		message = read_target(end, error, sizeof(message));
	else if (bpf_probe_read_user(&status, sizeof(status),
				     (const void *)(error + target->error_status)) ||
		 bpf_probe_read_user(&message, sizeof(message),
				     (const void *)(status + target->status_message)))
		return CODE_UNKNOWN;
	if (code_of_message(target, message, &code) || code > 16)
		return CODE_UNKNOWN;
	return code;
}

static __always_inline void read_call(struct request_end *end, struct holter_grpc_target *target,
				      __u64 stream)
{
	__u64 header = read_target(end, stream + target->call_header, sizeof(header));

	read_string(end, &end->text, header + target->header_method);
}

/* call (*csAttempt).finish(a, err error) where an operation on the stream has failed and may be
 * tried again. What it was is kept with the goroutine, for the case that it is not. */
static __noinline int grpc_attempt_fails(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_grpc_target *target = bpf_map_lookup_elem(&grpc_targets, &hit->slot);
	struct open_request *open;
	struct request_end end = {};
	__u64 stream;

	if (!target)
		return 0;
	stream = read_target(&end, GO_ARG1(ctx) + target->attempt_stream, sizeof(stream));
	open = open_request_of(hit->slot, HOLTER_GRPC_CLIENT, stream);
	if (!open)
		return 0;
	open->error = error_of(hit->slot, GO_ARG2(ctx), GO_ARG3(ctx));
	open->writer = code_of_error(&end, target, GO_ARG3(ctx));
	begin_request(hit->slot, HOLTER_GRPC_CLIENT, GO_G(ctx), stream, 0);
	return 0;
}

/* After the call of (*csAttempt).shouldRetry(a, err) (bool, error) there: an error says that it is
 * not tried again. Where the stream could not even be opened, nobody finishes it. io.EOF is not the
 * end: the status is still to be received. */
static __noinline int grpc_call_given_up(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_grpc_target *target = bpf_map_lookup_elem(&grpc_targets, &hit->slot);
	struct open_request *of_goroutine =
	    open_request_of(hit->slot, HOLTER_GRPC_CLIENT, GO_G(ctx));
	struct request_end end = {};
	struct holter_request_key key;
	struct open_request *open;
	__u64 stream;

	if (!target || !of_goroutine)
		return 0;
	of_goroutine->began_ns = 0;
	stream = of_goroutine->request;
	key = key_of(hit->slot, HOLTER_GRPC_CLIENT, stream);
	open = bpf_map_lookup_elem(&open_requests, &key);
	if (!open || !GO_ARG2(ctx) || open->writer == CODE_OK)
		return 0;
	measure(&end, hit->slot, HOLTER_GRPC_CLIENT, open, bpf_ktime_get_ns());
	end.facts.status = open->writer;
	tell_error(&end, &open->error);
	if (bpf_map_delete_elem(&open_requests, &key))
		return 0;
	read_call(&end, target, stream);
	return emit_request(&end, hit->slot);
}

/* (*clientStream).finish(cs, err error), or call (*csAttempt).finish(a, err error) in it. */
static __noinline int grpc_call_finishes(struct pt_regs *ctx, struct hit *hit)
{
	struct holter_grpc_target *target = bpf_map_lookup_elem(&grpc_targets, &hit->slot);
	__u64 stream = GO_ARG1(ctx);
	struct request_end end = {};
	struct holter_request_key key;
	struct open_request *open;

	if (!target)
		return 0;
	if (HOLTER_COOKIE_ARGUMENT(hit->cookie) == HOLTER_ARGUMENT_of_attempt)
		stream = read_target(&end, stream + target->attempt_stream, sizeof(stream));
	key = key_of(hit->slot, HOLTER_GRPC_CLIENT, stream);
	open = bpf_map_lookup_elem(&open_requests, &key);
	if (!open)
		return 0;
	measure(&end, hit->slot, HOLTER_GRPC_CLIENT, open, bpf_ktime_get_ns());
	/* No other call will ever be this object. */
	if (bpf_map_delete_elem(&open_requests, &key))
		return 0;
	if (GO_ARG2(ctx)) {
		struct go_error error = error_of(hit->slot, GO_ARG2(ctx), GO_ARG3(ctx));

		tell_error(&end, &error);
		end.facts.status = code_of_error(&end, target, GO_ARG3(ctx));
	}
	read_call(&end, target, stream);
	return emit_request(&end, hit->slot);
}

GO_GROUP(go_grpc, HOLTER_GO_GRPC_PROGRAMS)
