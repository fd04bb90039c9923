/*
 * carin_switch.c - what a warm switch costs, and how many inferences it
 * delays.
 *
 * The machine's files are made up: they tell of load by others that is not
 * there, and then is no more. So the manager switches back and forth, and
 * nothing but the switch itself can delay an inference. Tasks run without
 * pause.
 *
 * A switch can delay the inferences that are under way from its decision until
 * it is done, and each task's next one. Such an inference counts as delayed if
 * it took half as long again as the 95th percentile of its task before and
 * after, whichever is greater. The same is counted at moments without a switch,
 * for an inference can be slow for other reasons.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/wait.h"
#include "bench/carin_sections.h"
#include "bench/crew.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define COST_BAR_MS 1
#define DELAYED_BAR 1
#define CYCLES 6
#define NEAR_NS 200000000
#define SPAN_NS 800000000 /* before and after */
#define SETTLE_NS 4000000000
#define MOST 65536
#define SLOWER 1.5
#define STEP_NS 50000000
#define TICKS_PER_S 100

/* A machine whose files tell of so many busy cores. */
struct machine {
    char folder[CLV_PATH_MAX];
    _Atomic double busy_cores;
    atomic_int is_over;
    pthread_t thread;
};

/* -- A machine made up -- */

static void tell(const struct machine *m, double busy, double all)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    char path[CLV_PATH_MAX];
    char text[4096];
    clv_bytes bytes = {(const uint8_t *)text, 0};
    int length = snprintf(text, sizeof text, "cpu  %.0f 0 0 %.0f 0 0 0 0\n",
                          busy * TICKS_PER_S, (all - busy) * TICKS_PER_S);

    for (long i = 0; i < cores && i < 64; i++) {
        length += snprintf(text + length, sizeof text - (size_t)length,
                           "cpu%ld 0 0 0 0 0 0 0 0\n", i);
    }
    bytes.size = (size_t)length;
    stage_must(
        clv_path_print(path, sizeof path, &err, "%s/proc/stat", m->folder),
        &err, m->folder);
    stage_must(clv_file_write(path, bytes, &err), &err, path);
}

static void *pretend(void *self)
{
    struct machine *m = self;
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    double step = STEP_NS / 1e9;
    double busy = 1000;
    double all = 1e5;
    int64_t due_ns = tally_now_ns();

    while (!atomic_load(&m->is_over)) {
        tell(m, busy, all);
        due_ns += STEP_NS;
        clv_wait_until(due_ns);
        busy += step * atomic_load(&m->busy_cores);
        all += step * cores;
    }
    return NULL;
}

static void machine_start(struct machine *m, const struct usecase_world *w)
{
    *m = (struct machine){.busy_cores = 0};
    stage_must(clv_path_print(m->folder, sizeof m->folder, NULL,
                              "%s/made-up-machine", w->material.folder),
               NULL, "machine");
    crew_squeeze(m->folder, 0);
    tell(m, 1000, 1e5);
    stage_must(pthread_create(&m->thread, NULL, pretend, m) == 0 ? CLEAVE_OK
                                                                 : CLEAVE_LIMIT,
               NULL, "thread");
}

static void machine_stop(struct machine *m)
{
    atomic_store(&m->is_over, 1);
    pthread_join(m->thread, NULL);
}

/* -- Which state -- */

/* The load whose design is another than the calm one's; 0 if there is none. */
static double hogs_that_matter(const struct usecase_world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_switching *table;
    struct clv_state state;
    size_t calm;
    double found = 0;

    stage_must(clv_switching_new(&w->blueprint->options, &table, &err), &err,
               w->usecase->name);
    memset(&state, 0, sizeof state);
    for (size_t i = 0; i < CLV_SERVERS; i++) {
        state.link[i] = CLV_LINK_AWAY;
    }
    calm = clv_switching_find(table, clv_state_number(table, &state));
    for (uint8_t level = 1; level < table->levels[0]; level++) {
        state.load[0] = level;
        if (clv_switching_find(table, clv_state_number(table, &state)) !=
            calm) {
            found = table->hogs[level];
        }
    }
    clv_switching_free(table);
    return found;
}

/* -- Delays -- */

/* Of the records that began in this time. */
static double p95_within(const struct crew_member *m, int64_t from_ns,
                         int64_t to_ns)
{
    struct tally t;
    double p95;

    tally_init(&t, MOST);
    for (size_t i = 0; i < m->count; i++) {
        if (m->records[i].began_ns >= from_ns &&
            m->records[i].began_ns < to_ns) {
            tally_add(&t, (double)m->records[i].latency_ns);
        }
    }
    p95 = tally_rank(&t, 95);
    tally_fini(&t);
    return p95;
}

