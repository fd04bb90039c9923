/*
 * exact.c - the best design of a product too large to go through.
 *
 * For each way to sit, a configuration becomes a vector: its terms of all
 * goals, seen through the yardstick, so that the square of the sum's length is
 * that of the design's distance. Bounds of all, and what the question adds,
 * become sides. All ways are looked at once, which bounds each and finds good
 * designs; then those that may hold a better one are searched, the most
 * promising first.
 *
 * Of configurations with the same vector the first alone counts, unless a
 * later one asks for less.
 */
#include "plan/exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/closest.h"
#include "plan/seating.h"

/* Some ten seconds. */
#define EFFORT_MOST ((uint64_t)1 << 30)

/* The best so far, and what is asked. */
struct judge {
    const struct clv_seating *seating;
    const struct clv_yardstick *yardstick;
    const struct clv_exact_question *question;
    struct clv_exact_answer *best; /* its square is infinite: none yet */
};

/* -- Judging one design -- */

static int keeps_question(const struct judge *j, const uint32_t *at)
{
    const struct clv_seating *s = j->seating;
    const struct clv_exact_question *q = j->question;

    return (!(q->memory_most > 0) || clv_seating_value(s, clv_seating_memory(s),
                                                       at) <= q->memory_most) &&
           (!(q->workload_most > 0) ||
            clv_seating_value(s, clv_seating_workload(s), at) <=
                q->workload_most);
}

static int beats(const struct judge *j, const double *values)
{
    const double *others = j->question->beats;
    int is_better = others == NULL;

    for (size_t g = 0; others != NULL && g < j->yardstick->count; g++) {
        double gain = j->yardstick->maximize[g] ? values[g] - others[g]
                                                : others[g] - values[g];
        if (gain < 0) {
            return 0;
        }
        is_better |= gain > 0;
    }
    return is_better;
}

/* True if choice a has the lower number. */
static int goes_first(const uint32_t *a, const uint32_t *b, size_t tasks)
{
    for (size_t i = 0; i < tasks; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i];
        }
    }
    return 0;
}

/* Everything that goes through designs asks here about each. */
static void judge_design(const struct judge *j, const uint32_t *at)
{
    const struct clv_seating *s = j->seating;
    uint32_t choice[CLV_SEATS];
    double values[CLV_GOALS];
    double square;

    j->best->visited++;
    for (size_t g = 0; g < s->goals; g++) {
        values[g] = clv_seating_value(s, g, at);
        if (!isfinite(values[g])) {
            return;
        }
    }
    square = clv_yardstick_square(j->yardstick, values);
    if (!(square <= j->best->square) || !clv_seating_keeps(s, at) ||
        !keeps_question(j, at) || !beats(j, values)) {
        return;
    }
    clv_seating_choice(s, at, choice);
    if (square < j->best->square ||
        goes_first(choice, j->best->choice, s->tasks)) {
        j->best->square = square;
        memcpy(j->best->choice, choice, sizeof choice);
    }
}

static double offer(void *self, const uint32_t *numbers);

/* -- Vectors and sides -- */

/* A sum that must not exceed a limit. */
struct side {
    size_t column;
    double sign;
    double limit;
};

struct tableau {
    struct judge judge;
    struct clv_seating *seating;
    size_t sides;
    struct side side[CLV_CLOSEST_SIDES];
    size_t ratio; /* the goal that is no sum, or `goals` */
    double loose[CLV_CLOSEST_DIMENSIONS];
    double *vectors[CLV_SEATS];
    double *side_values[CLV_SEATS];
    double *ratios[CLV_SEATS];
    uint32_t *where[CLV_SEATS];  /* of the seating's */
    uint32_t *prints[CLV_SEATS]; /* of terms; the same for the same */
};

static double offer(void *self, const uint32_t *numbers)
{
    struct tableau *t = self;
    uint32_t at[CLV_SEATS];

    for (size_t i = 0; i < t->seating->tasks; i++) {
        at[i] = t->where[i][numbers[i]];
    }
    judge_design(&t->judge, at);
    return t->judge.best->square;
}

static void add_side(struct tableau *t, size_t column, int at_least,
                     double bound)
{
    double sign = at_least ? -1 : 1;
    double tasks = (double)t->seating->tasks;

    if (t->seating->joining[column] == CLV_JOIN_RATIO ||
        t->sides == CLV_CLOSEST_SIDES) {
        return; /* is looked at when a design is judged */
    }
    bound *= t->seating->joining[column] == CLV_JOIN_MEAN ? tasks : 1;
    t->side[t->sides++] = (struct side){column, sign, sign * bound};
}

