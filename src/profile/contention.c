/*
 * contention.c - what tasks on one device cost each other, as measured.
 *
 * Rows lie sorted by task, hogs and seats, so that a trial of exactly some
 * company is found by halving. A question is answered in two ways at once:
 *
 *     sum(d)    duty * excess of each pair, and the hogs'
 *     whole     the trial of the very company, if there is one
 *
 * A whole trial was run without pause, that is with duties of 1; where they
 * are less it counts for sum(d) / sum(1) of itself. Without such a trial the
 * sum is the answer.
 *
 * What it leaves out: a share of time is taken of percentiles, too, as if an
 * excess grew evenly with the duty of whoever causes it. A rare neighbour in
 * truth hits few inferences hard; the tail is then told too low, the median
 * too high.
 */
#include "profile/contention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define ROWS_MAX ((size_t)1 << 20)
#define FIRST_ROWS 16

void clv_contention_init(struct clv_contention *contention)
{
    *contention = (struct clv_contention){0};
}

void clv_contention_fini(struct clv_contention *contention)
{
    free(contention->rows);
    clv_contention_init(contention);
}

/* -- Finding -- */

/* Seats of all, those beyond the tasks empty; duties are not in it. */
struct key {
    uint32_t task;
    uint32_t hogs;
    uint32_t seats[CLV_SEATS];
};

static struct key key_of(const struct clv_company *company, size_t task)
{
    struct key key = {.task = (uint32_t)task, .hogs = company->hogs};

    for (size_t i = 0; i < CLV_SEATS; i++) {
        key.seats[i] = i < company->tasks ? company->seats[i] : CLV_NO_SEAT;
    }
    return key;
}

