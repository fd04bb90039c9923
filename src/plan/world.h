/*
 * world.h - what truly becomes of an inference, in a simulation.
 *
 *     begin  head_end   sent   through         server_end     answer
 *       |--device--|-wait-|--up--|-rtt/2-|-wait-|-server-|-down, rtt/2-|
 *
 * Times of device and server come from the profile, times of transfers from
 * the trace. Where the options say noisy, the former are drawn from their
 * spreads: the same for the n-th inference whatever the policy, so that two
 * policies meet the same luck.
 *
 * Pure; a world belongs to one thread.
 */
#ifndef CLV_WORLD_H
#define CLV_WORLD_H

#include "plan/simulation.h"

/* Each stage takes one inference at a time, in their order. */
struct clv_world {
    struct clv_simulation_options options; /* with defaults in place */
    int64_t device_free_ns;
    int64_t link_free_ns;
    int64_t server_free_ns;
};

/* Times of never are INT64_MAX. */
struct clv_passage {
    int64_t begin_ns;
    int64_t head_end_ns;
    int64_t sent_ns;
    int64_t through_ns;
    int64_t server_end_ns;
    int64_t answer_ns; /* never, if it was lost */
    int64_t lost_ns;   /* when the device notices that the servers are away */
    double device_ns;
    double server_ns;
    double link_ns; /* both ways, waiting not in it */
};

/* Checks the options and puts defaults in. CLEAVE_INVALID. */
cleave_status clv_world_init(struct clv_world *world,
                             const struct clv_simulation_options *options,
                             cleave_error *err);

/* Plays the `nth` inference with this design, from `begin_ns` on or when the
   device is free. Changes nothing. */
void clv_world_play(const struct clv_world *world, size_t candidate,
                    uint64_t nth, int64_t begin_ns,
                    struct clv_passage *ret_passage);

/* An exchange alone, from `begin_ns` on or when the link is free; of the
   passage what is behind `head_end_ns` is filled. */
void clv_world_exchange(const struct clv_world *world, int64_t begin_ns,
                        double bytes_up, double bytes_down, double server_ns,
                        struct clv_passage *passage);

/* The stages are busy with this from now on. */
void clv_world_take(struct clv_world *world, const struct clv_passage *passage);

/* What the device takes to finish this design's n-th inference by itself; 0
   if nobody measured it. */
double clv_world_finish_ns(const struct clv_world *world, size_t candidate,
                           uint64_t nth);

/* 1 while the servers are there. */
int clv_world_is_up(const struct clv_world *world, int64_t at_ns);

/* A time so much later, INT64_MAX at most. */
int64_t clv_later(int64_t at_ns, double by_ns);

#endif
