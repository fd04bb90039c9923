/*
 * seating.h - the designs of a product whose tasks sit in certain chairs.
 *
 * Once it is known who sits where, every objective and every bound of all is
 * a sum over tasks (fairness apart), and so each task's configurations in its
 * chair become columns of terms. Those that break a bound of their task there
 * are left out. Everything that goes through designs goes through these
 * columns and sums them in order of tasks, so that all agree to the last bit.
 *
 *     columns: goals, then bounds of all (the situation's memory among them),
 *              memory, workload
 *
 * Belongs to one thread. The product must outlive it.
 */
#ifndef CLV_SEATING_H
#define CLV_SEATING_H

#include "plan/producing.h"

#define CLV_SEATING_COLUMNS (CLV_GOALS + CLV_BOUNDS + 3)

/* More ways to sit are not gone through. */
#define CLV_SEATINGS_MOST ((double)(1u << 18))

/* Whose a column is, and what it measures. */
struct clv_seating_column {
    uint32_t task;
    struct clv_measure measure;
};

/* One task's configurations in its chair. */
struct clv_seated {
    size_t count;
    uint32_t *configs; /* of the product's list, ascending */
    double *terms;     /* of column c and the k-th: terms[c * room + k] */
    size_t room;
};

struct clv_seating {
    const struct clv_product *product;
    size_t tasks;
    size_t goals;
    size_t bounds; /* of all */
    size_t columns;
    struct clv_constraint bound[CLV_BOUNDS + 1];
    struct clv_seating_column column[CLV_SEATING_COLUMNS];
    enum clv_joining joining[CLV_SEATING_COLUMNS];
    struct clv_seated seated[CLV_SEATS];
};

/* CLEAVE_LIMIT if there are too many ways to sit, CLEAVE_MEMORY. The caller
   calls fini. */
cleave_status clv_seating_init(struct clv_seating *seating,
                               const struct clv_product *product,
                               cleave_error *err);

/* Takes an all-zero one, too. */
void clv_seating_fini(struct clv_seating *seating);

/* How many ways there are to sit. */
double clv_seating_ways(const struct clv_product *product);

/* The next way, the last task's chair turning fastest, beginning with all
   zeros; 0 after the last. */
int clv_seating_next(const struct clv_product *product, uint32_t *chairs);

/*
 * Fills the columns. Processors in `avoids` (a bit each) are not used, nor are
 * those that are out of order.
 */
void clv_seating_fill(struct clv_seating *seating, const uint32_t *chairs,
                      uint32_t avoids);

/* How many designs there are in these chairs. */
double clv_seating_designs(const struct clv_seating *seating);

/* Numbers of columns. */
size_t clv_seating_memory(const struct clv_seating *seating);
size_t clv_seating_workload(const struct clv_seating *seating);

/* A column of one design: `at` are the seated ones' numbers, one a task. NaN
   for what was not measured. */
static inline double clv_seating_value(const struct clv_seating *s,
                                       size_t column, const uint32_t *at)
{
    double terms[CLV_SEATS];

    for (size_t i = 0; i < s->tasks; i++) {
        terms[i] = s->seated[i].terms[column * s->seated[i].room + at[i]];
    }
    return clv_join(s->joining[column], terms, s->tasks);
}

/* True if the design keeps the bounds of all. */
int clv_seating_keeps(const struct clv_seating *seating, const uint32_t *at);

/* From the seated ones' numbers to those of the product's lists. */
void clv_seating_choice(const struct clv_seating *seating, const uint32_t *at,
                        uint32_t *ret_choice);

#endif
