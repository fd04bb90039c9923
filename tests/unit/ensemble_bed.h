/*
 * ensemble_bed.h - two tasks under one manager, on a made-up machine.
 *
 *     design   task "test"          task "text"      wanted when
 *     0        chain, slow          twin, slow       all is calm
 *     1        chain, slower        twin, slower     others keep a core busy
 *     2        twin, slow           twin, slow       memory is short
 *
 * Task "test" has a real server in another process, as runner_bed.h has it;
 * states do not depend on it. The machine has two cores, and does what
 * files say, which the test writes.
 */
#ifndef ENSEMBLE_BED_H
#define ENSEMBLE_BED_H

#include <math.h>

#include "posts_bed.h"
#include "run/ensembling.h"

#define BED_TASKS 2

struct ensemble_bed {
    struct posts_bed *posts;
    struct clv_app_task tasks[BED_TASKS];
    struct clv_app_variant variant; /* of the second task */
    struct clv_designs second;
    struct clv_application application;
    struct clv_blueprint blueprint;
    char machine[128];
    double busy_ticks;
    double idle_ticks;
    double others; /* cores that are busy */
    cleave_ensemble *ensemble;

    pthread_mutex_t lock; /* guards what follows */
    int events[CLEAVE_EVENT_COUNT];
    char reason[CLEAVE_EVENT_COUNT][600]; /* of the last of a kind */
    char from[CLEAVE_EVENT_COUNT][600];
    char to[CLEAVE_EVENT_COUNT][600];
    char state[CLEAVE_EVENT_COUNT][300];
    char task[CLEAVE_EVENT_COUNT][64];
    int64_t cost_ns;
};

/* -- The machine -- */