static void list_sides(struct tableau *t)
{
    const struct clv_seating *s = t->seating;
    const struct clv_exact_question *q = t->judge.question;
    const struct clv_yardstick *y = t->judge.yardstick;

    for (size_t b = 0; b < s->bounds; b++) {
        add_side(t, s->goals + b, s->bound[b].at_least, s->bound[b].bound);
    }
    if (q->memory_most > 0) {
        add_side(t, clv_seating_memory(s), 0, q->memory_most);
    }
    if (q->workload_most > 0) {
        add_side(t, clv_seating_workload(s), 0, q->workload_most);
    }
    for (size_t g = 0; q->beats != NULL && g < s->goals; g++) {
        add_side(t, g, y->maximize[g], q->beats[g]);
    }
}

static double term_of(const struct clv_seating *s, size_t task, size_t column,
                      size_t k)
{
    return s->seated[task].terms[column * s->seated[task].room + k];
}

/* How a goal's term counts in how far a design is away from the best. */
static double weight_of(const struct tableau *t, size_t goal)
{
    double sign = t->judge.yardstick->maximize[goal] ? -1 : 1;

    return t->seating->joining[goal] == CLV_JOIN_MEAN
               ? sign / (double)t->seating->tasks
               : sign;
}

/* From how far away in each goal to the yardstick's view of it. */
static void view(const struct clv_yardstick *y, const double *away,
                 double *ret_vector)
{
    for (size_t i = 0; i < y->count; i++) {
        ret_vector[i] = 0;
        for (size_t j = 0; j <= i; j++) {
            ret_vector[i] += y->from_values[i * CLV_GOALS + j] * away[j];
        }
    }
}

/* The least term of each goal, so that little is lost to rounding. */
static void find_bases(const struct tableau *t, size_t task,
                       double base[CLV_GOALS])
{
    const struct clv_seating *s = t->seating;

    for (size_t g = 0; g < s->goals; g++) {
        base[g] = g == t->ratio ? 0 : INFINITY;
        for (size_t k = 0; g != t->ratio && k < s->seated[task].count; k++) {
            base[g] = fmin(base[g], term_of(s, task, g, k));
        }
    }
}

/* Whether everything that counts is known. */
static int is_known(const struct tableau *t, size_t task, size_t k)
{
    for (size_t i = 0; i < t->sides; i++) {
        if (!isfinite(term_of(t->seating, task, t->side[i].column, k))) {
            return 0;
        }
    }
    for (size_t g = 0; g < t->seating->goals; g++) {
        if (!isfinite(term_of(t->seating, task, g, k))) {
            return 0;
        }
    }
    return 1;
}

/* A number made of a configuration's terms of all goals. */
static uint32_t print_of(const struct clv_seating *s, size_t task, size_t k)
{
    uint64_t print = 0;

    for (size_t g = 0; g < s->goals; g++) {
        double term = term_of(s, task, g, k) + 0.0; /* one zero, not two */
        uint64_t bits;
        memcpy(&bits, &term, sizeof bits);
        print = (print ^ bits) * 0x9E3779B97F4A7C15u;
        print ^= print >> 29;
    }
    return (uint32_t)(print >> 32);
}

/* True if the k-th, written last, is no better than an earlier one. */
static int is_no_better(const struct tableau *t, size_t task, size_t a,
                        size_t b)
{
    const struct clv_seating *s = t->seating;
    uint32_t k = t->where[task][a];
    uint32_t other = t->where[task][b];

    for (size_t g = 0; g < s->goals; g++) {
        if (term_of(s, task, g, k) != term_of(s, task, g, other)) {
            return 0;
        }
    }
    for (size_t j = 0; j < t->sides; j++) {
        if (t->side_values[task][a * t->sides + j] <
            t->side_values[task][b * t->sides + j]) {
            return 0;
        }
    }
    for (size_t c = s->goals; c < s->goals + s->bounds; c++) {
        if (s->joining[c] == CLV_JOIN_RATIO &&
            term_of(s, task, c, k) != term_of(s, task, c, other)) {
            return 0;
        }
    }
    return 1;
}

static int is_repeated(const struct tableau *t, size_t task, size_t count)
{
    const uint32_t *prints = t->prints[task];

    for (size_t i = 0; i < count; i++) {
        if (prints[i] == prints[count] && is_no_better(t, task, count, i)) {
            return 1;
        }
    }
    return 0;
}

