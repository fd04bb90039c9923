/*
 * fleet.h - the designs that are kept ready to run, and those being made so.
 *
 * A fleet owns what designs stand on: engines, models, connections to
 * servers, the store. It opens rigs, in the caller's thread or in one of its
 * own, and keeps a bounded number of them: when one more is wanted, the one
 * that has not been used for the longest time goes, but never one in use or
 * pinned. A rig that is opened has run once, with a trial (trial.h), so that
 * here and on the server all that is slow the first time is over.
 *
 *     absent --want--> being opened --+--> ready --evicted, retired--> absent
 *                                     +--> told of its failure
 *
 * Thread-safe, but for open and close.
 */
#ifndef CLV_FLEET_H
#define CLV_FLEET_H

#include "run/designs.h"
#include "run/rig.h"
#include "run/trial.h"

/* As many rigs as a fleet can have, whatever the options say. */
#define CLV_FLEET_MOST 80

/* As many are kept if nobody says. */
#define CLV_FLEET_KEPT 4

struct clv_fleet;

/* A rig that is ready. */
struct clv_berth {
    size_t candidate;
    struct clv_rig *rig;
    struct clv_trial trial; /* its messages are empty if the rig needs no
                               server, or nothing can be made up to send */

    /* The fleet's own, under its lock. */
    unsigned users;
    uint64_t used; /* when, counted in takes */
    int is_pinned;
    int is_stale; /* goes as soon as nobody uses it */
};

/* Told of a candidate that was wanted and is ready, or with the reason why it
   is not. Called by the fleet's thread without its lock. */
typedef void clv_fleet_told(void *self, size_t candidate, cleave_status status,
                            const cleave_error *err);

struct clv_fleet_options {
    const struct clv_designs *designs; /* borrowed */
    const char *cache;
    uint32_t lanes;          /* of each rig */
    size_t clients;          /* of each server */
    size_t kept;             /* rigs at most, 3 at least; 0: CLV_FLEET_KEPT */
    uint64_t memory_bytes;   /* of all models' loaded parts; 0: no limit */
    double slowdown;         /* of an emulated device; 0 or 1: none */
    int keeps_tails;         /* so that inferences can be finished here */
    struct clv_turns *turns; /* of heads, with others' of this priority; NULL:
                                nobody else computes here */
    int priority;
    clv_fleet_told *told;
    void *self;
};

cleave_status clv_fleet_open(const struct clv_fleet_options *options,
                             struct clv_fleet **ret_fleet, cleave_error *err);

/* Ends the thread: nobody is told any more, and no server is waited for by
   what is being opened. Close does it, too; `end` only asks for it and waits
   for nothing. Both take NULL. */
void clv_fleet_end(struct clv_fleet *fleet);
void clv_fleet_stop(struct clv_fleet *fleet);

/* No rig may be in use. Takes NULL. */
void clv_fleet_close(struct clv_fleet *fleet);

/*
 * Makes a candidate ready in this thread, unless it is, and pins it if
 * `is_pinned`: it stays until the end. Statuses are those of clv_rig_open and
 * clv_trial_send; CLEAVE_BUSY if all rigs are in use.
 */
cleave_status clv_fleet_prepare(struct clv_fleet *fleet, size_t candidate,
                                int is_pinned, cleave_error *err);

/* The same in the background; the latest wish replaces one not yet begun. */
void clv_fleet_want(struct clv_fleet *fleet, size_t candidate);

/*
 * Which candidates stay from now on, in place of all that were pinned before:
 * they are pinned, and made ready in the background if they are not. One that
 * cannot be is told of, and not tried again before the next call. With `only`,
 * all others go, those in use as soon as they are not.
 */
void clv_fleet_hold(struct clv_fleet *fleet, const size_t *candidates,
                    size_t count, int only);

/* A ready rig, or NULL. Give it back. */
struct clv_berth *clv_fleet_take(struct clv_fleet *fleet, size_t candidate);

/* The one of this server that was used last, or NULL. Give it back. */
struct clv_berth *clv_fleet_take_for_server(struct clv_fleet *fleet,
                                            size_t server);
void clv_fleet_give(struct clv_fleet *fleet, struct clv_berth *berth);

/* A server is down: what is being opened does not wait for it, and fails. */
void clv_fleet_give_up(struct clv_fleet *fleet, size_t server);

/* The rigs of a server have to be opened anew: it is not what it was. */
void clv_fleet_retire(struct clv_fleet *fleet, size_t server);

/*
 * The ground of a variant on an engine, opened if need be, which waits for
 * what is being made ready; one that is open is given at once. It lives as
 * long as the fleet.
 */
cleave_status clv_fleet_ground(struct clv_fleet *fleet, uint32_t variant,
                               uint32_t engine,
                               const struct clv_ground **ret_ground,
                               cleave_error *err);

/* The connections to a server, and whether a candidate is ready. */
struct clv_clients *clv_fleet_clients(struct clv_fleet *fleet, size_t server);
int clv_fleet_has(struct clv_fleet *fleet, size_t candidate);

#endif
