/*
 * carin_states.c - the switching table of each use case: how good its design
 * is in every state, what it keeps, and how long a look-up takes.
 *
 * In each state of the table the application is solved afresh, by RASS in the
 * product of that state, and the table's design is rated by that solution's
 * yardstick. This goes by the kept designs themselves (variant, engine, place,
 * server), not by what the table says of its own shares. A state in which no
 * design keeps all bounds has no optimality; such states are counted apart.
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "bench/carin_sections.h"
#include "bench/stage.h"
#include "bench/tally.h"
#include "bench/usecase.h"

#define SHARE_BAR 98 /* % */
#define LOOKUP_BAR_NS 100
#define LOOKUPS 200000
#define BATCHES 31
#define LOOKED_AT 4096

/* What the states of one use case, or of all, gave. */
struct shares {
    struct tally percent;
    size_t hopeless; /* states in which nothing keeps the bounds */
    json_t *worst;   /* the state of the least share */
    double least;
};

static void shares_init(struct shares *s)
{
    *s = (struct shares){.least = 1e300, .worst = NULL};
    tally_init(&s->percent, 5 * CLV_TABLE_STATES);
}

static void shares_fini(struct shares *s)
{
    tally_fini(&s->percent);
    json_decref(s->worst);
}

static void shares_add(struct shares *s, double percent, json_t *state)
{
    tally_add(&s->percent, percent);
    if (percent < s->least) {
        s->least = percent;
        json_decref(s->worst);
        s->worst = json_incref(state);
    }
}

static double mean_of(const struct tally *t)
{
    double sum = 0;

    for (size_t i = 0; i < t->count; i++) {
        sum += t->values[i];
    }
    return t->count > 0 ? sum / (double)t->count : 0;
}

/* -- Rating -- */

static struct clv_switching *table_of(const struct usecase_world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_switching *table;

    stage_must(clv_switching_new(&w->blueprint->options, &table, &err), &err,
               w->usecase->name);
    stage_must(clv_switching_check(table, &w->blueprint->options, &err), &err,
               w->usecase->name);
    return table;
}

/* A kept configuration in a state's list: itself, or else what a runner does
   whose server is away: the same network elsewhere, at home if that can be. */
static uint32_t seek(const struct clv_product *product, size_t task,
                     const struct clv_config *want)
{
    size_t count;
    const struct clv_config *list = clv_product_configs(product, task, &count);
    uint32_t found = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        int alike =
            list[i].variant == want->variant && list[i].engine == want->engine;
        if (alike && list[i].place == want->place &&
            list[i].server == want->server) {
            return i;
        }
        if (alike &&
            (found == UINT32_MAX || list[i].place == CLV_PLACE_DEVICE)) {
            found = i;
        }
    }
    return found;
}

/* The table's design in this state as a share of the best there; below 0 if
   nothing keeps the bounds there. */
static double rate(const struct clv_switching *table, size_t state,
                   const struct clv_product *product)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const struct clv_kept *kept =
        &table->kept[clv_switching_find(table, state)];
    uint32_t choice[CLV_SEATS];
    struct clv_rass fresh;
    cleave_status status = clv_rass_solve(product, &fresh, &err);

    if (status == CLEAVE_NOT_FOUND) {
        return -1;
    }
    stage_must(status, &err, "a state");
    for (size_t t = 0; t < table->tasks; t++) {
        choice[t] = seek(product, t, &kept->configs[t]);
        if (choice[t] == UINT32_MAX) {
            return 0;
        }
    }
    if (clv_product_violation(product, choice, NULL) > 0) {
        return 0;
    }
    return 100 * clv_rass_rate(&fresh, product, choice) /
           fresh.kept[0].optimality;
}

static void rate_all(const struct usecase_world *w,
                     const struct clv_switching *table, struct shares *own,
                     struct shares *all)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_product_options options = w->blueprint->options.product;
    char text[CLV_STATE_TEXT];

    for (size_t i = 0; i < table->state_count; i++) {
        struct clv_state state;
        struct clv_product *product;
        json_t *named;
        double percent;
        clv_state_of(table, i, &state);
        options.situation =
            clv_switching_situation(table, &w->blueprint->options, &state);
        stage_must(clv_product_new(&options, &product, &err), &err, "a state");
        percent = rate(table, i, product);
        clv_product_free(product);
        if (percent < 0) {
            own->hopeless++;
            all->hopeless++;
            continue;
        }
        named = json_sprintf(
            "%s: %s", w->usecase->name,
            clv_state_text(table, &state, w->blueprint->server_names, text));
        shares_add(own, percent, named);
        shares_add(all, percent, named);
        json_decref(named);
    }
}

static json_t *context_of(struct shares *s)
{
    json_t *context = tally_context();

    json_object_set_new(context, "states",
                        json_integer((json_int_t)s->percent.count));
    json_object_set_new(context, "states_without_feasible_design",
                        json_integer((json_int_t)s->hopeless));
    json_object_set_new(context, "mean_percent",
                        json_real(mean_of(&s->percent)));
    tally_describe(context, "percent", &s->percent);
    if (s->worst != NULL) {
        json_object_set(context, "worst_state", s->worst);
    }
    return context;
}