static size_t write_list(struct tableau *t, size_t task, const double *base)
{
    const struct clv_seating *s = t->seating;
    size_t count = 0;

    for (uint32_t k = 0; k < s->seated[task].count; k++) {
        double away[CLV_GOALS];
        if (!is_known(t, task, k)) {
            continue;
        }
        for (size_t g = 0; g < s->goals; g++) {
            away[g] = g == t->ratio ? 0
                                    : weight_of(t, g) *
                                          (term_of(s, task, g, k) - base[g]);
        }
        view(t->judge.yardstick, away, t->vectors[task] + count * s->goals);
        for (size_t j = 0; j < t->sides; j++) {
            t->side_values[task][count * t->sides + j] =
                t->side[j].sign * term_of(s, task, t->side[j].column, k);
        }
        t->ratios[task][count] =
            t->ratio < s->goals ? term_of(s, task, t->ratio, k) : 1;
        t->where[task][count] = k;
        t->prints[task][count] = print_of(s, task, k);
        count += !is_repeated(t, task, count);
    }
    return count;
}

/* Returns 0 if a task has nothing to choose from. */
static int write_tableau(struct tableau *t, struct clv_closest *c)
{
    const struct clv_seating *s = t->seating;
    const struct clv_yardstick *y = t->judge.yardstick;
    double away[CLV_GOALS];

    *c = (struct clv_closest){
        .lists = s->tasks,
        .dimensions = s->goals,
        .sides = t->sides,
        .loose = t->ratio < s->goals ? t->loose : NULL,
        .effort_most = EFFORT_MOST,
        .offer = offer,
        .self = t,
    };
    for (size_t g = 0; g < s->goals; g++) {
        away[g] = y->maximize[g] ? y->high[g] : -y->low[g];
    }
    for (size_t i = 0; i < s->tasks; i++) {
        double base[CLV_GOALS];
        find_bases(t, i, base);
        c->list[i] = (struct clv_closest_list){
            .count = write_list(t, i, base),
            .vectors = t->vectors[i],
            .sides = t->side_values[i],
            .ratios = t->ratios[i],
        };
        for (size_t g = 0; g < s->goals; g++) {
            away[g] += g == t->ratio ? 0 : weight_of(t, g) * base[g];
        }
        if (c->list[i].count == 0) {
            return 0;
        }
    }
    view(y, away, c->offset);
    for (size_t j = 0; j < t->sides; j++) {
        c->limits[j] = t->side[j].limit;
    }
    return 1;
}

static void tableau_fini(struct tableau *t)
{
    for (size_t i = 0; i < CLV_SEATS; i++) {
        free(t->vectors[i]);
        free(t->side_values[i]);
        free(t->ratios[i]);
        free(t->where[i]);
        free(t->prints[i]);
    }
}

static void find_ratio(struct tableau *t)
{
    const struct clv_seating *s = t->seating;
    double away[CLV_GOALS] = {0};

    t->ratio = s->goals;
    for (size_t g = 0; g < s->goals; g++) {
        t->ratio = s->joining[g] == CLV_JOIN_RATIO ? g : t->ratio;
    }
    if (t->ratio < s->goals) {
        away[t->ratio] = weight_of(t, t->ratio);
        view(t->judge.yardstick, away, t->loose);
    }
}

/* Whatever it returns, the caller calls fini. */
static cleave_status tableau_init(struct tableau *t,
                                  struct clv_seating *seating,
                                  const struct judge *judge, cleave_error *err)
{
    *t = (struct tableau){.judge = *judge, .seating = seating};
    t->judge.seating = seating;
    list_sides(t);
    find_ratio(t);
    for (size_t i = 0; i < seating->tasks; i++) {
        size_t room = seating->seated[i].room + 1;
        t->vectors[i] = calloc(room * (seating->goals + 1), sizeof(double));
        t->side_values[i] = calloc(room * (t->sides + 1), sizeof(double));
        t->ratios[i] = calloc(room, sizeof(double));
        t->where[i] = calloc(room, sizeof(uint32_t));
        t->prints[i] = calloc(room, sizeof(uint32_t));
        if (t->vectors[i] == NULL || t->side_values[i] == NULL ||
            t->ratios[i] == NULL || t->where[i] == NULL ||
            t->prints[i] == NULL) {
            return clv_fail_memory(err, "designs",
                                   room * (seating->goals + t->sides) *
                                       sizeof(double));
        }
    }
    return CLEAVE_OK;
}

/* -- All ways to sit -- */

struct way {
    double below;
    uint32_t number;
};

