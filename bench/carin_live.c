/*
 * carin_live.c - an application on a device that gets into trouble: how often
 * its SLOs are broken with the manager, without, and with OODIn.
 *
 *     calm        nothing else runs
 *     loaded      a busy process for each core, not ours
 *     recovering  nothing else runs
 *     squeezed    memory is short, as the machine's files tell; then calm again
 *
 * The three managers go through the same schedule in turns, each time in a
 * process of its own. An inference breaks an SLO if it takes longer than its
 * task's bound on latency, or if memory is short and the designs that run need
 * more of it than there is for them: as much as the tenth of designs with the
 * least memory need, which is what the table knows. The squeeze is emulated:
 * nothing is swapped, so it is the designs' measured memory that counts.
 *
 * All tasks have one bound on latency: three times what the slowest of them
 * takes at the 95th percentile, in the calm, with RASS's best design and at
 * these rates, by the profile. So the machine's speed does not matter to what
 * this shows, and no bound is below the time that a kernel lets others run
 * before it turns to whoever has waited.
 *
 * Time to adapt is from the trouble's beginning until the last change of
 * designs is done that it causes in the first seconds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/wait.h"
#include "bench/apart.h"
#include "bench/carin_sections.h"
#include "bench/crew.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define ROUNDS 3
#define USECASE "camera"
#define SLACK 3 /* of the bound, over the calm */
#define CYCLES 2
#define SETTLE_NS 2000000000
#define SOON_NS 3500000000
#define SQUEEZE 0.4 /* of the time is lost */

enum phase { CALM, LOADED, RECOVERING, SQUEEZED, PHASES };
enum mode { TABLE, NONE, OODIN, MODES };

static const char *const phase_names[] = {"calm", "loaded", "recovering",
                                          "squeezed"};
static const char *const mode_names[] = {"table", "none", "oodin"};
static const double phase_s[] = {4, 4, 4, 4};
/* Not in step, as sources of their own are not. */
static const double rates_per_s[] = {20, 17, 23};

/* What a phase of one run gave; no pointers (apart.h). */
struct outcome {
    size_t inferences[USECASE_TASKS];
    size_t late[USECASE_TASKS];
    size_t cramped; /* of all tasks' */
    size_t broken;  /* late or cramped, of all tasks' */
    double resident_bytes;
    double adapted_ms[CYCLES]; /* 0: nothing was changed soon */
    size_t adaptations;
};

struct run_result {
    struct outcome phases[PHASES];
    char notice[256];
};

struct live_run {
    const struct usecase_world *world;
    enum mode mode;
    double memory_bytes; /* what there is when it is short */
    double bounds_ns[USECASE_TASKS];
    size_t hogs;
    double scale; /* of the phases' times */
};

/* -- One run -- */

static void count_records(const struct live_run *r, struct crew *c,
                          enum phase p, int64_t from_ns, int64_t to_ns,
                          struct outcome *o)
{
    for (size_t t = 0; t < c->count; t++) {
        const struct crew_member *m = &c->members[t];
        for (size_t i = 0; i < m->count; i++) {
            const struct crew_record *x = &m->records[i];
            int late = (double)x->latency_ns > r->bounds_ns[t];
            int cramped = p == SQUEEZED && x->memory_bytes > r->memory_bytes;
            if (x->began_ns < from_ns || x->began_ns >= to_ns) {
                continue;
            }
            o->inferences[t]++;
            o->late[t] += (size_t)late;
            o->cramped += (size_t)cramped;
            o->broken += (size_t)(late || cramped);
        }
    }
}

static void count_events(const struct crew *c, int64_t from_ns, int64_t to_ns,
                         size_t cycle, struct outcome *o)
{
    for (size_t i = 0; i < c->event_count; i++) {
        const struct crew_event *e = &c->events[i];
        if (e->kind != CLEAVE_EVENT_ADAPT || e->at_ns < from_ns ||
            e->at_ns >= to_ns) {
            continue;
        }
        o->adaptations++;
        if (e->at_ns - from_ns < SOON_NS) {
            o->adapted_ms[cycle] = (double)(e->at_ns - from_ns) / 1e6;
        }
    }
}

