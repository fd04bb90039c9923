/*
 * trials.c - which tasks to try together on which engines, and in what order.
 *
 * Sets of all are as many as engines to the power of tasks; so what comes
 * first is what tells most, and the list may be cut off anywhere.
 */
#include "profile/trials.h"

struct list {
    uint32_t tasks;
    uint32_t engines;
    struct clv_trial *trials;
    size_t count;
    double possible;
};

/* False once there is no more room. */
static int add(struct list *l, const struct clv_trial *trial)
{
    if (l->count < CLV_TRIALS) {
        l->trials[l->count++] = *trial;
    }
    l->possible += 1;
    return l->count < CLV_TRIALS;
}

static struct clv_trial nobody(void)
{
    struct clv_trial trial = {.is_needed = 1};

    for (size_t i = 0; i < CLV_SEATS; i++) {
        trial.seats[i] = CLV_NO_SEAT;
    }
    return trial;
}

static void list_hogs(struct list *l)
{
    for (uint32_t i = 0; i < l->tasks; i++) {
        for (uint32_t e = 0; e < l->engines; e++) {
            struct clv_trial trial = nobody();
            trial.seats[i] = e;
            trial.is_of_hogs = 1;
            add(l, &trial);
        }
    }
}

/* All engines for two tasks; either the same one, or different ones. */
static void list_pair(struct list *l, uint32_t i, uint32_t j, int same)
{
    for (uint32_t a = 0; a < l->engines; a++) {
        for (uint32_t b = 0; b < l->engines; b++) {
            struct clv_trial trial = nobody();
            trial.seats[i] = a;
            trial.seats[j] = b;
            if ((a == b) == same) {
                add(l, &trial);
            }
        }
    }
}

static void list_pairs(struct list *l, int same)
{
    for (uint32_t i = 0; i < l->tasks; i++) {
        for (uint32_t j = i + 1; j < l->tasks; j++) {
            list_pair(l, i, j, same);
        }
    }
}

static int is_uniform(const struct clv_trial *trial, uint32_t tasks)
{
    for (uint32_t i = 1; i < tasks; i++) {
        if (trial->seats[i] != trial->seats[0]) {
            return 0;
        }
    }
    return 1;
}

/* The next tuple of engines, the last task's turning fastest. */
static int turn(struct clv_trial *trial, uint32_t tasks, uint32_t engines)
{
    for (uint32_t i = tasks; i-- > 0;) {
        if (++trial->seats[i] < engines) {
            return 1;
        }
        trial->seats[i] = 0;
    }
    return 0;
}

static void list_uniform(struct list *l)
{
    struct clv_trial trial = nobody();

    for (uint32_t e = 0; e < l->engines; e++) {
        for (uint32_t i = 0; i < l->tasks; i++) {
            trial.seats[i] = e;
        }
        add(l, &trial);
    }
}

static void list_tuples(struct list *l)
{
    struct clv_trial trial = nobody();
    double before = l->possible;
    double all = 1;
    int goes_on = l->engines > 0;

    trial.is_needed = 0;
    for (uint32_t i = 0; i < l->tasks; i++) {
        trial.seats[i] = 0;
        all *= l->engines;
    }
    while (goes_on) {
        goes_on = is_uniform(&trial, l->tasks) || add(l, &trial);
        goes_on = goes_on && turn(&trial, l->tasks, l->engines);
    }
    l->possible = before + all - l->engines;
}

size_t clv_trials_list(uint32_t tasks, uint32_t engines,
                       struct clv_trial *ret_trials, double *ret_possible)
{
    struct list l = {.tasks = tasks, .engines = engines, .trials = ret_trials};

    list_hogs(&l);
    list_pairs(&l, 1);
    list_pairs(&l, 0);
    if (tasks > 2) {
        list_uniform(&l);
        list_tuples(&l);
    }
    *ret_possible = l.possible;
    return l.count;
}
