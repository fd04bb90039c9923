/*
 * product.h - the designs of several tasks, in one situation.
 *
 * A task's configurations are its variants, each on each engine, in each
 * place: all on the device, cut somewhere, or all on a server (CARIn's, with
 * placement added). Which cut and packing an inner place has is the
 * scheduler's business (scheduler.h): the best by the task's SLO in this
 * situation. A design is one configuration of each task; designs are the
 * product of the tasks' lists, and numbered so: the last task's choice turns
 * fastest.
 *
 * What a design is worth is separable once it is known who sits where
 * (contention.h): each task's times are its own, stretched by an excess that
 * depends on the seats alone (stretched.h). A task presses by its duty: its
 * rate times the device time of the middle one of its configurations in that
 * seat. Accuracy counts as each task's SLO counts it. Its time alone, of
 * which ntt is a multiple, is that on an otherwise idle device; but lists are
 * made for a task alone with the situation's hogs.
 *
 * Servers that cannot be reached, and processors that are out of order, are
 * in no list either, unless a task would be left with nothing.
 *
 * A product belongs to one thread; it is made for one situation, and made
 * again for another. Spaces, contention and goals are borrowed.
 */
#ifndef CLV_PRODUCT_H
#define CLV_PRODUCT_H

#include "plan/conditions.h"
#include "plan/goals.h"
#include "profile/contention.h"

/* Configurations of one task at most. */
#define CLV_CONFIGS 4096

enum clv_place { CLV_PLACE_DEVICE, CLV_PLACE_CUT, CLV_PLACE_SERVER };

struct clv_config {
    size_t candidate; /* of the task's space */
    uint32_t variant;
    uint32_t engine;
    enum clv_place place;
    uint32_t server; /* of the options' servers, or CLV_NO_SERVER */
    uint32_t seat;   /* of the options' engines, or CLV_NO_SEAT: all on the
                        server */
};

/* Whether two configurations of a task run alike. All on a server, the engine
   stands for any. */
int clv_config_is_same(const struct clv_config *a, const struct clv_config *b);

/* What the world is like, as far as designs are chosen by it. */
struct clv_situation {
    struct clv_conditions conditions;
    uint32_t hogs;         /* busy threads of others */
    double memory_bytes;   /* designs above are out; INFINITY or 0:
                              there is no such bound */
    uint32_t out_of_order; /* processors not to be used: a bit each, see
                              clv_product_processors */
};

struct clv_product_task {
    const char *name;
    const struct clv_space *space;
    const struct clv_slo *slo;
    double rate_per_s; /* 0: without pause */
};

/* All is borrowed and must outlive the product. */
struct clv_product_options {
    const struct clv_product_task *tasks;
    size_t task_count;
    /* The application's engines: seats are their indices, in contention, too.
       Costs know engines by name; theirs may be fewer. */
    const char *const *engines;
    size_t engine_count;
    /* Likewise its servers, which a situation's conditions are numbered by; a
       task's costs may know fewer of them. */
    const char *const *servers;
    size_t server_count;
    const struct clv_goals *goals;
    const struct clv_contention *contention; /* NULL: none measured */
    struct clv_situation situation;
    int ignores_contention; /* each task as if it were alone */
};

struct clv_product;

/*
 * Makes the lists. A configuration that breaks a bound of its task even alone
 * is in no list, unless that leaves the task without any: then the task is
 * hopeless, and its configurations are those that come nearest.
 * CLEAVE_INVALID for a goal on what was never measured or declared (says how to
 * declare energy), CLEAVE_LIMIT, CLEAVE_MEMORY.
 */
cleave_status clv_product_new(const struct clv_product_options *options,
                              struct clv_product **ret_product,
                              cleave_error *err);

/* Takes NULL. */
void clv_product_free(struct clv_product *product);

const struct clv_product_options *clv_product_options_of(
    const struct clv_product *product);

/* A task's list. Borrowed. */
const struct clv_config *clv_product_configs(const struct clv_product *product,
                                             size_t task, size_t *ret_count);

/* How many designs; INFINITY only where a double has no room. */
double clv_product_size(const struct clv_product *product);

/* Between a design's number and its choices, one index a task. */
void clv_product_choice(const struct clv_product *product, uint64_t design,
                        uint32_t *ret_choice);
uint64_t clv_product_number(const struct clv_product *product,
                            const uint32_t *choice);

/* The value of a measure, of one task or of all, in its base unit;
   CLV_UNKNOWN where a part was never measured. */
double clv_product_value(const struct clv_product *product,
                         const uint32_t *choice, uint32_t task,
                         struct clv_measure measure);

/* Of the device, all tasks together. */
double clv_product_memory(const struct clv_product *product,
                          const uint32_t *choice);
double clv_product_workload(const struct clv_product *product,
                            const uint32_t *choice);

/* Which processors compute on this device: a bit for each scheme of the
   engines' names ("cpu", "webgpu"), in order of appearance. */
uint32_t clv_product_processors(const struct clv_product *product,
                                const uint32_t *choice);

/*
 * How far a design is from keeping all bounds and the situation's: 0 if it
 * keeps them, else the worst ratio of value to bound, less 1. `ret_bound` (may
 * be NULL) tells which of the goals' bounds, or -1 for the situation's.
 */
double clv_product_violation(const struct clv_product *product,
                             const uint32_t *choice, int *ret_bound);

#endif
