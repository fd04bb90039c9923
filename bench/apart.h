/*
 * apart.h - jobs in processes of their own, a few at a time.
 *
 * A job fills one result of a fixed size, which lies in memory that parent
 * and child share; so it must hold no pointers. A job that crashes or exits
 * leaves no result, and the others go on. Not thread-safe; fork before
 * there are threads.
 */
#ifndef CLV_APART_H
#define CLV_APART_H

#include <stddef.h>

struct apart;

/* Job `index`, in its own process; `result` is all zero. */
typedef void apart_job(void *self, size_t index, void *result);

/*
 * Runs `count` jobs in order, as many at once as there are cores (four at
 * most), and waits for all. Ends the program if there is no memory.
 */
struct apart *apart_run(size_t count, size_t result_bytes, apart_job *job,
                        void *self);

/* Takes NULL. */
void apart_free(struct apart *apart);

/* What a job left, NULL if it did not end well. Borrowed. */
const void *apart_result(const struct apart *apart, size_t index);

/* Ends the program, with a message, unless all jobs ended well. */
void apart_must(const struct apart *apart);

#endif