/* Of a task, between these moments and right after. */
static size_t delayed_of(const struct crew_member *m, int64_t from_ns,
                         int64_t to_ns)
{
    double before =
        p95_within(m, from_ns - NEAR_NS - SPAN_NS, from_ns - NEAR_NS);
    double after = p95_within(m, to_ns + NEAR_NS, to_ns + NEAR_NS + SPAN_NS);
    double usual = before > after ? before : after;
    size_t delayed = 0;

    for (size_t i = 0; i < m->count; i++) {
        const struct crew_record *r = &m->records[i];
        if (r->began_ns + r->latency_ns >= from_ns) {
            delayed += (double)r->latency_ns > SLOWER * usual;
            if (r->began_ns >= to_ns) {
                break;
            }
        }
    }
    return delayed;
}

static size_t delayed_at(const struct crew *c, int64_t from_ns, int64_t to_ns)
{
    size_t delayed = 0;

    for (size_t t = 0; t < c->count; t++) {
        delayed += delayed_of(&c->members[t], from_ns, to_ns);
    }
    return delayed;
}

/* When all were moved: nobody is told of the state, or of anything, before. */
static int64_t moved_ns(const struct crew *c, size_t event)
{
    return event > 0 && c->events[event - 1].kind == CLEAVE_EVENT_STATE
               ? c->events[event - 1].at_ns
               : c->events[event].at_ns;
}

static void put_rows(const struct crew *c, const struct usecase_world *w)
{
    struct tally cost;
    struct tally delayed;
    struct tally otherwise;
    json_t *context = tally_context();

    tally_init(&cost, CREW_EVENTS);
    tally_init(&delayed, CREW_EVENTS);
    tally_init(&otherwise, CREW_EVENTS);
    for (size_t i = 0; i < c->event_count; i++) {
        const struct crew_event *e = &c->events[i];
        if (e->kind == CLEAVE_EVENT_ADAPT) {
            int64_t from_ns = moved_ns(c, i) - e->cost_ns;
            tally_add(&cost, (double)e->cost_ns / 1e6);
            tally_add(&delayed, (double)delayed_at(c, from_ns, e->at_ns));
            tally_add(&otherwise, (double)delayed_at(c, from_ns - NEAR_NS,
                                                     e->at_ns - NEAR_NS));
        }
    }
    json_object_set_new(context, "use_case", json_string(w->usecase->name));
    tally_describe(context, "cost_ms", &cost);
    tally_describe(context, "delayed", &delayed);
    tally_describe(context, "delayed_without_a_switch", &otherwise);
    if (cost.count == 0) {
        json_decref(context);
        tally_skip("carin.switch", "a warm switch", "nothing was switched");
    } else {
        json_incref(context);
        tally_row("carin.switch",
                  "a warm switch of all tasks, from the decision until their "
                  "next inferences are elsewhere; of ten the slowest but one",
                  tally_rank(&cost, 90), "ms", COST_BAR_MS, context);
        tally_row("carin.switch.delayed",
                  "inferences of all tasks that a warm switch delays; of ten "
                  "switches the worst but one",
                  tally_rank(&delayed, 90), "inferences", DELAYED_BAR, context);
    }
    tally_fini(&cost);
    tally_fini(&delayed);
    tally_fini(&otherwise);
}

/* -- The section -- */

static void switch_often(const struct usecase_world *w, double hogs,
                         size_t cycles)
{
    struct crew *crew = calloc(1, sizeof *crew);
    struct machine machine;
    struct crew_wish wish = {.app = w->app, .manager = "table"};

    stage_must(crew != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "crew");
    machine_start(&machine, w);
    wish.machine = machine.folder;
    crew_open(crew, w, &wish);
    crew_start(crew);
    clv_wait_until(tally_now_ns() + SETTLE_NS);
    for (size_t i = 0; i < 2 * cycles; i++) {
        atomic_store(&machine.busy_cores, i % 2 == 0 ? hogs : 0);
        clv_wait_until(tally_now_ns() + SETTLE_NS);
    }
    crew_stop(crew);
    put_rows(crew, w);
    crew_close(crew);
    machine_stop(&machine);
    free(crew);
}

void section_switch(const char *data, const struct course_effort *effort)
{
    struct usecase_world w;
    double hogs = 0;

    for (size_t i = 0; i < USECASE_PAPER && hogs <= 0; i++) {
        /* The one with most tasks first. */
        usecase_open(&w, data, usecase_at(USECASE_PAPER - 1 - i), USECASE_HERE);
        hogs = hogs_that_matter(&w);
        if (hogs > 0) {
            switch_often(&w, hogs, effort->quick ? 1 : CYCLES);
        }
        usecase_close(&w);
    }
    if (hogs <= 0) {
        tally_skip("carin.switch", "a warm switch",
                   "load changes no design in any use case");
    }
}
