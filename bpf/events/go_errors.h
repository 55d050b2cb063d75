/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Go: panics, fatal errors, and what error values are made of. */
#ifndef HOLTER_EVENTS_GO_ERRORS_H
#define HOLTER_EVENTS_GO_ERRORS_H

enum holter_go_panic_kind {
	HOLTER_GO_PANIC_BEGINS = 0,
	HOLTER_GO_PANIC_RECOVERED = 1,
	HOLTER_GO_PANIC_FATAL = 2,
	HOLTER_GO_FATAL_ERROR = 3, /* of the runtime: cannot be recovered */
	HOLTER_GO_PANIC_KINDS,
};

/* Types are addresses of Go's type descriptors in the target: user space knows their names. */
struct holter_go_panic {
	struct holter_event event;
	__u64 type; /* of the value, 0: unknown; of a fatal error, address of its text */
	__u64
	    root; /* type at the end of the chain of errors; of a fatal error, length of its text */
	__u32 kind; /* enum holter_go_panic_kind */
	__u32 pad;
};
HOLTER_ASSERT_SIZE(struct holter_go_panic, 32);

/* Where an error value holds the next one of its chain. */
enum holter_go_link_kind {
	HOLTER_GO_LINK_ERROR = 0,  /* an interface value */
	HOLTER_GO_LINK_ERRORS = 1, /* a slice of them: the first is followed */
};

struct holter_go_link {
	__u32 type;   /* the type's offset from holter_go_error_target.types */
	__u16 offset; /* of the field in the value */
	__u16 kind;   /* enum holter_go_link_kind */
};
HOLTER_ASSERT_SIZE(struct holter_go_link, 8);

#define HOLTER_GO_LINKS 128 /* a power of two */

/* The types of a target that wrap errors, ascending; the array `go_error_targets`. */
struct holter_go_error_target {
	__u64 types; /* where its types lie */
	__u32 count;
	__u32 pad;
	struct holter_go_link links[HOLTER_GO_LINKS];
};
HOLTER_ASSERT_SIZE(struct holter_go_error_target, 1040);

#define HOLTER_GO_ERRORS_PROGRAMS(X)                                                               \
	X(go_panic_begins)                                                                         \
	X(go_panic_recovered)                                                                      \
	X(go_panic_fatal)                                                                          \
	X(go_fatal_error)
enum holter_go_errors_program {
	HOLTER_GO_ERRORS_PROGRAMS(HOLTER_PROGRAM_ID) HOLTER_GO_ERRORS_PROGRAM_COUNT
};

#endif /* HOLTER_EVENTS_GO_ERRORS_H */