static int compare_ways(const void *a, const void *b)
{
    const struct way *x = a;
    const struct way *y = b;

    if (x->below != y->below) {
        return x->below < y->below ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

static void chairs_of(const struct clv_product *p, uint32_t number,
                      uint32_t *ret_chairs)
{
    for (size_t i = p->options.task_count; i > 0; i--) {
        uint32_t count = (uint32_t)p->parts[i - 1].chair_count;
        ret_chairs[i - 1] = number % count;
        number /= count;
    }
}

/* Fills in a way's problem; 0 if there is no design in it. */
static int set_way(struct tableau *t, uint32_t number, struct clv_closest *c)
{
    uint32_t chairs[CLV_SEATS];

    chairs_of(t->seating->product, number, chairs);
    clv_seating_fill(t->seating, chairs, t->judge.question->avoids);
    if (!write_tableau(t, c)) {
        return 0;
    }
    c->bound = t->judge.best->square;
    return 1;
}

static cleave_status look_at_all(struct tableau *t, struct way *ways,
                                 size_t *count, cleave_error *err)
{
    size_t kept = 0;
    cleave_status status = CLEAVE_OK;

    for (uint32_t i = 0; status == CLEAVE_OK && i < *count; i++) {
        struct clv_closest c;
        if (set_way(t, i, &c)) {
            status = clv_closest_look(&c, err);
            ways[kept] = (struct way){c.below, i};
            kept += c.below < INFINITY;
        }
    }
    qsort(ways, kept, sizeof *ways, compare_ways);
    *count = kept;
    return status;
}

static cleave_status search_all(struct tableau *t, const struct way *ways,
                                size_t count, cleave_error *err)
{
    struct clv_exact_answer *best = t->judge.best;
    uint64_t effort = 0;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        struct clv_closest c;
        if (ways[i].below > best->square + 1e-9 * best->square + 1e-12) {
            break;
        }
        set_way(t, ways[i].number, &c);
        c.effort_most = EFFORT_MOST - effort;
        status = clv_closest_search(&c, err);
        effort += c.effort;
        if (effort > EFFORT_MOST) {
            best->is_proven = 0;
            break;
        }
    }
    return status;
}

static cleave_status finish(struct clv_exact_answer *best,
                            struct clv_exact_answer *ret_answer)
{
    if (isinf(best->square)) {
        return CLEAVE_NOT_FOUND;
    }
    best->optimality = 1 / (1 + sqrt(best->square));
    *ret_answer = *best;
    return CLEAVE_OK;
}

cleave_status clv_exact_solve(const struct clv_product *product,
                              const struct clv_yardstick *yardstick,
                              const struct clv_exact_question *question,
                              struct clv_exact_answer *ret_answer,
                              cleave_error *err)
{
    struct clv_exact_answer best = {.square = INFINITY, .is_proven = 1};
    struct judge judge = {NULL, yardstick, question, &best};
    struct clv_seating seating = {0};
    struct tableau tableau = {.sides = 0};
    struct way *ways = NULL;
    size_t count;
    cleave_status status = clv_seating_init(&seating, product, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    count = (size_t)clv_seating_ways(product);
    status = tableau_init(&tableau, &seating, &judge, err);
    if (status != CLEAVE_OK) {
        goto out;
    }
    ways = calloc(count, sizeof *ways);
    if (ways == NULL) {
        status = clv_fail_memory(err, "designs", count * sizeof *ways);
        goto out;
    }
    status = look_at_all(&tableau, ways, &count, err);
    if (status == CLEAVE_OK) {
        status = search_all(&tableau, ways, count, err);
    }
    if (status == CLEAVE_OK) {
        status = finish(&best, ret_answer);
    }

out:
    free(ways);
    tableau_fini(&tableau);
    clv_seating_fini(&seating);
    return status;
}

/* -- By force -- */

static void judge_seating(const struct judge *j)
{
    const struct clv_seating *s = j->seating;
    uint32_t at[CLV_SEATS] = {0};
    size_t i;

    if (clv_seating_designs(s) < 1) {
        return;
    }
    do {
        judge_design(j, at);
        for (i = s->tasks; i > 0 && ++at[i - 1] == s->seated[i - 1].count;
             i--) {
            at[i - 1] = 0;
        }
    } while (i > 0);
}

cleave_status clv_exact_by_force(const struct clv_product *product,
                                 const struct clv_yardstick *yardstick,
                                 const struct clv_exact_question *question,
                                 struct clv_exact_answer *ret_answer,
                                 cleave_error *err)
{
    struct clv_exact_answer best = {.square = INFINITY, .is_proven = 1};
    struct clv_seating seating = {0};
    struct judge judge = {&seating, yardstick, question, &best};
    uint32_t chairs[CLV_SEATS] = {0};
    cleave_status status = clv_seating_init(&seating, product, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    do {
        clv_seating_fill(&seating, chairs, question->avoids);
        judge_seating(&judge);
    } while (clv_seating_next(product, chairs));
    clv_seating_fini(&seating);
    return finish(&best, ret_answer);
}
