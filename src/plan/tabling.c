/*
 * tabling.c - building a switching table: every state solved, a few designs
 * drafted for all of them.
 *
 *     states -> outlooks      each state's best design (outlook.h)
 *            -> a pool        RASS's own of the calm state, then those bests
 *            -> worth         of each design of the pool in each state
 *            -> a draft       which of the pool are kept
 *            -> entries       which of the kept each state wants
 *
 * Which designs repair the most states for the least room is the problem of
 * covering, which has no fast exact solution; the greedy one is within a
 * factor of 1 + ln n of it, and here pools are tens of designs of which most
 * repair the same states.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/luggage.h"
#include "plan/outlook.h"
#include "plan/sheet.h"
#include "plan/tabling.h"

#define MOST_DEFAULT 8
#define SHARE_DEFAULT 0.98

/* Shares closer than this are the same. */
#define ALIKE 1e-9

/* What breaks an SLO in a state where others keep them all has a share of the
   best of 0; here it has up to this, so that the nearest is taken if it must
   be one of these. */
#define BROKEN_SHARE 1e-3

/* One design that might be kept. */
struct draftee {
    struct clv_config configs[CLV_SEATS];
    unsigned roles;
    int is_kept;
    size_t states; /* that want it, in the end */
    size_t place;  /* in the table */
};

struct tabling {
    const struct clv_switching_options *options;
    struct clv_switching *table;
    size_t most;
    double share;
    struct clv_outlook *outlooks; /* by state */
    struct clv_sheet *sheet;      /* while they are solved */
    struct draftee *pool;
    size_t pool_count;
    size_t paper_count; /* RASS's own; the first ones */
    double *shares;     /* [state][design of the pool] */
    size_t kept_count;
    size_t room_taken;
};

/* -- Solving -- */

static size_t calm_number(const struct clv_switching *t)
{
    struct clv_state calm = {0};

    memset(calm.link, CLV_LINK_FAST, sizeof calm.link);
    return clv_state_number(t, &calm);
}

/* The same state with memory to spare has been solved before: it has the
   lesser number. */
static double memory_of(const struct tabling *b, const struct clv_state *state)
{
    struct clv_state twin = *state;

    if (!state->memory) {
        return INFINITY;
    }
    twin.memory = 0;
    return b->outlooks[clv_state_number(b->table, &twin)].memory_tenth;
}

static cleave_status solve_state(struct tabling *b, size_t number,
                                 cleave_error *why, cleave_error *err)
{
    struct clv_situation situation;
    struct clv_state state;

    clv_state_of(b->table, number, &state);
    b->table->entries[number].memory_bytes = memory_of(b, &state);
    situation = clv_switching_situation(b->table, b->options, &state);
    return clv_outlook_init_on(&b->outlooks[number], &b->options->product,
                               &situation, b->sheet, why, err);
}

/* A state, and right after it the same with memory short: its designs are some
   of those that are on the sheet then. */
static cleave_status solve_twins(struct tabling *b, size_t number,
                                 cleave_error *why, cleave_error *err)
{
    cleave_status status = solve_state(b, number, why, err);
    struct clv_state twin;

    clv_state_of(b->table, number, &twin);
    twin.memory = 1;
    return status == CLEAVE_OK
               ? solve_state(b, clv_state_number(b->table, &twin), NULL, err)
               : status;
}

/* Nothing keeps the bounds even in the calm state: what RASS says of it. */
static cleave_status hopeless(const cleave_error *why, cleave_error *err)
{
    return clv_fail(err, CLEAVE_NOT_FOUND, why->where, "%s", why->text);
}