static void put_shares(const char *id, const char *what, struct shares *s,
                       const struct clv_switching *table)
{
    json_t *context = context_of(s);

    if (table != NULL) {
        json_object_set_new(context, "kept",
                            json_integer((json_int_t)table->kept_count));
        json_object_set_new(context, "kept_by_rass",
                            json_integer((json_int_t)table->paper_count));
    }
    if (s->percent.count == 0) {
        json_decref(context);
        tally_skip(id, what, "no design keeps all bounds in any state");
        return;
    }
    tally_row_least(id, what, s->least, "%", SHARE_BAR, context);
}

static void look_at(const char *data, const struct usecase *usecase,
                    struct shares *all)
{
    struct usecase_world w;
    struct clv_switching *table;
    struct shares own;
    char id[96];

    usecase_open(&w, data, usecase, USECASE_HERE);
    table = table_of(&w);
    shares_init(&own);
    rate_all(&w, table, &own, all);
    snprintf(id, sizeof id, "carin.states.%s", usecase->name);
    put_shares(id,
               "optimality of the table's design against a fresh solve, the "
               "least of all states",
               &own, table);
    shares_fini(&own);
    clv_switching_free(table);
    usecase_close(&w);
}

void section_states(const char *data, const struct course_effort *effort)
{
    struct shares all;
    json_t *context;

    (void)effort;
    shares_init(&all);
    for (size_t i = 0; i < usecase_count(); i++) {
        look_at(data, usecase_at(i), &all);
    }
    context = context_of(&all);
    tally_row_least("carin.states.mean",
                    "optimality of the table's design against a fresh solve, "
                    "mean of all states of all use cases",
                    mean_of(&all.percent), "%", SHARE_BAR, context);
    put_shares("carin.states.least",
               "the same, the least of all states of all use cases", &all,
               NULL);
    shares_fini(&all);
}

/* -- Storage -- */

/* Of the networks in kept designs, each file once. */
static double bytes_kept(const struct usecase_world *w,
                         const struct clv_switching *table, size_t *ret_files)
{
    double bytes = 0;

    *ret_files = 0;
    for (size_t t = 0; t < table->tasks; t++) {
        const struct clv_costs *costs = w->blueprint->tasks[t].space->costs;
        for (size_t v = 0; v < costs->variant_count; v++) {
            int is_kept = 0;
            for (size_t k = 0; k < table->kept_count; k++) {
                is_kept |= table->kept[k].configs[t].variant == v;
            }
            bytes += is_kept ? (double)costs->variants[v].size_bytes : 0;
            *ret_files += (size_t)is_kept;
        }
    }
    return bytes;
}

static void weigh(const char *data, const struct usecase *usecase)
{
    struct usecase_world w;
    struct clv_switching *table;
    json_t *context = tally_context();
    size_t files;
    double kept;
    char id[96];

    usecase_open(&w, data, usecase, USECASE_HERE);
    table = table_of(&w);
    kept = bytes_kept(&w, table, &files);
    json_object_set_new(context, "kept_bytes", json_real(kept));
    json_object_set_new(context, "all_bytes",
                        json_real(table->all_sizes_bytes));
    json_object_set_new(context, "kept_networks",
                        json_integer((json_int_t)files));
    json_object_set_new(context, "kept_designs",
                        json_integer((json_int_t)table->kept_count));
    json_object_set_new(context, "published", json_string("13.8 MB of 276 MB"));
    snprintf(id, sizeof id, "carin.storage.%s", usecase->name);
    tally_row(id, "storage of the kept designs' networks, of all variants'",
              100 * kept / table->all_sizes_bytes, "%", 0, context);
    clv_switching_free(table);
    usecase_close(&w);
}

void section_storage(const char *data, const struct course_effort *effort)
{
    (void)effort;
    for (size_t i = 0; i < usecase_count(); i++) {
        weigh(data, usecase_at(i));
    }
}

/* -- Looking up -- */

static void draw_states(const struct clv_switching *table,
                        struct clv_state *states)
{
    uint32_t chance = 4711;

    for (size_t i = 0; i < LOOKED_AT; i++) {
        chance = chance * 1664525 + 1013904223;
        clv_state_of(table, (chance >> 8) % table->state_count, &states[i]);
    }
}

void section_lookup(const char *data, const struct course_effort *effort)
{
    struct clv_state states[LOOKED_AT];
    struct usecase_world w;
    struct clv_switching *table;
    struct tally times;
    json_t *context = tally_context();
    volatile size_t sum = 0;

    (void)effort;
    usecase_open(&w, data, usecase_find("helped"), USECASE_HERE);
    table = table_of(&w);
    draw_states(table, states);
    tally_init(&times, BATCHES);
    for (size_t b = 0; b < BATCHES; b++) {
        int64_t began = tally_now_ns();
        for (size_t i = 0; i < LOOKUPS; i++) {
            sum += clv_switching_find(
                table, clv_state_number(table, &states[i % LOOKED_AT]));
        }
        tally_add(&times, (double)(tally_now_ns() - began) / LOOKUPS);
    }
    tally_describe(context, "ns", &times);
    json_object_set_new(context, "states",
                        json_integer((json_int_t)table->state_count));
    tally_row("carin.lookup",
              "one look-up in the switching table, from a state to a design",
              tally_median(&times), "ns", LOOKUP_BAR_NS, context);
    tally_fini(&times);
    clv_switching_free(table);
    usecase_close(&w);
}