static void befall(enum phase p, const struct live_run *r, const char *machine,
                   struct crew_hogs *hogs)
{
    crew_hogs_stop(hogs);
    crew_squeeze(machine, p == SQUEEZED ? SQUEEZE : 0);
    if (p == LOADED) {
        crew_hogs_start(hogs, r->hogs);
    }
}

static void go_through(const struct live_run *r, struct crew *c,
                       const char *machine, struct run_result *result)
{
    struct crew_hogs hogs = {.count = 0};
    int64_t moments_ns[CYCLES * PHASES + 1];

    crew_start(c);
    clv_wait_until(tally_now_ns() + SETTLE_NS);
    for (size_t i = 0; i < CYCLES * PHASES; i++) {
        enum phase p = (enum phase)(i % PHASES);
        cleave_ensemble_status status;
        moments_ns[i] = tally_now_ns();
        befall(p, r, machine, &hogs);
        clv_wait_until(moments_ns[i] + (int64_t)(phase_s[p] * r->scale * 1e9));
        cleave_ensemble_look(c->ensemble, &status);
        result->phases[p].resident_bytes = (double)status.resident_bytes;
    }
    moments_ns[CYCLES * PHASES] = tally_now_ns();
    crew_stop(c);
    for (size_t i = 0; i < CYCLES * PHASES; i++) {
        struct outcome *o = &result->phases[i % PHASES];
        count_records(r, c, (enum phase)(i % PHASES), moments_ns[i],
                      moments_ns[i + 1], o);
        count_events(c, moments_ns[i], moments_ns[i + 1], i / PHASES, o);
    }
}

static void live(void *self, size_t index, void *result)
{
    const struct live_run *r = self;
    struct run_result *into = result;
    struct crew *crew = calloc(1, sizeof *crew);
    char machine[CLV_PATH_MAX];
    struct crew_wish wish = {.app = r->world->app,
                             .manager = mode_names[r->mode],
                             .machine = machine,
                             .rates_per_s = rates_per_s};
    const char *notice;

    (void)index;
    stage_must(crew != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "crew");
    stage_must(clv_path_print(machine, sizeof machine, NULL, "%s/machine",
                              r->world->material.folder),
               NULL, "machine");
    crew_squeeze(machine, 0);
    crew_open(crew, r->world, &wish);
    notice = cleave_ensemble_notice(crew->ensemble);
    snprintf(into->notice, sizeof into->notice, "%s",
             notice != NULL ? notice : "");
    go_through(r, crew, machine, into);
    crew_close(crew);
    free(crew);
}

/* -- All runs -- */

struct live_totals {
    size_t inferences;
    size_t broken;
    size_t late[PHASES];
    size_t adaptations[PHASES];
    size_t cramped;
    struct tally shares; /* of each run; percent */
    struct tally adapted_ms[PHASES];
    struct tally resident_mb[PHASES];
    size_t runs;
};

static void add_run(struct live_totals *t, const struct run_result *r)
{
    size_t inferences = 0;
    size_t broken = 0;

    for (size_t p = 0; p < PHASES; p++) {
        const struct outcome *o = &r->phases[p];
        for (size_t k = 0; k < USECASE_TASKS; k++) {
            inferences += o->inferences[k];
            t->late[p] += o->late[k];
        }
        broken += o->broken;
        t->cramped += o->cramped;
        t->adaptations[p] += o->adaptations;
        for (size_t i = 0; i < CYCLES; i++) {
            if (o->adapted_ms[i] > 0) {
                tally_add(&t->adapted_ms[p], o->adapted_ms[i]);
            }
        }
        tally_add(&t->resident_mb[p], o->resident_bytes / 1e6);
    }
    t->inferences += inferences;
    t->broken += broken;
    tally_add(&t->shares, 100 * (double)broken / (double)inferences);
    t->runs++;
}