static inline void ensemble_bed_says(struct ensemble_bed *b, const char *name,
                                     const char *text)
{
    char path[CLV_PATH_MAX];
    char folder[CLV_PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", b->machine, name);
    snprintf(folder, sizeof folder, "%s/%s", b->machine, name);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(clv_folder_make(folder, NULL), CLEAVE_OK);
    assert_int_equal(
        clv_file_write(path, (clv_bytes){(const uint8_t *)text, strlen(text)},
                       NULL),
        CLEAVE_OK);
}

/* A tenth of a second passes on it. */
static inline void ensemble_bed_pass(struct ensemble_bed *b)
{
    char text[128];

    b->busy_ticks += 10 * b->others;
    b->idle_ticks += 10 * (2 - b->others);
    snprintf(text, sizeof text, "cpu  %.0f 0 0 %.0f 0\ncpu0 0\ncpu1 0\n",
             b->busy_ticks, b->idle_ticks);
    ensemble_bed_says(b, "proc/stat", text);
}

static inline void ensemble_bed_memory(struct ensemble_bed *b, int free_percent)
{
    char text[128];

    snprintf(text, sizeof text, "MemTotal: 100 kB\nMemAvailable: %d kB\n",
             free_percent);
    ensemble_bed_says(b, "proc/meminfo", text);
}

static inline void ensemble_bed_machine(struct ensemble_bed *b)
{
    static const char *const calm[][2] = {
        {"proc/self/cgroup", "0::/\n1:memory:/\n"},
        {"proc/pressure/memory", "some avg10=0.00\n"},
        {"sys/fs/cgroup/memory.max", "max\n"},
        {"sys/fs/cgroup/memory.pressure", "some avg10=0.00\n"},
        {"sys/fs/cgroup/unified/memory.max", "max\n"},
        {"sys/fs/cgroup/unified/memory.pressure", "some avg10=0.00\n"},
        {"sys/fs/cgroup/memory/memory.limit_in_bytes", "0\n"},
    };

    snprintf(b->machine, sizeof b->machine, "%s/machine",
             b->posts->bed->there.folder);
    for (size_t i = 0; i < sizeof calm / sizeof calm[0]; i++) {
        ensemble_bed_says(b, calm[i][0], calm[i][1]);
    }
    ensemble_bed_memory(b, 50);
    ensemble_bed_pass(b);
}

/* -- What there is to choose from -- */

static inline struct clv_config ensemble_bed_config(
    const struct clv_designs *designs, uint32_t variant, uint32_t engine)
{
    const struct clv_space *s = &designs->space;
    struct clv_config c = {.variant = variant,
                           .engine = engine,
                           .place = CLV_PLACE_DEVICE,
                           .server = CLV_NO_SERVER,
                           .seat = engine};

    while (s->candidates[c.candidate].variant != variant ||
           s->candidates[c.candidate].engine != engine ||
           s->candidates[c.candidate].server != CLV_NO_SERVER) {
        c.candidate++;
        assert_true(c.candidate < s->count);
    }
    return c;
}

static inline struct clv_switching *ensemble_bed_table(struct ensemble_bed *b,
                                                       size_t tasks)
{
    struct clv_switching *t = calloc(1, sizeof *t);
    const struct clv_designs *first = &b->posts->bed->designs;

    *t = (struct clv_switching){.tasks = tasks,
                                .processors = 1,
                                .names = {"cpu"},
                                .levels = {2},
                                .hogs = {0, 1},
                                .kept_count = 3,
                                .paper_count = 3,
                                .state_count = 4};
    t->entries = calloc(t->state_count, sizeof *t->entries);
    t->kept[0].configs[0] = ensemble_bed_config(first, 0, 0);
    t->kept[1].configs[0] = ensemble_bed_config(first, 0, 1);
    t->kept[2].configs[0] = ensemble_bed_config(first, 1, 0);
    for (size_t i = 0; i < 3; i++) {
        t->kept[i].configs[1] = ensemble_bed_config(&b->second, 0, i == 1);
    }
    for (size_t i = 0; i < t->state_count; i++) { /* the twin twice fits */
        t->entries[i].memory_bytes = i % 2 == 0 ? INFINITY : 1.6e6;
    }
    t->entries[0].design = 0; /* load 0, memory calm */
    t->entries[1].design = 2;
    t->entries[2].design = 1;
    t->entries[3].design = 2;
    return t;
}

/* The second task: the twin on both engines, all here. */
static inline void ensemble_bed_second(struct ensemble_bed *b)
{
    struct clv_costs *costs = &b->second.costs;
    struct clv_power power = {CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};
    struct clv_cost_variant twin = {.name = (char *)(uintptr_t)"twin",
                                    .metric = (char *)(uintptr_t)"cosine",
                                    .score = 1,
                                    .score_low = 1,
                                    .score_high = 1};
    struct clv_cost_cut cut = {.tensors = 1,
                               .name = (char *)(uintptr_t)"output",
                               .head_share = 1,
                               .raw_bytes = sizeof b->posts->bed->data};
    uint32_t at;

    clv_costs_init(costs);
    assert_int_equal(clv_costs_engine(costs, BED_ENGINE, &at, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_engine(costs, BED_SLOWER, &at, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_variant(costs, &twin, &at, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_cut(costs, &cut, &at, NULL), CLEAVE_OK);
    for (uint32_t engine = 0; engine < 2; engine++) {
        struct clv_cost_head head = {.engine = engine,
                                     .time_ns = runner_bed_time(4.5e6),
                                     .finish_ns = runner_bed_time(1),
                                     .memory_bytes = 1e6,
                                     .energy_j = CLV_UNKNOWN};
        assert_int_equal(clv_costs_head(costs, &head, NULL), CLEAVE_OK);
    }
    assert_int_equal(clv_space_init(&b->second.space, costs, &power, NULL),
                     CLEAVE_OK);
}

static inline void ensemble_bed_blueprint(struct ensemble_bed *b)
{
    struct runner_bed *r = b->posts->bed;

    b->variant = b->posts->variants[1];
    b->tasks[0] = r->task;
    b->tasks[0].priority = 1;
    b->tasks[1] = (struct clv_app_task){.name = (char *)(uintptr_t)"text",
                                        .variants = &b->variant,
                                        .variant_count = 1,
                                        .slo = clv_slo_default(),
                                        .priority = 2};
    b->application = r->application;
    b->application.tasks = b->tasks;
    b->application.task_count = BED_TASKS;
    r->designs.application = b->second.application = &b->application;
    r->designs.task = &b->tasks[0];
    b->second.task = &b->tasks[1];
    runner_bed_design(r);
    ensemble_bed_second(b);
    clv_contention_init(&b->blueprint.contention);
    assert_int_equal(clv_goals_init(&b->blueprint.goals,
                                    (const struct clv_slo *const[]){
                                        &b->tasks[0].slo, &b->tasks[1].slo},
                                    BED_TASKS, NULL, NULL),
                     CLEAVE_OK);
    b->blueprint.application = &b->application;
    b->blueprint.designs[0] = &r->designs;
    b->blueprint.designs[1] = &b->second;
    b->blueprint.server_names[0] = b->application.servers[0].name;
    for (size_t i = 0; i < BED_TASKS; i++) {
        b->blueprint.task_names[i] = b->tasks[i].name;
        b->blueprint.tasks[i] =
            (struct clv_product_task){.name = b->tasks[i].name,
                                      .space = &b->blueprint.designs[i]->space,
                                      .slo = &b->tasks[i].slo};
    }
    b->blueprint.options.product = (struct clv_product_options){
        .tasks = b->blueprint.tasks,
        .task_count = BED_TASKS,
        .engines = (const char *const *)b->application.engines,
        .engine_count = b->application.engine_count,
        .servers = b->blueprint.server_names,
        .server_count = 1,
        .goals = &b->blueprint.goals,
        .contention = &b->blueprint.contention,
        .situation = {.conditions = clv_conditions_reference(1),
                      .memory_bytes = INFINITY}};
}

/* -- The bed -- */

static inline void ensemble_bed_note(char *into, size_t size, const char *text)
{
    snprintf(into, size, "%s", text != NULL ? text : "");
}

static inline void ensemble_bed_told(void *self, const cleave_event *event)
{
    struct ensemble_bed *b = self;
    int k = (int)event->kind;

    pthread_mutex_lock(&b->lock);
    b->events[k]++;
    ensemble_bed_note(b->reason[k], sizeof b->reason[k], event->reason);
    ensemble_bed_note(b->from[k], sizeof b->from[k], event->from);
    ensemble_bed_note(b->to[k], sizeof b->to[k], event->to);
    ensemble_bed_note(b->state[k], sizeof b->state[k], event->state);
    ensemble_bed_note(b->task[k], sizeof b->task[k], event->task);
    b->cost_ns =
        event->kind == CLEAVE_EVENT_ADAPT ? event->cost_ns : b->cost_ns;
    pthread_mutex_unlock(&b->lock);
    if (getenv("BED_TALKS") != NULL) {
        fprintf(stderr, "%9.3f s %-9s %s: %s | %s -> %s (%s, %.3f ms)\n",
                (double)event->at_ns / 1e9, cleave_event_name(event->kind),
                event->task != NULL ? event->task : "all",
                event->reason != NULL ? event->reason : "",
                event->from != NULL ? event->from : "",
                event->to != NULL ? event->to : "",
                event->state != NULL ? event->state : "",
                (double)event->cost_ns / 1e6);
    }
}

static inline int ensemble_bed_events(struct ensemble_bed *b,
                                      cleave_event_kind kind)
{
    int count;

    pthread_mutex_lock(&b->lock);
    count = b->events[kind];
    pthread_mutex_unlock(&b->lock);
    return count;
}

static inline struct ensemble_bed *ensemble_bed_new(void)
{
    struct ensemble_bed *b = calloc(1, sizeof *b);

    b->posts = posts_bed_new();
    pthread_mutex_init(&b->lock, NULL);
    ensemble_bed_machine(b);
    ensemble_bed_blueprint(b);
    return b;
}

static inline cleave_status ensemble_bed_try(struct ensemble_bed *b,
                                             const char *manager, size_t tasks,
                                             cleave_error *err)
{
    cleave_ensemble_options o = CLEAVE_ENSEMBLE_OPTIONS_INIT;

    o.cache = b->posts->bed->cache;
    o.manager = manager;
    o.in_flight = 2;
    o.machine = b->machine;
    o.on_event = ensemble_bed_told;
    o.event_self = b;
    b->application.task_count = tasks;
    return clv_ensemble_open(&b->blueprint, ensemble_bed_table(b, tasks), &o,
                             &b->ensemble, err);
}

static inline void ensemble_bed_open(struct ensemble_bed *b,
                                     const char *manager, size_t tasks)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    if (ensemble_bed_try(b, manager, tasks, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static inline void ensemble_bed_free(struct ensemble_bed *b)
{
    cleave_ensemble_close(b->ensemble);
    b->application.task_count = BED_TASKS;
    clv_space_fini(&b->second.space);
    clv_costs_fini(&b->second.costs);
    pthread_mutex_destroy(&b->lock);
    posts_bed_free(b->posts);
    free(b);
}

/* -- What happens -- */

/* One inference of a task, which must be answered, and rightly. 1: on the
   server, 0: here, -1: finished here. */
static inline int ensemble_bed_infer(struct ensemble_bed *b, size_t task)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r = NULL;
    int where;

    if (cleave_runner_infer(cleave_ensemble_runner(b->ensemble, task),
                            &b->posts->bed->input, 1, &r, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    runner_bed_check(b->posts->bed, r, 0.3f);
    where = r->finish_ns > 0 ? -1 : r->tail_ns > 0;
    cleave_result_free(r);
    return where;
}

/* All tasks infer and the machine's time passes until there were so many
   events of a kind. */
static inline void ensemble_bed_until(struct ensemble_bed *b,
                                      cleave_event_kind kind, int count)
{
    int64_t end = clv_clock_now_ns(clv_clock_machine()) + BED_PATIENCE_NS;

    while (ensemble_bed_events(b, kind) < count) {
        ensemble_bed_pass(b);
        for (size_t i = 0; i < cleave_ensemble_count(b->ensemble); i++) {
            (void)ensemble_bed_infer(b, i);
        }
        if (clv_clock_now_ns(clv_clock_machine()) > end) {
            fail_msg("No event '%s', whatever the patience.",
                     cleave_event_name(kind));
        }
    }
}

/* The variant and the engine that a task's next inference takes, as
   10 * variant + engine. */
static inline int ensemble_bed_next(struct ensemble_bed *b, size_t task)
{
    cleave_runner *r = cleave_ensemble_runner(b->ensemble, task);
    struct clv_decision d;

    assert_int_equal(clv_deciding_take(r, &d, NULL), CLEAVE_OK);
    clv_fleet_give(r->fleet, d.berth);
    return (int)(10 * d.candidate->variant + d.candidate->engine);
}

#endif
