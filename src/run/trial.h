/*
 * trial.h - small exchanges that try a server and its link.
 *
 * A trial asks for the tail of a cut with made-up tensors: real frames, real
 * work and a real answer, checked like any other, and so few bytes that it
 * may be sent when nothing else is. It comes in several sizes, for a rate
 * shows in how long more bytes take; the largest is for links on which it is
 * small. The server has the part loaded afterwards.
 *
 * A trial's messages are fixed once made; sending is for one thread a client.
 */
#ifndef CLV_TRIAL_H
#define CLV_TRIAL_H

#include "run/rig.h"

#define CLV_TRIAL_SIZES 5

struct clv_trial {
    struct clv_buffer messages[CLV_TRIAL_SIZES]; /* ascending */
};

/*
 * Makes the messages, and runs the rig's head once on the way, so that the
 * first inference finds it warm. CLEAVE_UNSUPPORTED for a cut whose tensors
 * cannot be made up. After a failure, too, the caller calls fini, which takes
 * an all-zero trial.
 */
cleave_status clv_trial_init(struct clv_trial *trial, struct clv_rig *rig,
                             cleave_error *err);
void clv_trial_fini(struct clv_trial *trial);

/* The largest size of at most so many bytes, or else the least. */
size_t clv_trial_size(const struct clv_trial *trial, uint64_t most_bytes);

/*
 * Sends one. What clv_client_infer_cut says, and CLEAVE_CORRUPT,
 * CLEAVE_UNSUPPORTED or CLEAVE_MISMATCH for an answer that is not one of the
 * model's. `ret_exchange` is written if an answer came, whatever its status.
 */
cleave_status clv_trial_send(const struct clv_trial *trial, size_t size,
                             const struct clv_rig *rig,
                             struct clv_client *client, int64_t timeout_ms,
                             struct clv_exchange *ret_exchange,
                             cleave_error *err);

#endif
