/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Probes that a catalogue file describes: what the kernel side is told about each
 * place where one is attached, and what it reports. Arguments are what
 * loader/usdt/arguments.h makes out of the texts in USDT notes, and out of the C
 * calling convention; bpf/argument.h reads them at a hit.
 */
#ifndef HOLTER_EVENTS_CATALOGUE_H
#define HOLTER_EVENTS_CATALOGUE_H

enum holter_argument_kind {
	HOLTER_ARGUMENT_NONE = 0,
	HOLTER_ARGUMENT_CONSTANT = 1, /* displacement */
	HOLTER_ARGUMENT_REGISTER = 2, /* base */
	HOLTER_ARGUMENT_ADDRESS = 3,  /* base + (index << shift) + displacement */
	HOLTER_ARGUMENT_MEMORY = 4,   /* what the target's memory has at that address */
};

/* holter_argument.flags */
#define HOLTER_ARGUMENT_SIGNED 1       /* the value is sign-extended from its size */
#define HOLTER_ARGUMENT_INDEX_32 2     /* of the index, the lower half only … */
#define HOLTER_ARGUMENT_INDEX_SIGNED 4 /* … sign-extended */

/* base or index of an operand that has none */
#define HOLTER_ARGUMENT_NO_REGISTER 0xffff

struct holter_argument {
	__u8 kind;	    /* enum holter_argument_kind */
	__u8 size;	    /* of the value in bytes: 1, 2, 4 or 8 */
	__u8 flags;	    /* HOLTER_ARGUMENT_SIGNED … */
	__u8 shift;	    /* of the index: 0 to 4 */
	__u16 base;	    /* byte offset into pt_regs (arm64: user_pt_regs) */
	__u16 index;	    /* the same */
	__s64 displacement; /* or the constant, extended already */
};
HOLTER_ASSERT_SIZE(struct holter_argument, 16);

/* A number: an argument, or what lies at the end of a path of pointers that begins with one. */
#define HOLTER_MAX_DEREFERENCES 4
struct holter_number {
	struct holter_argument argument;	/* of kind NONE: there is no such number */
	__s32 offsets[HOLTER_MAX_DEREFERENCES]; /* value = *(value + offset), one after the other */
	__u8 dereferences;
	__u8 size;	/* of what the last dereference reads: 1, 2, 4 or 8 */
	__u8 is_signed; /* and whether it is sign-extended */
	__u8 pad[5];
};
HOLTER_ASSERT_SIZE(struct holter_number, 40);

/* A text in the target's memory. Without a length it ends with a NUL. */
struct holter_text {
	struct holter_number address;
	struct holter_number length;
};
HOLTER_ASSERT_SIZE(struct holter_text, 80);

enum holter_role {
	HOLTER_ROLE_INSTANT = 0,
	HOLTER_ROLE_BEGIN = 1,	/* a span begins */
	HOLTER_ROLE_DURING = 2, /* says more about the span that is open */
	HOLTER_ROLE_END = 3,
};

/* holter_specification.flags */
#define HOLTER_SPECIFICATION_SILENT                                                                \
	1 /* an end without a begin is no loss: the begin has conditions */

/*
 * What a place where a catalogue probe is attached means: element of the array
 * `specifications`, whose number is in the cookie.
 */
#define HOLTER_MAX_SPECIFICATIONS 3072
#if HOLTER_MAX_SPECIFICATIONS == HOLTER_MAX_TARGETS
#error "arrays of that size have an element for each target, which is cleared with it"
#endif
#define HOLTER_MAX_NUMBERS 4
#define HOLTER_MAX_TEXTS 2
#define HOLTER_MAX_CONDITION_VALUES 8
struct holter_specification {
	__u8 role; /* enum holter_role */
	__u8 flags;
	__u8 condition_values; /* how many; 0: no condition */
	__u8 pad;
	__u32 outside; /* probe inside whose spans on this thread this one does not begin, plus 1 */
	__u32 pad2;
	__u32 probe;		  /* what events carry; the places of one span have the same */
	struct holter_number key; /* joins the places of one span; NONE: the thread does */
	struct holter_number condition;
	__s64
	    condition_value[HOLTER_MAX_CONDITION_VALUES]; /* the hit counts if it is one of these */
	struct holter_number number[HOLTER_MAX_NUMBERS];  /* each at its place in the event */
	struct holter_text text[HOLTER_MAX_TEXTS];
};
HOLTER_ASSERT_SIZE(struct holter_specification, 480);

/* One event of a catalogue probe: what was counted, measured or seen. */
struct holter_probe_hit {
	struct holter_event event;
	__u32 probe; /* holter_specification.probe */
	__u32 pad;
	__u64 duration_ns; /* of a span */
	__u64 number[HOLTER_MAX_NUMBERS];
};
HOLTER_ASSERT_SIZE(struct holter_probe_hit, 56);

/* The same with texts. */
#define HOLTER_TEXT_SIZE 128
struct holter_probe_text_hit {
	struct holter_event event;
	__u32 probe;
	__u16 length[HOLTER_MAX_TEXTS]; /* bytes in text[], at most HOLTER_TEXT_SIZE */
	__u64 duration_ns;
	__u64 number[HOLTER_MAX_NUMBERS];
	char text[HOLTER_MAX_TEXTS][HOLTER_TEXT_SIZE];
};
HOLTER_ASSERT_SIZE(struct holter_probe_text_hit, 312);

#endif /* HOLTER_EVENTS_CATALOGUE_H */
