/*
 * space.c - all designs of a task, put together from measured parts.
 *
 * Every packing of a cut goes with every head and every tail of that cut;
 * heads of the cut `output` go alone. Spreads of parts that follow each other
 * are added as those of independent quantities: means add, excursions from
 * the mean add as squares.
 *
 * Accuracy is counted as a loss, a share of 1 that exists for every way of
 * judging answers (verdict.h): then the best variant and the others, packed
 * or not, lie on one scale. A packing's interval is paired and taken as it
 * is; two variants are compared by their own intervals, as if independent.
 */
#include "plan/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "network/network.h"
#include "plan/conditions.h"

#define CANDIDATES_MAX ((size_t)1 << 20)

/* -- Sums of spreads -- */

static double signed_square(double x)
{
    return x * fabs(x);
}

static double signed_root(double x)
{
    return x < 0 ? -sqrt(-x) : sqrt(x);
}

/* The mean of both, and the root of both excursions' squares. */
static double at(double mean, double a, double a_mean, double b, double b_mean)
{
    double value = mean + signed_root(signed_square(a - a_mean) +
                                      signed_square(b - b_mean));

    return fmax(value, 0);
}

static struct clv_spread add(const struct clv_spread *a,
                             const struct clv_spread *b)
{
    double mean = a->mean + b->mean;

    return (struct clv_spread){
        .mean = mean,
        .std = sqrt(a->std * a->std + b->std * b->std),
        .min = a->min + b->min,
        .max = a->max + b->max,
        .p50 = at(mean, a->p50, a->mean, b->p50, b->mean),
        .p90 = at(mean, a->p90, a->mean, b->p90, b->mean),
        .p95 = at(mean, a->p95, a->mean, b->p95, b->mean),
        .p99 = at(mean, a->p99, a->mean, b->p99, b->mean),
        .count = a->count < b->count ? a->count : b->count,
    };
}

/* The same quantity, everything times a factor. */
static struct clv_spread scale(const struct clv_spread *s, double factor)
{
    return (struct clv_spread){
        .mean = s->mean * factor,
        .std = s->std * factor,
        .min = s->min * factor,
        .max = s->max * factor,
        .p50 = s->p50 * factor,
        .p90 = s->p90 * factor,
        .p95 = s->p95 * factor,
        .p99 = s->p99 * factor,
        .count = s->count,
    };
}

/* -- Accuracy -- */

static double loss_of(const char *metric, double score)
{
    return strcmp(metric, "psnr") == 0 ? pow(10, -score / 20) : 1 - score;
}

static double variant_loss(const struct clv_cost_variant *v)
{
    return loss_of(v->metric, v->score);
}

/* How much worse the loss may be than observed. */
static double loss_excess(const struct clv_cost_variant *v)
{
    return loss_of(v->metric, v->score_low) - variant_loss(v);
}

static uint32_t best_variant(const struct clv_costs *costs)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < costs->variant_count; i++) {
        if (variant_loss(&costs->variants[i]) <
            variant_loss(&costs->variants[best])) {
            best = i;
        }
    }
    return best;
}

/* Points lost against the best variant; `pack` is NULL for none. */
static void set_accuracy(struct clv_candidate *c, const struct clv_costs *costs,
                         uint32_t best, const struct clv_cost_pack *pack)
{
    const struct clv_cost_variant *mine = &costs->variants[c->variant];
    const struct clv_cost_variant *other = &costs->variants[best];
    double behind = 100 * (variant_loss(mine) - variant_loss(other));
    double unsure = 0;
    double packed = pack != NULL ? pack->drop_pp : 0;
    double packed_unsure = pack != NULL ? pack->drop_high_pp - packed : 0;

    if (c->variant != best) {
        double best_gain =
            variant_loss(other) - loss_of(other->metric, other->score_high);
        unsure = 100 * hypot(loss_excess(mine), best_gain);
    }
    c->drop_pp = behind + packed;
    c->drop_high_pp = c->drop_pp + hypot(unsure, packed_unsure);
    c->accuracy = 1 - variant_loss(mine) - packed / 100;
}

/* -- Energy -- */

/* Watts while this head's processor computes: measured, else declared. */
static double compute_watts(const struct clv_cost_head *head,
                            const struct clv_power *power)
{
    if (head->energy_j != CLV_UNKNOWN && head->time_ns.mean > 0) {
        return head->energy_j / head->time_ns.mean * 1e9;
    }
    return power->compute_w;
}

