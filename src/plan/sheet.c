/*
 * sheet.c - all designs of a product written out as columns, and solved.
 *
 * The last task's list is a stretch of rows at a time: what the other tasks
 * have come to stays the same there. Only what keeps all bounds is written. A
 * stretch's least and greatest sums tell most often whether all of it does, or
 * nothing, for rounding never turns an order round; else its rows are looked
 * at one by one. Rows come seating by seating and so not in the order of
 * designs' numbers, which therefore go along.
 */
#include "plan/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/columnwise.h"
#include "plan/seating.h"

/* What is written: goals, then memory and workload. */
#define WRITTEN (CLV_GOALS + 2)

/* Sums go by four, as two of what every processor adds at once; a last four may
   have less, and room for it. */
#define FOUR 4
typedef double two __attribute__((vector_size(16), aligned(8), may_alias));
#define AT(type, array, i) (*(type *)(uintptr_t)&(array)[i])

struct clv_sheet {
    size_t room; /* designs */
    size_t count;
    size_t goals;
    double *columns[WRITTEN];
    uint32_t *processors;
    uint64_t *numbers;
    uint32_t *picked;
    struct clv_product_options written; /* what for; without tasks: nothing */
    struct clv_columnwise_room solving;
};

cleave_status clv_sheet_new(struct clv_sheet **ret_sheet, cleave_error *err)
{
    struct clv_sheet *sheet = calloc(1, sizeof *sheet);

    if (sheet == NULL) {
        return clv_fail_memory(err, "rass", sizeof *sheet);
    }
    *ret_sheet = sheet;
    return CLEAVE_OK;
}

static void empty(struct clv_sheet *s)
{
    for (size_t c = 0; c < WRITTEN; c++) {
        free(s->columns[c]);
        s->columns[c] = NULL;
    }
    free(s->processors);
    free(s->numbers);
    free(s->picked);
    s->processors = NULL;
    s->numbers = NULL;
    s->picked = NULL;
    s->room = 0;
    s->written.task_count = 0;
}

void clv_sheet_free(struct clv_sheet *sheet)
{
    if (sheet != NULL) {
        empty(sheet);
        clv_columnwise_fini(&sheet->solving);
        free(sheet);
    }
}

static cleave_status make_room(struct clv_sheet *s, size_t designs,
                               size_t goals, cleave_error *err)
{
    size_t room = designs + FOUR;
    int all;

    if (s->room >= room && s->goals == goals) {
        return CLEAVE_OK;
    }
    empty(s);
    s->processors = malloc(room * sizeof *s->processors);
    s->numbers = malloc(room * sizeof *s->numbers);
    s->picked = malloc(room * sizeof *s->picked);
    all = s->processors != NULL && s->numbers != NULL && s->picked != NULL;
    for (size_t c = 0; c < goals + 2; c++) {
        s->columns[c] = malloc(room * sizeof *s->columns[c]);
        all = all && s->columns[c] != NULL;
    }
    if (!all) {
        empty(s);
        return clv_fail_memory(err, "rass",
                               room * (goals + 4) * sizeof(double));
    }
    s->room = room;
    s->goals = goals;
    return CLEAVE_OK;
}

/* -- Writing -- */

/* The last task's terms of one column, as they sit now. */
struct ending {
    double *terms;
    double low;
    double high;
    int is_whole; /* all are finite, so that low and high tell of all */
};

/* What the tasks but the last one have come to. */
struct prefix {
    double sum;
    double least;
    double greatest;
};

struct writing {
    struct clv_sheet *sheet;
    struct clv_seating *seating;
    size_t room; /* of a stretch */
    struct ending endings[CLV_SEATING_COLUMNS];
    struct prefix prefixes[CLV_SEATING_COLUMNS];
    double *terms; /* of endings */
    double *values;
    uint32_t *processors; /* of the last task's configurations */
    uint8_t *is_in;
};

static void load_ending(struct writing *w, size_t column)
{
    const struct clv_seating *s = w->seating;
    const struct clv_seated *last = &s->seated[s->tasks - 1];
    const double *terms = last->terms + column * last->room;
    struct ending e = {w->terms + column * w->room, INFINITY, -INFINITY, 1};

    memset(e.terms, 0, w->room * sizeof *e.terms);
    for (size_t k = 0; k < last->count; k++) {
        e.terms[k] = terms[k];
        e.low = terms[k] < e.low ? terms[k] : e.low;
        e.high = terms[k] > e.high ? terms[k] : e.high;
        e.is_whole &= isfinite(terms[k]) != 0;
    }
    e.is_whole &= s->joining[column] != CLV_JOIN_RATIO;
    w->endings[column] = e;
}

