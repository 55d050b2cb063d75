/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How the processes of targets end. */
#ifndef HOLTER_EVENTS_DEATHS_H
#define HOLTER_EVENTS_DEATHS_H

/* A target has ended, whatever it was written in. Only those that did not return 0. */
struct holter_death {
	struct holter_event event;
	__u32 status; /* as waitpid(2) reports it: signal in the low 7 bits, or exit code above 8 */
	__u32 oom;    /* 1: the kernel was out of memory and chose this process */
};
HOLTER_ASSERT_SIZE(struct holter_death, 16);

#endif /* HOLTER_EVENTS_DEATHS_H */
