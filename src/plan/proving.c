/*
 * proving.c - proving a switching table, state by state.
 *
 * Building goes from worths to shares to entries; the proof goes its own way,
 * from what a state says to what its design does: are its servers up, does it
 * leave the processors in trouble alone, does it fit, does it keep the SLOs as
 * the entry says, and is no other kept design legal and better. What both
 * share is the solution of a state and the place of a design in it
 * (outlook.h).
 */
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "plan/tabling.h"

/* Optimalities, and violations, closer than this are the same. */
#define ALIKE 1e-6

/* Violations beyond are all alike: of what is unknown, or of nothing. */
#define FARTHEST 1e9

struct proof {
    const struct clv_switching *table;
    const struct clv_switching_options *options;
    size_t number;
    struct clv_state state;
    struct clv_situation situation; /* with nothing waived */
    struct clv_outlook *outlook;
};

/* A kept design as this state has it. */
struct standing {
    int is_there; /* the bounds of its tasks alone let it be listed */
    int is_legal;
    double optimality; /* 0: it breaks an SLO */
    double violation;
};

static cleave_status wrong(const struct proof *p, const char *what,
                           cleave_error *err)
{
    static const char *const names[CLV_SERVERS] = {
        "server 0", "server 1", "server 2", "server 3",
        "server 4", "server 5", "server 6", "server 7"};
    char text[CLV_STATE_TEXT];

    return clv_fail(err, CLEAVE_CORRUPT,
                    clv_state_text(p->table, &p->state, names, text),
                    "The table's design %u for this state %s. Build the table "
                    "anew.",
                    p->table->entries[p->number].design, what);
}

static int is_legal(const struct proof *p, const struct clv_product *product,
                    const uint32_t *choice)
{
    const struct clv_situation *s = &p->outlook->options.situation;

    for (size_t t = 0; t < p->table->tasks; t++) {
        size_t count;
        const struct clv_config *c =
            &clv_product_configs(product, t, &count)[choice[t]];
        if (c->server != CLV_NO_SERVER &&
            p->state.link[c->server] == CLV_LINK_AWAY &&
            !(p->outlook->forced & CLV_FORCED_SERVER)) {
            return 0;
        }
    }
    return !(clv_product_processors(product, choice) & s->out_of_order) &&
           !(clv_product_memory(product, choice) > s->memory_bytes);
}

static struct standing standing_of(const struct proof *p, size_t design)
{
    const struct clv_product *product = p->outlook->product;
    struct standing s = {.violation = INFINITY};
    uint32_t choice[CLV_SEATS];

    if (!clv_outlook_find(p->outlook, product, p->table->kept[design].configs,
                          choice)) {
        return s;
    }
    s.is_there = 1;
    s.is_legal = is_legal(p, product, choice);
    s.violation = clv_product_violation(product, choice, NULL);
    if (s.violation == 0 && p->outlook->is_feasible) {
        s.optimality = clv_product_number(product, choice) ==
                               p->outlook->rass.kept[0].design
                           ? p->outlook->rass.kept[0].optimality
                           : clv_rass_rate(&p->outlook->rass, product, choice);
    }
    return s;
}

static int is_troubled(const struct proof *p, uint32_t seat)
{
    const char *engine;
    size_t length;
    size_t i = 0;

    if (seat == CLV_NO_SEAT) {
        return 0;
    }
    engine = p->options->product.engines[seat];
    length = strcspn(engine, ":");
    while (i + 1 < p->table->processors &&
           (strncmp(p->table->names[i], engine, length) != 0 ||
            p->table->names[i][length] != '\0')) {
        i++;
    }
    return (p->situation.out_of_order >> i & 1) != 0;
}

/* The task's configuration of least memory; 0 if all are on processors in
   trouble or on servers that are away. */
static int find_least(const struct proof *p, const struct clv_product *strict,
                      size_t task, uint32_t *ret_least)
{
    uint32_t choice[CLV_SEATS] = {0};
    double least = INFINITY;
    int avoids = 0;
    size_t count;
    const struct clv_config *list = clv_product_configs(strict, task, &count);

    for (uint32_t i = 0; i < count; i++) {
        double memory;
        choice[task] = i;
        memory = clv_product_memory(strict, choice);
        avoids |= !is_troubled(p, list[i].seat) &&
                  (list[i].server == CLV_NO_SERVER ||
                   p->state.link[list[i].server] != CLV_LINK_AWAY);
        if (memory < least) {
            least = memory;
            *ret_least = i;
        }
    }
    return avoids;
}

