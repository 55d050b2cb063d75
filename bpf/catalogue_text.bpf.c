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

/* Where a text lies: its address, and its length or NUL_TERMINATED. */
#define NUL_TERMINATED (~0ULL)
struct located {
	__u64 address;
	__u64 length;
};

static __always_inline long locate(struct pt_regs *ctx, const struct holter_text *source,
				   struct located *text)
{
	text->length = NUL_TERMINATED;
	if (read_number(ctx, &source->address, &text->address, true))
		return -1;
	if (source->length.argument.kind == HOLTER_ARGUMENT_NONE)
		return 0;
	if (read_number(ctx, &source->length, &text->length, true))
		return -1;
	if (text->length > HOLTER_TEXT_SIZE)
		text->length = HOLTER_TEXT_SIZE;
	return 0;
}

/*
 * Has the text's pages fetched. That may take as long as the target's file system likes, and
 * nothing behind a place that is reserved in the ring can be read meanwhile, so it comes first.
 */
static __always_inline void fetch(const struct located *text)
{
	__u64 length = text->length == NUL_TERMINATED ? HOLTER_TEXT_SIZE : text->length;
	char byte;

	if (!length || bpf_copy_from_user(&byte, sizeof(byte), (const void *)text->address))
		return;
	/* It may go on in the next page, or end before that. */
	bpf_copy_from_user(&byte, sizeof(byte), (const void *)(text->address + length - 1));
}

/* Its length, or less than 0. */
static __always_inline long read_text(char *to, const struct located *text)
{
	__u64 length = text->length;
	long copied;

	if (length == NUL_TERMINATED) {
		copied = bpf_probe_read_user_str(to, HOLTER_TEXT_SIZE, (const void *)text->address);
		return copied > 0 ? copied - 1 : -1;
	}
	if (!length)
		return 0;
	asm volatile("" : "+r"(length));
	if (length > HOLTER_TEXT_SIZE || length == 0 ||
	    bpf_probe_read_user(to, length, (const void *)text->address))
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
	struct located texts[HOLTER_MAX_TEXTS] = {};
	__u64 duration_ns = 0;

	if (!spec || !evaluate(ctx, HOLTER_COOKIE_TARGET(cookie), spec, &found, &duration_ns, true))
		return 0;
	for (int i = 0; i < HOLTER_MAX_TEXTS; i++) {
		if (spec->text[i].address.argument.kind == HOLTER_ARGUMENT_NONE)
			continue;
		if (locate(ctx, &spec->text[i], &texts[i])) {
			count_loss(HOLTER_EVENT_PROBE_TEXT_HIT, HOLTER_LOSS_READ_FAILED);
			return 0;
		}
		fetch(&texts[i]);
	}
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

		clear(event->text[i]);
		if (spec->text[i].address.argument.kind != HOLTER_ARGUMENT_NONE)
			length = read_text(event->text[i], &texts[i]);
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
