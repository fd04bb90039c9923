/*
 * play.h - the inside of a simulation: what the device knows, and when.
 *
 * An exchange ends some time after it was begun, and what it tells must not
 * be known before. So whatever happens is put down as news with its time, and
 * the device hears it when the simulation has come that far; probes go out in
 * between, when they are due.
 *
 * simulation.c plays inferences, hearing.c is the ear. One thread.
 */
#ifndef CLV_PLAY_H
#define CLV_PLAY_H

#include "plan/estimator.h"
#include "plan/oracle.h"
#include "plan/probing.h"
#include "plan/world.h"

#define CLV_NEWS 64

/* What the device will know at a time. */
struct clv_news {
    int64_t at_ns;
    enum { CLV_NEWS_EXCHANGE, CLV_NEWS_TIMEOUT, CLV_NEWS_LOST } kind;
    struct clv_transfer transfer; /* of a timeout: how long, how many */
    int is_probe;
    uint32_t server;
    double measured_ns; /* of the server, and what the profile says */
    double profiled_ns;
};

struct clv_play {
    struct clv_world world;
    struct clv_scheduler *scheduler;
    struct clv_oracle oracle;
    int has_oracle;
    int finishes; /* local finish */

    struct clv_link_estimator link; /* one trace for all servers */
    struct clv_load_estimator device;
    struct clv_load_estimator servers[CLV_SERVERS];
    struct clv_probing probing;
    int is_up; /* as far as the device knows */
    int is_probing;
    int64_t heard_ns; /* the latest */
    struct clv_news news[CLV_NEWS];
    size_t news_count;

    double whole_ns; /* the quickest way to compute all on the device */

    size_t current;
    uint64_t nth;
    uint64_t arrivals;
    int64_t ends[CLV_SIMULATION_MOST_IN_FLIGHT];
    int64_t last_end_ns;
    struct clv_simulation_result result;
    double drops;
    double *latencies;
    size_t capacity;
};

/* Puts down what the device will hear; what never happens is not. */
void clv_play_add_news(struct clv_play *p, const struct clv_news *news);

/* The news of an exchange that came through, and of one given up. */
struct clv_news clv_news_of(const struct clv_passage *passage, double bytes_up,
                            double bytes_down);
struct clv_news clv_news_of_timeout(int64_t at_ns, int64_t sent_ns,
                                    double bytes_up);

/* All that has happened by now, in its order, probes that were due too. */
void clv_play_hear(struct clv_play *p, int64_t now_ns);

/* Begins as a live run does: a word with the server, and one of some size.
   Gives the time when they are heard. */
int64_t clv_play_first_words(struct clv_play *p);

#endif
