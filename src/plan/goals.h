/*
 * goals.h - what an application wants of its tasks, each and all.
 *
 * Each task has its SLO, and the application may have one of its own, of all
 * tasks together: sums (memory, size, workload, energy, bytes), antt, stp,
 * fairness. Here they lie side by side: objectives, of which none comes first
 * (closeness to the best of each decides, see rass.h; order, weights and
 * tolerance are the scheduler's), and bounds.
 *
 * Pure; plain values.
 */
#ifndef CLV_GOALS_H
#define CLV_GOALS_H

#include "plan/slo.h"

#define CLV_GOALS 16
#define CLV_BOUNDS 64

/* Not of one task but of all. */
#define CLV_ALL_TASKS UINT32_MAX

struct clv_goal {
    uint32_t task;
    struct clv_measure measure;
    int maximize;
};

struct clv_bound {
    uint32_t task;
    struct clv_constraint constraint;
};

struct clv_goals {
    struct clv_goal goals[CLV_GOALS];
    size_t goal_count;
    struct clv_bound bounds[CLV_BOUNDS];
    size_t bound_count;
};

/*
 * Puts the SLOs of tasks, and of all (or NULL), side by side. CLEAVE_INVALID
 * for what cannot be said there (latency of all tasks, fairness of one) and
 * says where it belongs; CLEAVE_LIMIT for more than there is room for.
 */
cleave_status clv_goals_init(struct clv_goals *goals,
                             const struct clv_slo *const *tasks, size_t count,
                             const struct clv_slo *all, cleave_error *err);

/* True if the measure may be said of all tasks together; of one. */
int clv_goal_is_of_all(struct clv_measure measure);
int clv_goal_is_of_one(struct clv_measure measure);

/* "scene: latency.p95", "all: stp". Returns `into`. */
#define CLV_GOAL_TEXT 200
const char *clv_goal_text(const struct clv_goal *goal,
                          const char *const *task_names,
                          char into[CLV_GOAL_TEXT]);
const char *clv_bound_text(const struct clv_bound *bound,
                           const char *const *task_names,
                           char into[CLV_GOAL_TEXT]);

#endif