static struct prefix prefix_of(const struct clv_seating *s, size_t column,
                               const uint32_t *at)
{
    struct prefix p = {0, INFINITY, 0};

    for (size_t i = 0; i + 1 < s->tasks; i++) {
        double term = s->seated[i].terms[column * s->seated[i].room + at[i]];
        p.sum += term;
        p.least = term < p.least ? term : p.least;
        p.greatest = term > p.greatest ? term : p.greatest;
    }
    return p;
}

/* One column of a stretch: the sums of clv_join, in its order. */
static void stretch(const struct writing *w, size_t column, double *to)
{
    const struct clv_seating *s = w->seating;
    const double *term = w->endings[column].terms;
    struct prefix p = w->prefixes[column];
    double tasks = (double)s->tasks;

    switch (s->joining[column]) {
    case CLV_JOIN_RATIO:
        for (size_t k = 0; k < s->seated[s->tasks - 1].count; k++) {
            double least = term[k] < p.least ? term[k] : p.least;
            double greatest = term[k] > p.greatest ? term[k] : p.greatest;
            to[k] = least / greatest;
        }
        break;
    case CLV_JOIN_MEAN:
        for (size_t k = 0; k < w->room; k += FOUR) {
            AT(two, to, k) = (p.sum + AT(const two, term, k)) / tasks;
            AT(two, to, k + 2) = (p.sum + AT(const two, term, k + 2)) / tasks;
        }
        break;
    default:
        for (size_t k = 0; k < w->room; k += FOUR) {
            AT(two, to, k) = p.sum + AT(const two, term, k);
            AT(two, to, k + 2) = p.sum + AT(const two, term, k + 2);
        }
    }
}

/* -- What is written -- */

enum share { NONE, SOME, ALL };

/* Of a stretch, by a column's least and greatest sum. */
static enum share share_within(const struct writing *w, size_t bound)
{
    const struct clv_seating *s = w->seating;
    const struct clv_constraint *c = &s->bound[bound];
    const struct ending *e = &w->endings[s->goals + bound];
    double sum = w->prefixes[s->goals + bound].sum;
    double tasks =
        s->joining[s->goals + bound] == CLV_JOIN_MEAN ? (double)s->tasks : 1;
    double low = (sum + e->low) / tasks;
    double high = (sum + e->high) / tasks;

    if (!e->is_whole) {
        return SOME;
    }
    if (!clv_bound_is_kept(c, c->at_least ? high : low)) {
        return NONE;
    }
    return clv_bound_is_kept(c, c->at_least ? low : high) ? ALL : SOME;
}

static int is_finite(const struct writing *w, size_t goal)
{
    const struct ending *e = &w->endings[goal];
    double sum = w->prefixes[goal].sum;

    return e->is_whole && isfinite(sum + e->low) && isfinite(sum + e->high);
}

static enum share share_of(const struct writing *w)
{
    enum share share = ALL;

    for (size_t b = 0; share != NONE && b < w->seating->bounds; b++) {
        enum share here = share_within(w, b);
        share = here < share ? here : share;
    }
    for (size_t g = 0; share == ALL && g < w->seating->goals; g++) {
        share = is_finite(w, g) ? ALL : SOME;
    }
    return share;
}

/* Which rows of a stretch keep all bounds; its goals have been written. */
static void filter(struct writing *w, size_t count)
{
    const struct clv_seating *s = w->seating;

    memset(w->is_in, 1, count);
    for (size_t b = 0; b < s->bounds; b++) {
        stretch(w, s->goals + b, w->values);
        for (size_t k = 0; k < count; k++) {
            w->is_in[k] &= clv_bound_is_kept(&s->bound[b], w->values[k]) != 0;
        }
    }
    for (size_t g = 0; g < s->goals; g++) {
        const double *value = w->sheet->columns[g] + w->sheet->count;
        for (size_t k = 0; k < count; k++) {
            w->is_in[k] &= fabs(value[k]) < INFINITY;
        }
    }
}

/* Closes the gaps between the rows of a stretch that are in; how many. */
static size_t close_up(struct writing *w, size_t count)
{
    struct clv_sheet *s = w->sheet;
    size_t kept = 0;

    for (size_t c = 0; c < s->goals + 2; c++) {
        double *column = s->columns[c] + s->count;
        kept = 0;
        for (size_t k = 0; k < count; k++) {
            column[kept] = column[k];
            kept += w->is_in[k];
        }
    }
    kept = 0;
    for (size_t k = 0; k < count; k++) {
        s->processors[s->count + kept] = s->processors[s->count + k];
        s->numbers[s->count + kept] = s->numbers[s->count + k];
        kept += w->is_in[k];
    }
    return kept;
}