static double compute_joules(const struct clv_cost_head *head, double pack_ns,
                             const struct clv_power *power)
{
    double watts = compute_watts(head, power);
    double head_j = head->energy_j;

    if (head_j == CLV_UNKNOWN && power->compute_w != CLV_UNKNOWN) {
        head_j = power->compute_w * head->time_ns.mean * 1e-9;
    }
    if (head_j == CLV_UNKNOWN || (pack_ns > 0 && watts == CLV_UNKNOWN)) {
        return CLV_UNKNOWN;
    }
    return pack_ns > 0 ? head_j + watts * pack_ns * 1e-9 : head_j;
}

/* -- Putting together -- */

/* Where candidates go; the first pass only counts. */
struct builder {
    struct clv_space *space;
    const struct clv_costs *costs;
    uint32_t best;
    size_t count;
};

static void put(struct builder *b, const struct clv_candidate *c)
{
    if (b->space->candidates != NULL) {
        b->space->candidates[b->count] = *c;
    }
    b->count++;
}

static void add_local(struct builder *b, uint32_t head)
{
    const struct clv_cost_head *row = &b->costs->heads[head];
    const struct clv_cost_cut *cut = &b->costs->cuts[row->cut];
    struct clv_candidate c = {
        .variant = cut->variant,
        .engine = row->engine,
        .cut = row->cut,
        .pack = CLV_NO_PACK,
        .server = CLV_NO_SERVER,
        .head = head,
        .device_ns = row->time_ns,
        .memory_bytes = row->memory_bytes,
        .energy_j = compute_joules(row, 0, &b->space->power),
        .head_share = cut->head_share,
    };

    set_accuracy(&c, b->costs, b->best, NULL);
    put(b, &c);
}

static void add_split(struct builder *b, uint32_t head, uint32_t pack,
                      uint32_t tail)
{
    const struct clv_cost_head *h = &b->costs->heads[head];
    const struct clv_cost_pack *p = &b->costs->packs[pack];
    const struct clv_cost_tail *t = &b->costs->tails[tail];
    const struct clv_cost_cut *cut = &b->costs->cuts[h->cut];
    struct clv_candidate c = {
        .variant = cut->variant,
        .engine = h->engine,
        .cut = h->cut,
        .pack = pack,
        .server = t->server,
        .head = head,
        .device_ns = add(&h->time_ns, &p->pack_ns),
        .server_ns = add(&t->time_ns, &p->unpack_ns),
        .bytes_up = p->bytes_up,
        .bytes_down = p->bytes_down,
        .memory_bytes = h->memory_bytes,
        .energy_j = compute_joules(h, p->pack_ns.mean, &b->space->power),
        .head_share = cut->head_share,
    };

    set_accuracy(&c, b->costs, b->best, p);
    put(b, &c);
    if (p->huffman_bytes > 0 && p->bytes_up.mean > 0) {
        c.is_huffman = 1;
        c.bytes_up = scale(&p->bytes_up, p->huffman_bytes / p->bytes_up.mean);
        put(b, &c);
    }
}

/* Rows of one cut, by index: so that not every row meets every other. */
struct rows {
    uint32_t *order; /* row numbers, grouped by cut */
    size_t *first;   /* of each cut; one more at the end */
};

static uint32_t cut_of(const void *rows, size_t size, size_t index)
{
    uint32_t cut; /* the first member of heads, tails and packings */

    memcpy(&cut, (const char *)rows + index * size, sizeof cut);
    return cut;
}

/* Counting sort by cut. */
static cleave_status rows_init(struct rows *r, const void *rows, size_t size,
                               size_t count, size_t cuts, cleave_error *err)
{
    r->order = calloc(count + 1, sizeof *r->order);
    r->first = calloc(cuts + 2, sizeof *r->first);
    if (r->order == NULL || r->first == NULL) {
        return clv_fail_memory(err, "designs", count * sizeof *r->order);
    }
    for (size_t i = 0; i < count; i++) {
        r->first[cut_of(rows, size, i) + 2]++;
    }
    for (size_t c = 2; c < cuts + 2; c++) {
        r->first[c] += r->first[c - 1];
    }
    for (size_t i = 0; i < count; i++) {
        r->order[r->first[cut_of(rows, size, i) + 1]++] = (uint32_t)i;
    }
    return CLEAVE_OK;
}

static void rows_fini(struct rows *r)
{
    free(r->order);
    free(r->first);
}

struct parts {
    struct rows heads;
    struct rows tails;
    struct rows packs;
};

static void add_splits(struct builder *b, const struct parts *p, size_t cut,
                       uint32_t head)
{
    for (size_t i = p->packs.first[cut]; i < p->packs.first[cut + 1]; i++) {
        for (size_t t = p->tails.first[cut]; t < p->tails.first[cut + 1]; t++) {
            if (b->count > CANDIDATES_MAX) {
                return;
            }
            add_split(b, head, p->packs.order[i], p->tails.order[t]);
        }
    }
}