static void totals_init(struct live_totals *t)
{
    *t = (struct live_totals){0};
    tally_init(&t->shares, ROUNDS);
    for (size_t p = 0; p < PHASES; p++) {
        tally_init(&t->adapted_ms[p], ROUNDS * CYCLES);
        tally_init(&t->resident_mb[p], ROUNDS);
    }
}

static void totals_fini(struct live_totals *t)
{
    tally_fini(&t->shares);
    for (size_t p = 0; p < PHASES; p++) {
        tally_fini(&t->adapted_ms[p]);
        tally_fini(&t->resident_mb[p]);
    }
}

static json_t *told_of(struct live_totals *t)
{
    json_t *told = json_pack(
        "{s:I, s:I, s:I}", "inferences", (json_int_t)t->inferences, "broken",
        (json_int_t)t->broken, "for_want_of_memory", (json_int_t)t->cramped);

    for (size_t p = 0; p < PHASES; p++) {
        json_t *phase =
            json_pack("{s:I, s:I, s:f}", "late", (json_int_t)t->late[p],
                      "adaptations", (json_int_t)t->adaptations[p],
                      "resident_mb", tally_median(&t->resident_mb[p]));
        if (t->adapted_ms[p].count > 0) {
            tally_describe(phase, "adapted_ms", &t->adapted_ms[p]);
        }
        json_object_set_new(told, phase_names[p], phase);
    }
    tally_describe(told, "percent_of_a_run", &t->shares);
    return told;
}

static double share_of(const struct live_totals *t)
{
    return 100 * (double)t->broken / (double)(t->inferences + 1);
}

static json_t *context_of(const struct live_run *r, struct live_totals *totals)
{
    json_t *context = tally_context();

    json_object_set_new(context, "use_case",
                        json_string(r->world->usecase->name));
    json_object_set_new(context, "runs_each",
                        json_integer((json_int_t)totals[TABLE].runs));
    json_object_set_new(context, "busy_processes",
                        json_integer((json_int_t)r->hogs));
    json_object_set_new(context, "memory_when_short_mb",
                        json_real(r->memory_bytes / 1e6));
    for (size_t t = 0; t < USECASE_TASKS; t++) {
        char name[64];
        snprintf(name, sizeof name, "%s_bound_ms",
                 r->world->usecase->tasks[t].name);
        json_object_set_new(context, name, json_real(r->bounds_ns[t] / 1e6));
    }
    for (size_t m = 0; m < MODES; m++) {
        json_object_set_new(context, mode_names[m], told_of(&totals[m]));
    }
    return context;
}

static void put_adapted(struct live_totals *totals, enum phase p)
{
    static const char what[] =
        "time from the trouble's beginning until the table's design runs";
    json_t *context = tally_context();
    char id[64];

    snprintf(id, sizeof id, "carin.live.adapt_%s", phase_names[p]);
    if (totals[TABLE].adapted_ms[p].count == 0) {
        json_decref(context);
        tally_skip(id, what, "the table had nothing to change");
        return;
    }
    tally_describe(context, "table_ms", &totals[TABLE].adapted_ms[p]);
    tally_describe(context, "oodin_ms", &totals[OODIN].adapted_ms[p]);
    tally_row(id, what, tally_median(&totals[TABLE].adapted_ms[p]), "ms", 0,
              context);
}

/* What keeping designs ready costs, and what is given back. */
static void put_resident(struct live_totals *totals)
{
    json_t *context = tally_context();

    for (size_t m = 0; m < MODES; m++) {
        for (size_t p = RECOVERING; p <= SQUEEZED; p++) {
            char name[64];
            snprintf(name, sizeof name, "%s_%s_mb", mode_names[m],
                     phase_names[p]);
            json_object_set_new(
                context, name,
                json_real(tally_median(&totals[m].resident_mb[p])));
        }
    }
    tally_row("carin.live.resident_squeezed",
              "memory that the process has when memory is short, with the "
              "table",
              tally_median(&totals[TABLE].resident_mb[SQUEEZED]), "MB", 0,
              context);
}