static void write_names(struct writing *w, const uint32_t *at)
{
    const struct clv_seating *s = w->seating;
    const struct clv_product *p = s->product;
    const struct clv_seated *last = &s->seated[s->tasks - 1];
    uint32_t *processors = w->sheet->processors + w->sheet->count;
    uint64_t *numbers = w->sheet->numbers + w->sheet->count;
    uint32_t choice[CLV_SEATS];
    uint32_t used = 0;
    uint64_t number;

    clv_seating_choice(s, at, choice);
    for (size_t i = 0; i + 1 < s->tasks; i++) {
        used |= clv_product_processor(p, &p->parts[i].configs[choice[i]]);
    }
    choice[s->tasks - 1] = 0;
    number = clv_product_number(p, choice);
    for (size_t k = 0; k < last->count; k++) {
        processors[k] = used | w->processors[k];
        numbers[k] = number + last->configs[k];
    }
}

static void write_stretch(struct writing *w, const uint32_t *at)
{
    const struct clv_seating *s = w->seating;
    struct clv_sheet *sheet = w->sheet;
    size_t count = s->seated[s->tasks - 1].count;
    enum share share;

    for (size_t c = 0; c < s->columns; c++) {
        w->prefixes[c] = prefix_of(s, c, at);
    }
    share = share_of(w);
    if (share == NONE) {
        return;
    }
    for (size_t g = 0; g < s->goals; g++) {
        stretch(w, g, sheet->columns[g] + sheet->count);
    }
    stretch(w, clv_seating_memory(s), sheet->columns[s->goals] + sheet->count);
    stretch(w, clv_seating_workload(s),
            sheet->columns[s->goals + 1] + sheet->count);
    write_names(w, at);
    if (share == SOME) {
        filter(w, count);
        count = close_up(w, count);
    }
    sheet->count += count;
}

/* The next choice of all tasks but the last one; 0 after the last. */
static int next_prefix(const struct clv_seating *s, uint32_t *at)
{
    for (size_t i = s->tasks - 1; i > 0; i--) {
        if (++at[i - 1] < s->seated[i - 1].count) {
            return 1;
        }
        at[i - 1] = 0;
    }
    return 0;
}

static void write_seating(struct writing *w)
{
    const struct clv_seating *s = w->seating;
    const struct clv_product *p = s->product;
    const struct clv_seated *last = &s->seated[s->tasks - 1];
    uint32_t at[CLV_SEATS] = {0};

    if (clv_seating_designs(s) < 1) {
        return;
    }
    w->room = (last->count + FOUR - 1) / FOUR * FOUR;
    for (size_t c = 0; c < s->columns; c++) {
        load_ending(w, c);
    }
    for (size_t k = 0; k < last->count; k++) {
        w->processors[k] = clv_product_processor(
            p, &p->parts[s->tasks - 1].configs[last->configs[k]]);
    }
    do {
        write_stretch(w, at);
    } while (next_prefix(s, at));
}

static cleave_status writing_init(struct writing *w, struct clv_sheet *sheet,
                                  struct clv_seating *seating,
                                  cleave_error *err)
{
    size_t longest = seating->seated[seating->tasks - 1].room + FOUR;

    *w = (struct writing){
        .sheet = sheet,
        .seating = seating,
        .terms = malloc(longest * seating->columns * sizeof *w->terms),
        .values = malloc(longest * sizeof *w->values),
        .processors = malloc(longest * sizeof *w->processors),
        .is_in = malloc(longest),
    };
    return w->terms != NULL && w->values != NULL && w->processors != NULL &&
                   w->is_in != NULL
               ? CLEAVE_OK
               : clv_fail_memory(err, "rass",
                                 longest * seating->columns * sizeof(double));
}

static void writing_fini(struct writing *w)
{
    free(w->terms);
    free(w->values);
    free(w->processors);
    free(w->is_in);
}

static cleave_status write_out(struct clv_sheet *sheet,
                               struct clv_seating *seating, cleave_error *err)
{
    const struct clv_product *product = seating->product;
    uint32_t chairs[CLV_SEATS] = {0};
    struct writing w;
    cleave_status status = writing_init(&w, sheet, seating, err);

    if (status == CLEAVE_OK) {
        sheet->count = 0;
        do {
            clv_seating_fill(seating, chairs, 0);
            write_seating(&w);
        } while (clv_seating_next(product, chairs));
        sheet->written = product->options;
    }
    writing_fini(&w);
    return status;
}