static int order(const struct key *a, const struct key *b)
{
    if (a->task != b->task) {
        return a->task < b->task ? -1 : 1;
    }
    if (a->hogs != b->hogs) {
        return a->hogs < b->hogs ? -1 : 1;
    }
    for (size_t i = 0; i < CLV_SEATS; i++) {
        if (a->seats[i] != b->seats[i]) {
            return a->seats[i] < b->seats[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The first row not before the key; `ret_is_it` if it is the key's own. */
static size_t find_place(const struct clv_contention *c, const struct key *key,
                         int *ret_is_it)
{
    size_t low = 0;
    size_t high = c->count;

    *ret_is_it = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct key at = key_of(&c->rows[middle].company, c->rows[middle].task);
        int way = order(&at, key);
        if (way == 0) {
            *ret_is_it = 1;
            return middle;
        }
        low = way < 0 ? middle + 1 : low;
        high = way < 0 ? high : middle;
    }
    return low;
}

static const struct clv_contention_row *find(const struct clv_contention *c,
                                             const struct key *key)
{
    int is_it;
    size_t at = find_place(c, key, &is_it);

    return is_it ? &c->rows[at] : NULL;
}

/* -- Adding -- */

static int is_time(const struct clv_spread *s)
{
    const double values[] = {s->mean, s->std, s->min, s->max,
                             s->p50,  s->p90, s->p95, s->p99};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (!isfinite(values[i]) || values[i] < 0) {
            return 0;
        }
    }
    return s->count > 0 && s->mean > 0;
}

static int has_company(const struct clv_company *company, size_t task)
{
    int beside = company->hogs > 0;

    for (size_t i = 0; i < company->tasks; i++) {
        beside |= i != task && company->seats[i] != CLV_NO_SEAT;
    }
    return beside;
}

static cleave_status check(const struct clv_contention_row *row,
                           cleave_error *err)
{
    const struct clv_company *company = &row->company;

    if (company->tasks > CLV_SEATS || row->task >= company->tasks ||
        company->seats[row->task] == CLV_NO_SEAT ||
        !has_company(company, row->task)) {
        return clv_fail(err, CLEAVE_INVALID, "contention",
                        "A trial needs a task with an engine and somebody "
                        "beside it.");
    }
    if (!is_time(&row->alone_ns) || !is_time(&row->together_ns)) {
        return clv_fail(err, CLEAVE_INVALID, "contention",
                        "Nothing was measured of the task, or its times are "
                        "no times.");
    }
    return CLEAVE_OK;
}

/* Keeps the list of numbers sorted; 0 if there is no room. */
static int note_hogs(struct clv_contention *c, uint32_t hogs)
{
    size_t at = 0;

    while (at < c->hog_count && c->hogs[at] < hogs) {
        at++;
    }
    if (hogs == 0 || (at < c->hog_count && c->hogs[at] == hogs)) {
        return 1;
    }
    if (c->hog_count == CLV_HOG_NUMBERS) {
        return 0;
    }
    memmove(&c->hogs[at + 1], &c->hogs[at],
            (c->hog_count - at) * sizeof c->hogs[0]);
    c->hogs[at] = hogs;
    c->hog_count++;
    return 1;
}

/* Room for one more, doubled whenever the count is a power of two. */
static cleave_status grow(struct clv_contention *c, cleave_error *err)
{
    size_t capacity = c->count < FIRST_ROWS ? FIRST_ROWS : 2 * c->count;
    struct clv_contention_row *grown;

    if (c->count >= ROWS_MAX) {
        return clv_fail(err, CLEAVE_LIMIT, "contention",
                        "More than %zu trials of tasks together.", ROWS_MAX);
    }
    if (c->count != 0 &&
        (c->count < FIRST_ROWS || (c->count & (c->count - 1)) != 0)) {
        return CLEAVE_OK;
    }
    grown = realloc(c->rows, capacity * sizeof *grown);
    if (grown == NULL) {
        return clv_fail_memory(err, "contention", capacity * sizeof *grown);
    }
    c->rows = grown;
    return CLEAVE_OK;
}

cleave_status clv_contention_add(struct clv_contention *contention,
                                 const struct clv_contention_row *row,
                                 cleave_error *err)
{
    struct key key;
    size_t at;
    int is_it;
    cleave_status status = check(row, err);

    if (status == CLEAVE_OK) {
        status = grow(contention, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    if (!note_hogs(contention, row->company.hogs)) {
        return clv_fail(err, CLEAVE_LIMIT, "contention",
                        "Trials with more than %d different numbers of hogs.",
                        CLV_HOG_NUMBERS);
    }
    key = key_of(&row->company, row->task);
    at = find_place(contention, &key, &is_it);
    if (!is_it) {
        memmove(&contention->rows[at + 1], &contention->rows[at],
                (contention->count - at) * sizeof *row);
        contention->count++;
    }
    contention->rows[at] = *row;
    return CLEAVE_OK;
}

/* -- Reckoning with excesses -- */

#define STATISTICS 8

static double *statistic(struct clv_spread *s, size_t i)
{
    double *const all[STATISTICS] = {&s->mean, &s->std, &s->min, &s->max,
                                     &s->p50,  &s->p90, &s->p95, &s->p99};

    return all[i];
}

static void add(struct clv_spread *to, struct clv_spread what, double factor)
{
    for (size_t i = 0; i < STATISTICS; i++) {
        *statistic(to, i) += factor * *statistic(&what, i);
    }
}

static struct clv_spread excess_of(const struct clv_contention_row *row)
{
    struct clv_spread alone = row->alone_ns;
    struct clv_spread excess = row->together_ns;

    add(&excess, alone, -1);
    for (size_t i = 0; i < STATISTICS; i++) {
        double *value = statistic(&excess, i);
        *value /= alone.mean;
        if (*value < 0 && value != &excess.min) {
            *value = 0;
        }
    }
    excess.count = 0;
    return excess;
}

/* -- What is known of two, or of one and hogs -- */

/* The seats of these two and nobody else's; `other` may be the task itself. */
static struct key key_of_pair(const struct clv_company *company, size_t task,
                              size_t other, uint32_t hogs)
{
    struct key key = {.task = (uint32_t)task, .hogs = hogs};

    for (size_t i = 0; i < CLV_SEATS; i++) {
        key.seats[i] =
            i == task || i == other ? company->seats[i] : CLV_NO_SEAT;
    }
    return key;
}

static int are_same_tasks(const struct key *a, const struct key *b)
{
    for (size_t i = 0; i < CLV_SEATS; i++) {
        if ((a->seats[i] == CLV_NO_SEAT) != (b->seats[i] == CLV_NO_SEAT)) {
            return 0;
        }
    }
    return a->task == b->task && a->hogs == b->hogs;
}

/*
 * The excess in this company; else the mean of the same tasks' in other seats,
 * preferably with the task itself in its own. 0 if there is nothing of them.
 */
static int look_up(const struct clv_contention *c, const struct key *key,
                   struct clv_spread *ret_excess, int *known)
{
    const struct clv_contention_row *row = find(c, key);
    struct clv_spread sums[2] = {{0}};
    double counts[2] = {0, 0};
    int which;

    if (row != NULL) {
        *ret_excess = excess_of(row);
        return 1;
    }
    *known = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct key at = key_of(&c->rows[i].company, c->rows[i].task);
        if (are_same_tasks(&at, key)) {
            which = at.seats[at.task] == key->seats[key->task];
            add(&sums[which], excess_of(&c->rows[i]), 1);
            counts[which] += 1;
        }
    }
    which = counts[1] > 0;
    *ret_excess = (struct clv_spread){0};
    if (counts[which] > 0) {
        add(ret_excess, sums[which], 1 / counts[which]);
    }
    return counts[which] > 0;
}

/* Between the numbers measured on a line; beyond the greatest on the last. */
static struct clv_spread excess_of_hogs(const struct clv_contention *c,
                                        const struct clv_company *company,
                                        size_t task, int *known)
{
    struct clv_spread below = {0};
    struct clv_spread above = {0};
    struct clv_spread excess = {0};
    double low = 0;
    double high = 0;

    for (size_t i = 0; i < c->hog_count && high < company->hogs; i++) {
        struct key key = key_of_pair(company, task, task, c->hogs[i]);
        struct clv_spread here;
        if (look_up(c, &key, &here, known)) {
            below = above;
            low = high;
            above = here;
            high = c->hogs[i];
        }
    }
    if (high <= 0) {
        *known = 0;
        return excess;
    }
    if (company->hogs > high) {
        add(&excess, above, company->hogs / high);
        return excess;
    }
    add(&excess, below, (high - company->hogs) / (high - low));
    add(&excess, above, (company->hogs - low) / (high - low));
    return excess;
}

static double duty_of(const struct clv_company *company, size_t task)
{
    double duty = company->duties[task];

    return duty >= 1 || isnan(duty) ? 1 : duty > 0 ? duty : 0;
}

/* What each of the others costs, added up; with duties, and as if all were
   always busy. */
static struct clv_spread add_up(const struct clv_contention *c,
                                const struct clv_company *company, size_t task,
                                double *ret_full_mean, int *known)
{
    struct clv_spread sum = {0};

    *ret_full_mean = 0;
    for (size_t i = 0; i < company->tasks; i++) {
        struct key key;
        struct clv_spread excess;
        if (i == task || company->seats[i] == CLV_NO_SEAT) {
            continue;
        }
        key = key_of_pair(company, task, i, 0);
        look_up(c, &key, &excess, known);
        add(&sum, excess, duty_of(company, i));
        *ret_full_mean += excess.mean;
    }
    if (company->hogs > 0) {
        struct clv_spread excess = excess_of_hogs(c, company, task, known);
        add(&sum, excess, 1);
        *ret_full_mean += excess.mean;
    }
    return sum;
}

/* -- The whole company -- */

static double mean_duty(const struct clv_company *company, size_t task)
{
    double sum = company->hogs > 0 ? 1 : 0;
    double count = sum;

    for (size_t i = 0; i < company->tasks; i++) {
        if (i != task && company->seats[i] != CLV_NO_SEAT) {
            sum += duty_of(company, i);
            count += 1;
        }
    }
    return count > 0 ? sum / count : 0;
}

static struct clv_spread excess_among(const struct clv_contention *c,
                                      const struct clv_company *company,
                                      size_t task, int *known)
{
    struct key key = key_of(company, task);
    const struct clv_contention_row *whole = find(c, &key);
    double full_mean;
    int pairs_known = 1;
    struct clv_spread sum = add_up(c, company, task, &full_mean, &pairs_known);
    struct clv_spread excess = {0};
    double share;

    if (whole == NULL) {
        *known = pairs_known;
        return sum;
    }
    share = full_mean > 0 ? sum.mean / full_mean : mean_duty(company, task);
    add(&excess, excess_of(whole), share);
    return excess;
}

struct clv_spread clv_contention_excess(const struct clv_contention *contention,
                                        const struct clv_company *company,
                                        size_t task, int *ret_is_known)
{
    struct clv_spread excess = {0};
    int known = 1;

    if (task < company->tasks && company->seats[task] != CLV_NO_SEAT &&
        has_company(company, task)) {
        excess = excess_among(contention, company, task, &known);
    }
    if (ret_is_known != NULL) {
        *ret_is_known = known;
    }
    return excess;
}

static double least(double value, double bound)
{
    return value > bound ? value : bound;
}

struct clv_spread clv_contention_stretch(const struct clv_spread *alone,
                                         const struct clv_spread *excess)
{
    struct clv_spread s = *alone;

    if (alone->count == 0) {
        return s;
    }
    add(&s, *excess, alone->mean);
    s.min = least(s.min, 0);
    s.p50 = least(s.p50, s.min);
    s.p90 = least(s.p90, s.p50);
    s.p95 = least(s.p95, s.p90);
    s.p99 = least(s.p99, s.p95);
    s.max = least(s.max, s.p99);
    return s;
}