/* No design at all leaves what is in trouble alone, or fits: then, and
   only then, that may be waived. Both are seen task by task. */
static int nothing_is_legal(const struct proof *p,
                            const struct clv_product *strict)
{
    uint32_t least[CLV_SEATS] = {0};
    int is_stuck = 0;

    for (size_t t = 0; t < p->table->tasks; t++) {
        is_stuck |= !find_least(p, strict, t, &least[t]);
    }
    return is_stuck ||
           clv_product_memory(strict, least) > p->situation.memory_bytes;
}

static cleave_status prove_forced(const struct proof *p, cleave_error *err)
{
    struct clv_product_options options = p->options->product;
    struct clv_product *strict = NULL;
    cleave_status status;

    options.situation = p->situation;
    status = clv_product_new(&options, &strict, err);
    if (status == CLEAVE_OK && !nothing_is_legal(p, strict)) {
        status = wrong(p, "is forced, though others are legal", err);
    }
    clv_product_free(strict);
    return status;
}

static int is_nearer(const struct standing *a, const struct standing *b)
{
    double x = 1 + fmin(a->violation, FARTHEST);
    double y = 1 + fmin(b->violation, FARTHEST);

    return x < y * (1 - 2 * ALIKE);
}

static cleave_status prove_best(const struct proof *p,
                                const struct standing *chosen,
                                cleave_error *err)
{
    for (size_t j = 0; j < p->table->kept_count; j++) {
        struct standing other = standing_of(p, j);
        if (!other.is_there || !other.is_legal) {
            continue;
        }
        if (other.optimality > chosen->optimality + ALIKE) {
            return wrong(p, "is less optimal than another one", err);
        }
        if (chosen->optimality == 0 && other.optimality == 0 &&
            chosen->is_there && is_nearer(&other, chosen)) {
            return wrong(p, "breaks the SLOs more than another one", err);
        }
    }
    return CLEAVE_OK;
}

static cleave_status prove_entry(struct proof *p, cleave_error *err)
{
    const struct clv_state_entry *e = &p->table->entries[p->number];
    struct standing chosen;

    if (e->design >= p->table->kept_count) {
        return wrong(p, "is not among those kept", err);
    }
    if (!e->is_forced != !p->outlook->forced) {
        return wrong(p, "is not forced as the table says", err);
    }
    chosen = standing_of(p, e->design);
    if (chosen.is_there
            ? !chosen.is_legal
            : clv_outlook_worth(p->outlook, p->table->kept[e->design].configs) <
                  0) {
        return wrong(p, "is not legal", err);
    }
    if (e->is_feasible != (chosen.optimality > 0)) {
        return wrong(p, "does not keep the SLOs as the table says", err);
    }
    return prove_best(p, &chosen, err);
}

static cleave_status prove_state(struct proof *p, cleave_error *err)
{
    cleave_status status;

    if (clv_state_number(p->table, &p->state) != p->number) {
        return wrong(p, "belongs to another state", err);
    }
    status = prove_entry(p, err);
    if (status == CLEAVE_OK && p->table->entries[p->number].is_forced) {
        status = prove_forced(p, err);
    }
    return status;
}

/* The same with the state solved for the purpose. */
static cleave_status prove_anew(struct proof *p, cleave_error *err)
{
    struct clv_outlook outlook;
    cleave_status status = clv_outlook_init(&outlook, &p->options->product,
                                            &p->situation, NULL, err);

    if (status == CLEAVE_OK) {
        p->outlook = &outlook;
        status = prove_state(p, err);
        p->outlook = NULL;
        clv_outlook_fini(&outlook);
    }
    return status;
}

cleave_status clv_switching_prove(const struct clv_switching *switching,
                                  const struct clv_switching_options *options,
                                  struct clv_outlook *outlooks,
                                  cleave_error *err)
{
    struct proof p = {.table = switching, .options = options};
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < switching->state_count; i++) {
        p.number = i;
        clv_state_of(switching, i, &p.state);
        p.situation = clv_switching_situation(switching, options, &p.state);
        p.outlook = outlooks != NULL ? &outlooks[i] : NULL;
        status = outlooks != NULL ? prove_state(&p, err) : prove_anew(&p, err);
    }
    return status;
}

cleave_status clv_switching_check(const struct clv_switching *switching,
                                  const struct clv_switching_options *options,
                                  cleave_error *err)
{
    return clv_switching_prove(switching, options, NULL, err);
}