static cleave_status write_product(struct clv_sheet *sheet,
                                   const struct clv_product *product,
                                   cleave_error *err)
{
    struct clv_seating seating = {0};
    cleave_status status = clv_seating_init(&seating, product, err);

    sheet->written.task_count = 0;
    if (status == CLEAVE_OK) {
        status = make_room(sheet, (size_t)clv_product_size(product),
                           seating.goals, err);
    }
    if (status == CLEAVE_OK) {
        status = write_out(sheet, &seating, err);
    }
    clv_seating_fini(&seating);
    return status;
}

/* -- Less memory -- */

static int is_same_reach(const struct clv_reach *a, const struct clv_reach *b)
{
    return a->up_bps == b->up_bps && a->down_bps == b->down_bps &&
           a->rtt_ns == b->rtt_ns && a->rate_std == b->rate_std &&
           a->slowdown == b->slowdown && a->queue_ns == b->queue_ns &&
           a->slots == b->slots && a->is_up == b->is_up;
}

static int is_same_situation(const struct clv_situation *a,
                             const struct clv_situation *b)
{
    int is_same = a->conditions.slowdown == b->conditions.slowdown &&
                  a->conditions.rate_per_s == b->conditions.rate_per_s &&
                  a->hogs == b->hogs && a->out_of_order == b->out_of_order;

    for (size_t i = 0; i < CLV_SERVERS; i++) {
        is_same = is_same && is_same_reach(&a->conditions.reach[i],
                                           &b->conditions.reach[i]);
    }
    return is_same;
}

static double memory_of(const struct clv_product_options *o)
{
    double most = o->situation.memory_bytes;

    return most > 0 ? most : INFINITY;
}

/* Whether designs of the second are among the first's: all is the same, but
   for the memory that there is. */
static int is_among(const struct clv_product_options *b,
                    const struct clv_product_options *a)
{
    return a->task_count == b->task_count && a->tasks == b->tasks &&
           a->engines == b->engines && a->engine_count == b->engine_count &&
           a->servers == b->servers && a->server_count == b->server_count &&
           a->goals == b->goals && a->contention == b->contention &&
           a->ignores_contention == b->ignores_contention &&
           is_same_situation(&a->situation, &b->situation) &&
           memory_of(b) <= memory_of(a);
}

/* Only what fits stays. */
static void narrow(struct clv_sheet *s, double memory_bytes)
{
    const double *memory = s->columns[s->goals];
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++) {
        s->picked[count] = (uint32_t)i;
        count += memory[i] <= memory_bytes;
    }
    for (size_t c = 0; c < s->goals + 2; c++) {
        double *column = s->columns[c];
        for (size_t i = 0; i < count; i++) {
            column[i] = column[s->picked[i]];
        }
    }
    for (size_t i = 0; i < count; i++) {
        s->processors[i] = s->processors[s->picked[i]];
        s->numbers[i] = s->numbers[s->picked[i]];
    }
    s->count = count;
    s->written.situation.memory_bytes = memory_bytes;
}

/* -- Solving -- */

static cleave_status solve_written(struct clv_sheet *s,
                                   const struct clv_goals *goals,
                                   struct clv_rass *ret_rass, cleave_error *err)
{
    int maximize[CLV_GOALS];
    struct clv_rass_columns columns = {
        .designs = s->count,
        .numbers = s->numbers,
        .objectives = (const double *const *)s->columns,
        .maximize = maximize,
        .objective_count = s->goals,
        .memory = s->columns[s->goals],
        .workload = s->columns[s->goals + 1],
        .processors = s->processors,
    };

    if (s->count == 0) {
        return CLEAVE_NOT_FOUND;
    }
    for (size_t g = 0; g < s->goals; g++) {
        maximize[g] = goals->goals[g].maximize;
    }
    return clv_columnwise_solve(&s->solving, &columns, ret_rass, NULL, err);
}

cleave_status clv_sheet_solve(struct clv_sheet *sheet,
                              const struct clv_product *product,
                              struct clv_rass *ret_rass, cleave_error *err)
{
    const struct clv_product_options *o = &product->options;
    cleave_status status = CLEAVE_OK;

    if (!is_among(o, &sheet->written)) {
        status = write_product(sheet, product, err);
    } else if (clv_product_memory_is_bounded(product)) {
        narrow(sheet, o->situation.memory_bytes);
    }
    return status == CLEAVE_OK ? solve_written(sheet, o->goals, ret_rass, err)
                               : status;
}
