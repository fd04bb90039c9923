/*
 * senses.h - what a runner knows of the world, from its own inferences.
 *
 * One link estimator and one load estimator for each server, one load
 * estimator for this device. They are fed with every exchange and asked
 * before every decision. Times are the caller's; durations that servers tell
 * are taken out of exchanges, and so is connecting, which a kept connection
 * does not cost.
 *
 * Exchanges that overlap share the link. So that its rate is not thought a
 * fraction of what it is, an exchange counts as one of all the bytes that came
 * through while it lasted, its own and those of exchanges that ended meanwhile.
 *
 * Thread-safe.
 */
#ifndef CLV_SENSES_H
#define CLV_SENSES_H

#include <pthread.h>

#include "plan/estimator.h"
#include "wire/client.h"

struct clv_sensed_server {
    struct clv_link_estimator link;
    struct clv_load_estimator load;
    double queue_ns;
    int64_t queue_at_ns;
    uint64_t passed_up; /* bytes of all exchanges that have ended */
    uint64_t passed_down;
    unsigned under_way; /* exchanges */
    int is_up;
};

struct clv_senses {
    pthread_mutex_t lock;
    size_t server_count;
    struct clv_load_estimator device;
    double hint; /* what small parts took, over the profile; 0: none yet */
    struct clv_sensed_server servers[CLV_SERVERS];
};

/* An exchange under way. */
struct clv_sensing {
    int64_t began_ns;
    uint64_t passed_up; /* as it was then */
    uint64_t passed_down;
};

/* Every server is down at first. */
void clv_senses_init(struct clv_senses *senses, enum clv_learns_by by,
                     size_t server_count);
void clv_senses_fini(struct clv_senses *senses);

void clv_senses_look(struct clv_senses *senses, int64_t now_ns,
                     struct clv_conditions *ret_conditions);

/* What is known of the link to one server. */
struct clv_link_view clv_senses_view(struct clv_senses *senses, size_t server,
                                     int64_t now_ns);

/* Says whether the server does its work; returns what was said before. */
int clv_senses_set_up(struct clv_senses *senses, size_t server, int is_up);

/*
 * Around an exchange. It ended with `exchange`, or with NULL if there was no
 * answer; `unsent` are then the bytes that did not come through in time, 0 if
 * time was not the reason. `profiled_ns` is what the server takes by the
 * profile for what `measured_ns` is a sum of: the tail, perhaps unpacking; 0:
 * nobody knows.
 */
struct clv_sensing clv_senses_begin(struct clv_senses *senses, size_t server,
                                    int64_t now_ns);
void clv_senses_end(struct clv_senses *senses, size_t server,
                    struct clv_sensing sensing, int64_t now_ns,
                    const struct clv_exchange *exchange, uint64_t unsent);
void clv_senses_server_took(struct clv_senses *senses, size_t server,
                            int64_t now_ns, double measured_ns,
                            double profiled_ns);

/* How many exchanges with this server are under way. If it fails now, so many
   are finished here, one after the other. */
unsigned clv_senses_under_way(struct clv_senses *senses, size_t server);

/* What this device took for something, and takes by the profile. */
void clv_senses_device_took(struct clv_senses *senses, int64_t now_ns,
                            double measured_ns, double profiled_ns);

/*
 * The same of something small, which is no measure of the slow-down. But as
 * long as small things take what they took when it was measured, it still
 * holds, and is not forgotten as one that nobody has seen any more.
 */
void clv_senses_device_hinted(struct clv_senses *senses, int64_t now_ns,
                              double measured_ns, double profiled_ns);

#endif