static cleave_status solve_states(struct tabling *b, cleave_error *err)
{
    size_t calm = calm_number(b->table);
    size_t count = b->table->state_count;
    cleave_status status = clv_sheet_new(&b->sheet, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    b->outlooks = calloc(count, sizeof *b->outlooks);
    if (b->outlooks == NULL) {
        return clv_fail_memory(err, "switching table",
                               count * sizeof *b->outlooks);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        cleave_error why = CLEAVE_ERROR_INIT;
        struct clv_state state;
        clv_state_of(b->table, i, &state);
        if (state.memory != 0) {
            continue;
        }
        status = solve_twins(b, i, i == calm ? &why : NULL, err);
        if (status == CLEAVE_OK && i == calm && !b->outlooks[i].is_feasible) {
            status = hopeless(&why, err);
        }
    }
    if (status == CLEAVE_OK) {
        b->table->memory_short_bytes = b->outlooks[calm].memory_tenth;
    }
    clv_sheet_free(b->sheet);
    b->sheet = NULL;
    return status;
}

/* -- The pool -- */

static int are_same(const struct tabling *b, const struct clv_config *x,
                    const struct clv_config *y)
{
    int same = 1;

    for (size_t t = 0; same && t < b->table->tasks; t++) {
        same = clv_config_is_same(&x[t], &y[t]);
    }
    return same;
}

/* All on a server, the engine only tells what is loaded for when the server is
   away: where another design has the variant on some engine, that one. */
static void adopt_engine(struct tabling *b, size_t design, size_t task)
{
    const struct clv_space *space = b->options->product.tasks[task].space;
    struct clv_config *c = &b->pool[design].configs[task];
    const struct clv_candidate *old = &space->candidates[c->candidate];
    size_t j = 0;

    while (j < design && b->pool[j].configs[task].variant != c->variant) {
        j++;
    }
    if (c->place != CLV_PLACE_SERVER || j == design) {
        return;
    }
    for (size_t i = 0; i < space->count; i++) {
        const struct clv_candidate *row = &space->candidates[i];
        if (row->variant == old->variant && row->cut == old->cut &&
            row->pack == old->pack && row->server == old->server &&
            row->is_huffman == old->is_huffman &&
            row->engine == b->pool[j].configs[task].engine) {
            c->candidate = i;
            c->engine = row->engine;
            return;
        }
    }
}

static void pool_add(struct tabling *b, const struct clv_config *configs,
                     unsigned roles)
{
    size_t i = 0;

    while (i < b->pool_count && !are_same(b, b->pool[i].configs, configs)) {
        i++;
    }
    if (i == b->pool_count) {
        memcpy(b->pool[i].configs, configs, b->table->tasks * sizeof *configs);
        for (size_t t = 0; t < b->table->tasks; t++) {
            adopt_engine(b, i, t);
        }
        b->pool_count++;
    }
    b->pool[i].roles |= roles;
}

static void pool_papers(struct tabling *b, const struct clv_outlook *calm)
{
    for (size_t i = 0; i < calm->rass.kept_count; i++) {
        const struct clv_rass_design *design = &calm->rass.kept[i];
        struct clv_config configs[CLV_SEATS];
        uint32_t choice[CLV_SEATS];
        clv_product_choice(calm->product, design->design, choice);
        for (size_t t = 0; t < b->table->tasks; t++) {
            size_t count;
            configs[t] =
                clv_product_configs(calm->product, t, &count)[choice[t]];
        }
        pool_add(b, configs, design->roles);
    }
    b->paper_count = b->pool_count;
}

static cleave_status fill_pool(struct tabling *b, cleave_error *err)
{
    size_t states = b->table->state_count;
    size_t room = CLV_RASS_KEPT + states;

    b->pool = calloc(room, sizeof *b->pool);
    if (b->pool == NULL) {
        return clv_fail_memory(err, "switching table", room * sizeof *b->pool);
    }
    pool_papers(b, &b->outlooks[calm_number(b->table)]);
    for (size_t i = 0; i < states; i++) {
        pool_add(b, b->outlooks[i].best, CLV_ROLE_STATE);
    }
    return CLEAVE_OK;
}

/* What comes nearest was sought without looking at all designs, so one of the
   pool may be nearer. */
static void settle_best(struct clv_outlook *o, double worth)
{
    if (!o->is_feasible && worth > o->worth) {
        o->worth = worth;
    }
}

static void rate_in(struct tabling *b, size_t state)
{
    struct clv_outlook *o = &b->outlooks[state];
    double *row = b->shares + state * b->pool_count;

    for (size_t j = 0; j < b->pool_count; j++) {
        row[j] = clv_outlook_worth(o, b->pool[j].configs);
        settle_best(o, row[j]);
    }
    for (size_t j = 0; j < b->pool_count; j++) {
        double share = clv_outlook_share(o, row[j]);
        row[j] = share == 0 ? BROKEN_SHARE * row[j] : share;
    }
}

static cleave_status rate_pool(struct tabling *b, cleave_error *err)
{
    size_t states = b->table->state_count;

    b->shares = calloc(b->pool_count * states, sizeof *b->shares);
    if (b->shares == NULL) {
        return clv_fail_memory(err, "switching table",
                               b->pool_count * states * sizeof *b->shares);
    }
    for (size_t i = 0; i < states; i++) {
        cleave_status status;
        rate_in(b, i);
        status = b->outlooks[i].status;
        if (status != CLEAVE_OK) {
            return clv_fail(err, status, "switching table",
                            "State %zu of %zu could not be looked at whole.", i,
                            states);
        }
    }
    return CLEAVE_OK;
}

/* -- The draft -- */

static double share_of(const struct tabling *b, size_t state, size_t design)
{
    return b->shares[state * b->pool_count + design];
}

/* What the state has of the designs kept so far; of equals the first. -1: none
   is legal. */
static double best_share(const struct tabling *b, size_t state, size_t most,
                         size_t *ret_design)
{
    double best = -1;

    for (size_t j = 0; j < b->pool_count && j < most; j++) {
        if (b->pool[j].is_kept && share_of(b, state, j) > best + ALIKE) {
            best = share_of(b, state, j);
            *ret_design = j;
        }
    }
    return best;
}

/* Whether a design needs a variant on an engine that no kept one has. */
static int needs_room(const struct tabling *b, size_t design)
{
    for (size_t t = 0; t < b->table->tasks; t++) {
        const struct clv_config *c = &b->pool[design].configs[t];
        int is_there = 0;
        for (size_t j = 0; !is_there && j < b->pool_count; j++) {
            const struct clv_config *k = &b->pool[j].configs[t];
            is_there = b->pool[j].is_kept && k->variant == c->variant &&
                       k->engine == c->engine;
        }
        if (!is_there) {
            return 1;
        }
    }
    return 0;
}

static void keep(struct tabling *b, size_t design)
{
    b->room_taken += (size_t)(b->kept_count == 0 || needs_room(b, design));
    b->pool[design].is_kept = 1;
    b->kept_count++;
}

/* What the states below `least` gain by a design. */
static double gain_of(const struct tabling *b, size_t design,
                      const double *shares, double least)
{
    double gain = 0;

    for (size_t i = 0; i < b->table->state_count; i++) {
        double share = share_of(b, i, design);
        if (shares[i] < least - ALIKE && share > shares[i] + ALIKE) {
            gain += share - shares[i];
        }
    }
    return gain;
}

/* What every state has of the designs kept so far; returns 0 if some have no
   legal one. */
static int take_stock(const struct tabling *b, double *shares)
{
    int is_legal = 1;

    for (size_t i = 0; i < b->table->state_count; i++) {
        size_t unused;
        shares[i] = best_share(b, i, SIZE_MAX, &unused);
        is_legal &= shares[i] >= 0;
    }
    return is_legal;
}

/* The design that repairs the most, one that needs no room counting twice; as
   long as there are states without a legal one, of these. The pool's count:
   none repairs anything. */
static size_t most_wanted(const struct tabling *b, double *shares)
{
    int is_legal = take_stock(b, shares);
    int has_room = b->room_taken < b->most;
    size_t best = b->pool_count;
    double best_gain = 0;

    for (size_t j = 0; j < b->pool_count; j++) {
        int is_free = !needs_room(b, j);
        double gain;
        if (b->pool[j].is_kept || (is_legal && !has_room && !is_free)) {
            continue;
        }
        gain =
            gain_of(b, j, shares, is_legal ? b->share : 0) * (is_free ? 2 : 1);
        if (gain > best_gain) {
            best = j;
            best_gain = gain;
        }
    }
    return best;
}

static cleave_status draft(struct tabling *b, cleave_error *err)
{
    size_t states = b->table->state_count;
    double *shares = calloc(states, sizeof *shares);
    size_t next = 0;

    if (shares == NULL) {
        return clv_fail_memory(err, "switching table", states * sizeof *shares);
    }
    for (size_t j = 0; j < b->paper_count && b->room_taken < b->most; j++) {
        keep(b, j);
    }
    while (next < b->pool_count && b->kept_count < CLV_TABLE_DESIGNS) {
        next = most_wanted(b, shares);
        if (next < b->pool_count) {
            keep(b, next);
        }
    }
    free(shares);
    return CLEAVE_OK;
}

/* -- Entries -- */

static float told_share(const struct clv_outlook *o, double share)
{
    return share < 0 || (o->is_feasible && share <= BROKEN_SHARE)
               ? 0
               : (float)share;
}

static void fill_entry(struct tabling *b, size_t state, size_t design)
{
    const struct clv_outlook *o = &b->outlooks[state];
    struct clv_state_entry *e = &b->table->entries[state];
    size_t unused = 0;
    double worth =
        clv_outlook_worth(&b->outlooks[state], b->pool[design].configs);

    e->design = (uint16_t)b->pool[design].place;
    e->is_feasible = worth > 1;
    e->is_forced = o->forced != 0;
    e->share = told_share(o, share_of(b, state, design));
    e->paper_share =
        told_share(o, best_share(b, state, b->paper_count, &unused));
    e->violation = worth > 1 ? 0 : (float)(1 / fmax(worth, 1e-9) - 1);
}

static double size_of_design(const struct tabling *b,
                             const struct clv_config *configs)
{
    struct clv_files files = {.count = 0};

    for (size_t t = 0; t < b->table->tasks; t++) {
        const struct clv_space *space = b->options->product.tasks[t].space;
        clv_files_add(&files, &space->costs->variants[configs[t].variant]);
    }
    return files.bytes;
}

static void fill_kept(struct tabling *b, const struct draftee *d)
{
    struct clv_outlook *calm = &b->outlooks[calm_number(b->table)];
    struct clv_kept *k = &b->table->kept[d->place];
    double worth = clv_outlook_worth(calm, d->configs);
    uint32_t choice[CLV_SEATS];
    const struct clv_product *product =
        clv_outlook_place(calm, d->configs, choice);

    *k = (struct clv_kept){
        .roles = d->roles,
        .optimality = worth > 1 ? worth - 1 : 0,
        .memory_bytes = CLV_UNKNOWN,
        .workload = CLV_UNKNOWN,
        .size_bytes = size_of_design(b, d->configs),
        .states = d->states,
    };
    if (product != NULL) {
        k->memory_bytes = clv_product_memory(product, choice);
        k->workload = clv_product_workload(product, choice);
    }
    memcpy(k->configs, d->configs, b->table->tasks * sizeof *d->configs);
}

/* What no state wants is dropped; d0 stays, being the calm state's. */
static cleave_status place_kept(struct tabling *b, size_t *wanted,
                                cleave_error *err)
{
    struct clv_switching *t = b->table;

    for (size_t i = 0; i < t->state_count; i++) {
        if (best_share(b, i, SIZE_MAX, &wanted[i]) < 0) {
            return clv_fail(err, CLEAVE_LIMIT, "switching table",
                            "A table keeps %d designs at most, and state %zu "
                            "has none of its own among them.",
                            CLV_TABLE_DESIGNS, i);
        }
        b->pool[wanted[i]].states++;
    }
    for (size_t j = 0; j < b->pool_count; j++) {
        if (b->pool[j].is_kept && b->pool[j].states > 0) {
            b->pool[j].place = t->kept_count++;
            t->paper_count += j < b->paper_count;
            fill_kept(b, &b->pool[j]);
        }
    }
    return CLEAVE_OK;
}

static cleave_status fill_table(struct tabling *b, cleave_error *err)
{
    struct clv_switching *t = b->table;
    size_t *wanted = calloc(t->state_count, sizeof *wanted);
    cleave_status status;

    if (wanted == NULL) {
        return clv_fail_memory(err, "switching table",
                               t->state_count * sizeof *wanted);
    }
    status = place_kept(b, wanted, err);
    for (size_t i = 0; status == CLEAVE_OK && i < t->state_count; i++) {
        fill_entry(b, i, wanted[i]);
    }
    clv_luggage_weigh(t, &b->options->product);
    free(wanted);
    return status;
}

static void tabling_fini(struct tabling *b)
{
    for (size_t i = 0; b->outlooks != NULL && i < b->table->state_count; i++) {
        clv_outlook_fini(&b->outlooks[i]);
    }
    clv_sheet_free(b->sheet);
    free(b->outlooks);
    free(b->pool);
    free(b->shares);
}

cleave_status clv_switching_new(const struct clv_switching_options *options,
                                struct clv_switching **ret_switching,
                                cleave_error *err)
{
    struct tabling b = {
        .options = options,
        .table = calloc(1, sizeof *b.table),
        .most = options->most > 0 ? options->most : MOST_DEFAULT,
        .share = options->share > 0 ? options->share : SHARE_DEFAULT,
    };
    cleave_status status;

    if (b.table == NULL) {
        return clv_fail_memory(err, "switching table", sizeof *b.table);
    }
    status = clv_switching_lay_out(b.table, &options->product, err);
    if (status == CLEAVE_OK) {
        status = solve_states(&b, err);
    }
    if (status == CLEAVE_OK) {
        status = fill_pool(&b, err);
    }
    if (status == CLEAVE_OK) {
        status = rate_pool(&b, err);
    }
    if (status == CLEAVE_OK) {
        status = draft(&b, err);
    }
    if (status == CLEAVE_OK) {
        status = fill_table(&b, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_switching_prove(b.table, options, b.outlooks, err);
    }
    tabling_fini(&b);
    if (status != CLEAVE_OK) {
        clv_switching_free(b.table);
        return status;
    }
    *ret_switching = b.table;
    return CLEAVE_OK;
}
