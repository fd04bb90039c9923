/*
 * posts.h - the places that a runner can be moved to, each ready to decide.
 *
 * A post is one variant on one engine. A runner that is alone has one post
 * with all its designs; one of an ensemble has a list, and the ensemble's
 * manager says which of them counts (manager.h). All that a post needs in
 * order to decide is made when it is listed: its part of the space, and a
 * scheduler over that. So a switch lays out nothing.
 *
 * Where designs need no server, the best of the post is its home: there it
 * lands, and there inferences go when nothing else is left.
 *
 * A post belongs to its runner, whose lock guards it.
 */
#ifndef CLV_POSTS_H
#define CLV_POSTS_H

#include "plan/scheduler.h"

/* Of one runner, at once. */
#define CLV_POSTS_MOST 64

/* All variants, all engines. Not CLV_NO_SERVER, which means itself. */
#define CLV_ANY (UINT32_MAX - 1)

/* What a runner is to be restricted to. */
struct clv_post {
    uint32_t variant; /* of the runner's costs, or CLV_ANY */
    uint32_t engine;  /* likewise */
    int is_away;      /* computes on servers as long as one is up: of its
                         designs only those whose inputs travel are chosen */
};

int clv_post_is_same(const struct clv_post *a, const struct clv_post *b);

struct clv_desk {
    struct clv_post post;
    const struct clv_space *whole; /* borrowed: the runner's */
    struct clv_space space;        /* what belongs to the post */
    uint32_t *rows;                /* of `whole`, rising; NULL: all */
    struct clv_scheduler *scheduler;
    size_t home;             /* candidates of `whole`, or CLV_NONE */
    size_t landing;          /* the home, or what is best over good links */
    size_t current;          /* what was taken here last, or CLV_NONE */
    int is_feasible;         /* over good links; else broken says what is not */
    int broken;              /* kept: a constraint, or -1 */
    int64_t failed_until_ns; /* it could not be made ready; 0: it could */
    cleave_error failure;
};

/*
 * Makes a desk for a post. CLEAVE_NOT_FOUND if it has no designs; else as
 * clv_scheduler_new. Space, slo (copied) and policy as there.
 */
cleave_status clv_desk_new(const struct clv_space *space,
                           const struct clv_slo *slo,
                           const struct clv_policy *policy,
                           const struct clv_post *post,
                           struct clv_desk **ret_desk, cleave_error *err);

/* Takes NULL. */
void clv_desk_free(struct clv_desk *desk);

/* As clv_scheduler_decide; candidates are those of the runner's space, and one
   of another post counts as excluded. */
void clv_desk_decide(struct clv_desk *desk,
                     const struct clv_conditions *conditions, size_t current,
                     struct clv_choice *ret_choice);

/* Leaves out what `is_out` says (NULL: nothing), and nothing that was left out
   before. If that leaves nothing, it is not obeyed. */
void clv_desk_exclude(struct clv_desk *desk,
                      int (*is_out)(void *self, size_t candidate), void *self);

#endif
