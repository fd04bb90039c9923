/*
 * producing.h - the inside of a product, for the files that make it, go
 * through it and solve it.
 *
 * A chair is a seat as a product counts them: seats that a task has
 * configurations for, in order of appearance in its list. Where nothing was
 * measured of tasks together it does not matter who sits where, and each task
 * has one chair for all.
 */
#ifndef CLV_PRODUCING_H
#define CLV_PRODUCING_H

#include "plan/product.h"

/* One task of a product. */
struct clv_product_part {
    struct clv_conditions conditions; /* numbered by the costs' servers */
    uint32_t *seat_of;                /* of each engine of the costs */
    uint32_t *server_of;              /* of each server of the costs */
    struct clv_config *configs;
    size_t count;
    uint32_t *chair_of; /* of each configuration */
    uint32_t *chairs;   /* seats */
    size_t chair_count;
    double *duties; /* of each of the options' engines */
    int is_hopeless;
};

struct clv_product {
    struct clv_product_options options;
    struct clv_product_part parts[CLV_SEATS];
    uint32_t *processor_of; /* a bit, of each of the options' engines */
    uint32_t everybody;     /* all of these */
};

/* The bit of the design's configuration; 0 if it does not compute here. */
uint32_t clv_product_processor(const struct clv_product *product,
                               const struct clv_config *config);

/* What a task's times exceed those alone by, of those who sit so. */
struct clv_spread clv_product_excess(const struct clv_product *product,
                                     const uint32_t *seats, size_t task);

/* The same of a task alone with the situation's hogs. */
struct clv_spread clv_product_excess_alone(const struct clv_product *product,
                                           uint32_t seat, size_t task);

/*
 * What one configuration brings to a measure of its task, or to a sum over
 * all tasks; ntt for what is made of it. NaN for what was not measured. Of
 * accuracy the value is as the task's SLO counts it.
 */
double clv_product_term(const struct clv_product *product, size_t task,
                        size_t candidate, const struct clv_spread *excess,
                        struct clv_measure measure);

/* Less than 0 is not there: 0 if the bound is kept, else the ratio of value
   to bound, less 1; infinite for NaN. */
double clv_bound_violation(const struct clv_constraint *constraint,
                           double value);
int clv_bound_is_kept(const struct clv_constraint *constraint, double value);

/* True if the situation says how much memory there is. */
int clv_product_memory_is_bounded(const struct clv_product *product);

/* How the tasks' terms of a measure become one of all. */
enum clv_joining { CLV_JOIN_SUM, CLV_JOIN_MEAN, CLV_JOIN_RATIO };
enum clv_joining clv_joining_of(struct clv_measure measure);

/* Terms in order of tasks. The one way everything sums, so that sums are the
   same to the last bit. */
double clv_join(enum clv_joining joining, const double *terms, size_t count);

/*
 * Fills the part's list (menu.c). What is not allowed, and servers that
 * cannot be reached, are left out unless nothing would be left.
 */
cleave_status clv_menu_fill(struct clv_product *product, size_t task,
                            cleave_error *err);

#endif
