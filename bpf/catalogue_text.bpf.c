/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Probes of the catalogue of which texts are wanted; catalogue.h says what they are. */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/catalogue.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Whatever happens, the event is written whole: what was in the ring before never leaves it. */
static __always_inline void clear(char *text)
{
	__u64 *words = (__u64 *)text;

	for (int i = 0; i < HOLTER_TEXT_SIZE / 8; i++)
		words[i] = 0;
}

/* A text that ends with a NUL; its length, or less than 0. */
static __always_inline long read_terminated(char *text, __u64 address)
{
	char byte;
	long length = bpf_probe_read_user_str(text, HOLTER_TEXT_SIZE, (const void *)address);

	if (length < 0) {
		if (bpf_copy_from_user(&byte, sizeof(byte), (const void *)address))
			return -1;
		/* It may go on in the next page, or end before that. */
		bpf_copy_from_user(&byte, sizeof(byte),
				   (const void *)(address + HOLTER_TEXT_SIZE - 1));
		length = bpf_probe_read_user_str(text, HOLTER_TEXT_SIZE, (const void *)address);
	}
	return length > 0 ? length - 1 : length;
}

static __always_inline long read_text(struct pt_regs *ctx, const struct holter_text *source,
				      char *text)
{
	__u64 address = 0, length = 0;

	clear(text);
	if (read_number(ctx, &source->address, &address, true))
		return -1;
	if (source->length.argument.kind == HOLTER_ARGUMENT_NONE)
		return read_terminated(text, address);
	if (read_number(ctx, &source->length, &length, true))
		return -1;
	if (!length)
		return 0;
	if (length > HOLTER_TEXT_SIZE)
		length = HOLTER_TEXT_SIZE;
	asm volatile("" : "+r"(length));
	if (length > HOLTER_TEXT_SIZE || length == 0 || read_user(text, length, address, true))
		return -1;
	return length;
}

SEC("uprobe.s")
int catalogue_text(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	struct holter_specification *spec = specification_of(cookie);
	struct holter_probe_text_hit *event;
	struct open_span found = {};
	__u64 duration_ns = 0;

	if (!spec || !evaluate(ctx, HOLTER_COOKIE_TARGET(cookie), spec, &found, &duration_ns, true))
		return 0;
	event =
	    ring_reserve(HOLTER_EVENT_PROBE_TEXT_HIT, HOLTER_COOKIE_TARGET(cookie), sizeof(*event));
	if (!event)
		return 0;
	event->probe = spec->probe;
	event->duration_ns = duration_ns;
	for (int i = 0; i < HOLTER_MAX_NUMBERS; i++)
		event->number[i] = found.number[i];
	for (int i = 0; i < HOLTER_MAX_TEXTS; i++) {
		long length = 0;

		if (spec->text[i].address.argument.kind == HOLTER_ARGUMENT_NONE)
			clear(event->text[i]);
		else
			length = read_text(ctx, &spec->text[i], event->text[i]);
		if (length < 0) {
			count_loss(HOLTER_EVENT_PROBE_TEXT_HIT, HOLTER_LOSS_READ_FAILED);
			bpf_ringbuf_discard(event, BPF_RB_NO_WAKEUP);
			return 0;
		}
		event->length[i] = length;
	}
	ring_submit(event);
	return 0;
}
