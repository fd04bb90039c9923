/*
 * memo.h - verdicts already passed, by the tensors that they were passed on.
 *
 * Two coders with one quantiser give the same tensors back, and integers
 * always come back as they were: then the tail need not be computed again.
 * A memo finds the verdict by a 128-bit hash (XXH3) of all bytes that go into
 * the tail. It holds the verdicts of one cut.
 *
 * Belongs to one thread.
 */
#ifndef CLV_MEMO_H
#define CLV_MEMO_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "cleave/tensor.h"
#include "profile/verdict.h"

/* Verdicts of one input that are remembered; later ones are not. */
#define CLV_MEMO_MAX 256

struct clv_memo_key {
    uint64_t lo;
    uint64_t hi;
};

struct clv_memo {
    struct clv_memo_list *lists; /* one an input */
    size_t count;
};

/* For `count` inputs. CLEAVE_MEMORY. */
cleave_status clv_memo_init(struct clv_memo *memo, size_t count,
                            cleave_error *err);

/* Takes an all-zero one, too. */
void clv_memo_fini(struct clv_memo *memo);

/* Forgets all, for another cut. */
void clv_memo_clear(struct clv_memo *memo);

struct clv_memo_key clv_memo_key(const cleave_tensor *tensors, size_t count);

/* The verdict on this input and these tensors, NULL if none was passed. */
const struct clv_verdict *clv_memo_find(const struct clv_memo *memo,
                                        size_t input, struct clv_memo_key key);

/* Remembers a verdict, if there is memory. */
void clv_memo_add(struct clv_memo *memo, size_t input, struct clv_memo_key key,
                  struct clv_verdict verdict);

#endif