static void put_rows(const struct live_run *r, struct live_totals *totals)
{
    static const char what[] =
        "inferences that break an SLO under overload and want of memory: "
        "with the table, over that of its rival";

    for (size_t m = NONE; m < MODES; m++) {
        char id[64];
        snprintf(id, sizeof id, "carin.live.%s", mode_names[m]);
        tally_row(id, what,
                  share_of(&totals[TABLE]) / (share_of(&totals[m]) + 1e-9), "x",
                  0.999, context_of(r, totals));
    }
    for (size_t p = LOADED; p < PHASES; p += 2) {
        put_adapted(totals, (enum phase)p);
    }
    put_resident(totals);
}

/* The use case at the rates of these runs, and within the bounds, where there
   are any. */
static void refine(const struct live_run *r, struct usecase_world *w)
{
    char lines[USECASE_TASKS][128];
    const char *more[USECASE_TASKS];
    char path[CLV_PATH_MAX];

    for (size_t t = 0; t < USECASE_TASKS; t++) {
        int length = 0;
        if (r->bounds_ns[t] > 0) {
            length = snprintf(lines[t], sizeof lines[t],
                              "      - latency.p95 <= %.0fus\n",
                              r->bounds_ns[t] / 1e3);
        }
        snprintf(lines[t] + length, sizeof lines[t] - (size_t)length,
                 "    rate: %.0f/s\n", rates_per_s[t]);
        more[t] = lines[t];
    }
    stage_must(clv_path_print(path, sizeof path, NULL, "%s/live.yaml",
                              w->material.folder),
               NULL, "live");
    usecase_refine(w, path, more);
}

/* Bounds as this machine can keep them while nothing troubles it. */
static void set_bounds(struct live_run *r, struct usecase_world *w)
{
    const struct clv_measure p95 = {CLV_METRIC_LATENCY, CLV_STATISTIC_P95};
    cleave_error err = CLEAVE_ERROR_INIT;
    uint32_t choice[CLV_SEATS];
    struct clv_product *product;
    struct clv_rass rass;

    double slowest = 0;

    refine(r, w);
    stage_must(clv_product_new(&w->blueprint->options.product, &product, &err),
               &err, w->app);
    stage_must(clv_rass_solve(product, &rass, &err), &err, w->app);
    clv_product_choice(product, rass.kept[0].design, choice);
    for (uint32_t t = 0; t < w->application->task_count; t++) {
        slowest = fmax(slowest, clv_product_value(product, choice, t, p95));
    }
    for (size_t t = 0; t < USECASE_TASKS; t++) {
        r->bounds_ns[t] = SLACK * slowest;
    }
    clv_product_free(product);
    refine(r, w);
}

static double memory_when_short(const struct usecase_world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_switching *table;
    double bytes;

    stage_must(clv_switching_new(&w->blueprint->options, &table, &err), &err,
               w->usecase->name);
    bytes = table->memory_short_bytes;
    clv_switching_free(table);
    return bytes;
}

void section_live(const char *data, const struct course_effort *effort)
{
    struct usecase_world w;
    struct live_totals totals[MODES];
    struct live_run r = {.world = &w,
                         .hogs = (size_t)sysconf(_SC_NPROCESSORS_ONLN),
                         .scale = effort->quick ? 0.3 : 1};

    usecase_open(&w, data, usecase_find(USECASE), USECASE_HERE);
    set_bounds(&r, &w);
    r.memory_bytes = memory_when_short(&w);
    for (size_t m = 0; m < MODES; m++) {
        totals_init(&totals[m]);
    }
    for (size_t i = 0; i < (effort->quick ? 1 : ROUNDS) * MODES; i++) {
        struct apart *apart;
        r.mode = (enum mode)(i % MODES);
        apart = apart_run(1, sizeof(struct run_result), live, &r);
        apart_must(apart);
        add_run(&totals[r.mode], apart_result(apart, 0));
        apart_free(apart);
    }
    put_rows(&r, totals);
    for (size_t m = 0; m < MODES; m++) {
        totals_fini(&totals[m]);
    }
    usecase_close(&w);
}