static void build(struct builder *b, const struct parts *p)
{
    b->count = 0;
    for (size_t cut = 0; cut < b->costs->cut_count; cut++) {
        int is_local = strcmp(b->costs->cuts[cut].name, CLV_CUT_OUTPUT) == 0;
        for (size_t h = p->heads.first[cut]; h < p->heads.first[cut + 1]; h++) {
            if (is_local) {
                add_local(b, p->heads.order[h]);
            } else {
                add_splits(b, p, cut, p->heads.order[h]);
            }
        }
    }
}

static cleave_status sort_parts(struct parts *p, const struct clv_costs *costs,
                                cleave_error *err)
{
    size_t cuts = costs->cut_count;
    cleave_status status =
        rows_init(&p->heads, costs->heads, sizeof *costs->heads,
                  costs->head_count, cuts, err);

    if (status == CLEAVE_OK) {
        status = rows_init(&p->tails, costs->tails, sizeof *costs->tails,
                           costs->tail_count, cuts, err);
    }
    if (status == CLEAVE_OK) {
        status = rows_init(&p->packs, costs->packs, sizeof *costs->packs,
                           costs->pack_count, cuts, err);
    }
    return status;
}

static cleave_status check_count(const struct clv_costs *costs, size_t count,
                                 cleave_error *err)
{
    if (count > CANDIDATES_MAX) {
        return clv_fail(err, CLEAVE_LIMIT, "designs",
                        "More than %zu designs; name fewer models, engines or "
                        "servers, or profile fewer cuts and packings.",
                        CANDIDATES_MAX);
    }
    if (count > 0) {
        return CLEAVE_OK;
    }
    return clv_fail(err, CLEAVE_NOT_FOUND, "designs",
                    "No design can be put together from %zu heads, %zu "
                    "packings and %zu tails: %s. Measure what is missing with "
                    "'cleave profile'.",
                    costs->head_count, costs->pack_count, costs->tail_count,
                    costs->head_count == 0
                        ? "no head was measured"
                        : "no head has a packing and a tail of the same cut, "
                          "and the whole network was not measured on the "
                          "device");
}

cleave_status clv_space_init(struct clv_space *space,
                             const struct clv_costs *costs,
                             const struct clv_power *power, cleave_error *err)
{
    struct clv_space built = {.costs = costs, .power = *power};
    struct builder b = {.space = &built, .costs = costs};
    struct parts parts = {0};
    cleave_status status;

    if (costs->server_count > CLV_SERVERS) {
        return clv_fail(err, CLEAVE_LIMIT, "servers",
                        "%zu servers, and %d is the most: name fewer.",
                        costs->server_count, CLV_SERVERS);
    }
    status = sort_parts(&parts, costs, err);
    if (status != CLEAVE_OK) {
        goto out;
    }
    b.best = best_variant(costs);
    build(&b, &parts);
    status = check_count(costs, b.count, err);
    if (status != CLEAVE_OK) {
        goto out;
    }
    built.candidates = calloc(b.count, sizeof *built.candidates);
    if (built.candidates == NULL) {
        status =
            clv_fail_memory(err, "designs", b.count * sizeof *built.candidates);
        goto out;
    }
    build(&b, &parts);
    built.count = b.count;
    *space = built;

out:
    rows_fini(&parts.heads);
    rows_fini(&parts.tails);
    rows_fini(&parts.packs);
    return status;
}

void clv_space_fini(struct clv_space *space)
{
    free(space->candidates);
    *space = (struct clv_space){0};
}

const char *clv_design_text(const struct clv_space *space, size_t candidate,
                            char into[CLV_DESIGN_TEXT])
{
    const struct clv_costs *costs = space->costs;
    const struct clv_candidate *c = &space->candidates[candidate];
    const char *variant = costs->variants[c->variant].name;
    const char *engine = costs->engines[c->engine];
    int many_variants = costs->variant_count > 1;
    int many_engines = costs->engine_count > 1;
    char packing[CLV_PACKING_TEXT];
    int used = snprintf(into, CLV_DESIGN_TEXT, "%.120s%s%.60s%scut %.120s",
                        many_variants ? variant : "", many_variants ? " " : "",
                        many_engines ? engine : "", many_engines ? " " : "",
                        costs->cuts[c->cut].name);

    if (c->pack != CLV_NO_PACK && used > 0) {
        snprintf(into + used, CLV_DESIGN_TEXT - (size_t)used, " %s%s on %.120s",
                 clv_packing_text(&costs->packs[c->pack].packing, packing),
                 c->is_huffman ? " as Huffman codes" : "",
                 costs->servers[c->server]);
    }
    return into;
}
