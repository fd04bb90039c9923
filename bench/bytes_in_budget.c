/*
 * bytes_in_budget.c - bytes at no more than a point of top-1 lost.
 *
 * For each cut the coders lz and dense climb from fine to coarse; the best
 * setting is the one of fewest bytes with which no more than the budget was
 * lost, as observed. At the cut `input` JPEG and WebP climb likewise. A climb
 * ends where the loss is beyond the budget with 95 % confidence. All bytes
 * count, those of headers and checksums too.
 *
 * One standard error of a change is 0.6 to 1 points on some 436 pictures, so a
 * single ratio is noisy, by about two settings each way; means are not so.
 * Both coders are judged by the same noise, on the same pictures.
 *
 * Dense begins at 0.42 sd; only where that is too coarse does it climb down
 * to finer steps. A cut where no setting of lz is good enough has no ratio,
 * and is counted. A cut where none of dense is counts with two bytes an
 * element, f16, which is without loss as far as top-1 goes.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/apart.h"
#include "bench/packing_sections.h"
#include "bench/tally.h"
#include "profile/ladder.h"
#include "profile/rater.h"

#define BUDGET_PP 1.0
#define FIRST_STEP_SD 0.41
#define LEAST_QUALITY 50
#define DENSE_BAR 0.58
#define DENSE_GOAL 0.50
#define PICTURE_BAR 0.20
#define PICTURE_GOAL 0.10
#define UNSEEN 3
#define UNSEEN_CUTS 4

/* The best setting so far. */
struct pick {
    int found;
    size_t measured;
    double bytes;
    double change_pp;
    char text[CLV_PACKING_TEXT];
};

struct cut_result {
    char name[96];
    uint64_t elements;
    struct pick lz;
    struct pick dense;
};

struct network_result {
    size_t eligible;
    size_t cut_count;
    size_t samples;
    double unpacked; /* top-1, a share */
    struct cut_result cuts[EXHIBIT_CUTS];
    struct pick picture;
    uint64_t ppm_bytes;
};

/* Networks that nothing was tuned on. */
static const struct exhibit_place unseen[UNSEEN] = {
    {"models-imagenet", "mobilenet_v1_0.5_160_fp32", "imagenet-500", 0},
    {"models-cifar10", "resnet20_cifar10_fp32", "cifar10-1000", 1},
    {"models-text", "text_m_fp32", "text-500", 0},
};

/* -- Climbing -- */

struct climber {
    struct exhibit *exhibit;
    struct clv_rater *rater;
    const char *cut;
    struct clv_calibration *calibration;
};

/* Measures one setting. Returns 0 if it is beyond the budget for sure. */
static int try_setting(struct climber *c, const struct clv_packing *packing,
                       struct network_result *result, struct pick *best)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_rate rate;

    stage_must(clv_rater_measure(c->rater, c->cut, packing, c->calibration,
                                 &rate, &err),
               &err, c->cut);
    result->samples = (size_t)rate.inputs;
    result->unpacked = rate.unpacked;
    best->measured++;
    if (clv_rate_is_within(&rate, BUDGET_PP) &&
        (!best->found || rate.bytes < best->bytes)) {
        best->found = 1;
        best->bytes = rate.bytes;
        best->change_pp = rate.change_pp;
        clv_packing_text(packing, best->text);
    }
    return !clv_rate_is_beyond(&rate, BUDGET_PP);
}

/* Finer steps than dense begins with are for where that is too coarse. */
static int is_fine(const struct clv_packing *packing)
{
    return packing->step > 0 && packing->step < FIRST_STEP_SD;
}

static void climb(struct climber *c, enum clv_coder coder,
                  struct network_result *result, struct pick *best)
{
    struct clv_ladder ladder;
    size_t i = 0;

    clv_ladder_usual(1u << coder, CLV_LADDER_PICTURE, &ladder);
    while (i < ladder.count && is_fine(&ladder.rungs[i].packing)) {
        i++;
    }
    for (size_t j = i; j < ladder.count; j++) {
        if (!try_setting(c, &ladder.rungs[j].packing, result, best)) {
            break;
        }
    }
    while (!best->found && i > 0) {
        try_setting(c, &ladder.rungs[--i].packing, result, best);
    }
}

static void climb_pictures(struct climber *c, enum clv_coder coder,
                           struct network_result *result)
{
    struct clv_packing packing = {.coder = coder};

    for (packing.quality = 95; packing.quality >= LEAST_QUALITY;
         packing.quality -= 5) {
        if (!try_setting(c, &packing, result, &result->picture)) {
            break;
        }
    }
}

/* -- One network -- */

static double ratio_of(const struct cut_result *cut)
{
    double dense =
        cut->dense.found ? cut->dense.bytes : 2 * (double)cut->elements;

    return dense / cut->lz.bytes;
}

static void say_cut(const struct exhibit *e, size_t at,
                    const struct cut_result *cut)
{
    const struct pick *picks[] = {&cut->lz, &cut->dense};
    char line[512];
    int n = snprintf(line, sizeof line, "%s: %s (%zu of %zu)", e->name,
                     cut->name, at + 1, e->cut_count);

    for (size_t i = 0; i < 2; i++) {
        const struct pick *p = picks[i];
        n += p->found ? snprintf(line + n, sizeof line - (size_t)n,
                                 ", %s %.0f B (%+.1f pp)", p->text, p->bytes,
                                 p->change_pp)
                      : snprintf(line + n, sizeof line - (size_t)n,
                                 ", no setting of %s within budget",
                                 i == 0 ? "lz" : "dense");
    }
    if (cut->lz.found) {
        snprintf(line + n, sizeof line - (size_t)n, ", ratio %.3f",
                 ratio_of(cut));
    }
    printf("%s\n", line);
    fflush(stdout);
}

static void rate_cut(struct climber *c, size_t at,
                     struct network_result *result)
{
    const struct clv_cut *cut = c->exhibit->cuts[at];
    struct cut_result *into = &result->cuts[at];

    snprintf(into->name, sizeof into->name, "%s", cut->name);
    into->elements = exhibit_elements(cut);
    c->cut = cut->name;
    c->calibration = exhibit_calibrate(c->exhibit, cut->name);
    climb(c, CLV_CODER_LZ, result, &into->lz);
    climb(c, CLV_CODER_DENSE, result, &into->dense);
    clv_calibration_free(c->calibration);
    c->calibration = NULL;
    say_cut(c->exhibit, at, into);
}

/* True if the network's one input is a picture. */
static int has_picture(const struct exhibit *e)
{
    return e->card->input_count == 1 &&
           e->card->inputs[0].kind == CLV_KIND_IMAGE;
}

static void rate_pictures(struct climber *c, struct network_result *result)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct exhibit *e = c->exhibit;
    struct clv_sample sample;
    char ppm[64];

    c->cut = CLV_CUT_INPUT;
    climb_pictures(c, CLV_CODER_JPEG, result);
    climb_pictures(c, CLV_CODER_WEBP, result);
    clv_sample_init(&sample);
    stage_must(clv_source_load_picture(e->source, e->sampling.examine[0],
                                       &sample, &err),
               &err, e->name);
    result->ppm_bytes =
        3 * (uint64_t)sample.image.width * sample.image.height +
        (uint64_t)snprintf(ppm, sizeof ppm, "P6\n%u %u\n255\n",
                           sample.image.width, sample.image.height);
    clv_sample_fini(&sample);
    if (result->picture.found) {
        printf("%s: the picture, %s %.0f B (%+.1f pp)\n", e->name,
               result->picture.text, result->picture.bytes,
               result->picture.change_pp);
    } else {
        printf("%s: the picture, no setting of jpeg or webp within budget; as "
               "PPM it has %llu B\n",
               e->name, (unsigned long long)result->ppm_bytes);
    }
    fflush(stdout);
}

static void rate_network(struct climber *c, struct network_result *result)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct exhibit *e = c->exhibit;
    struct clv_rater_options options = {
        .network = e->network,
        .source = e->source,
        .card = e->card,
        .labels = e->labels,
        .samples = e->sampling.examine,
        .sample_count = e->sampling.examine_count,
        .clock = clv_clock_machine(),
    };

    stage_must(clv_rater_open(&options, &c->rater, &err), &err, e->name);
    result->eligible = e->eligible;
    result->cut_count = e->cut_count;
    for (size_t i = 0; i < e->cut_count; i++) {
        rate_cut(c, i, result);
    }
}

struct job {
    const char *data;
    const struct effort *effort;
};

static const struct exhibit_place *place_of(size_t index)
{
    return index < EXHIBIT_KNOWN ? exhibit_known(index)
                                 : &unseen[index - EXHIBIT_KNOWN];
}

/* A process of its own. */
static void run_network(void *self, size_t index, void *result)
{
    const struct job *job = self;
    int is_known = index < EXHIBIT_KNOWN;
    size_t cuts = job->effort->cuts;
    struct exhibit exhibit;
    struct climber c = {.exhibit = &exhibit};

    if (!is_known && cuts > UNSEEN_CUTS) {
        cuts = UNSEEN_CUTS;
    }
    exhibit_open(&exhibit, job->data, place_of(index), job->effort, cuts);
    rate_network(&c, result);
    if (is_known && has_picture(&exhibit)) {
        rate_pictures(&c, result);
    }
    clv_rater_close(c.rater);
    exhibit_close(&exhibit);
}

/* -- Rows -- */

/* Ratios to be averaged, and what was left out. */
struct mean {
    double log_sum;
    double least;
    double greatest;
    size_t count;
    size_t without; /* had no ratio */
};

static void add_ratio(struct mean *m, double ratio)
{
    m->log_sum += log(ratio);
    m->least = m->count == 0 || ratio < m->least ? ratio : m->least;
    m->greatest = m->count == 0 || ratio > m->greatest ? ratio : m->greatest;
    m->count++;
}

static double mean_of(const struct mean *m)
{
    return exp(m->log_sum / (double)m->count);
}

static void add_cuts(struct mean *m, const struct network_result *r)
{
    for (size_t i = 0; i < r->cut_count; i++) {
        if (r->cuts[i].lz.found) {
            add_ratio(m, ratio_of(&r->cuts[i]));
        } else {
            m->without++;
        }
    }
}

static json_t *describe(const struct effort *effort, const struct mean *m,
                        const char *without)
{
    json_t *context = tally_context();

    json_object_update_new(
        context,
        json_pack("{s:I, s:f, s:f, s:I, s:f, s:s}", "ratios",
                  (json_int_t)m->count, "least", m->least, "greatest",
                  m->greatest, without, (json_int_t)m->without, "budget_pp",
                  BUDGET_PP, "noise",
                  "one standard error of a change is about 0.6 to 1 points, so "
                  "single ratios are noisy"));
    if (effort->quick) {
        json_object_set_new(context, "quick", json_true());
    }
    return context;
}

static json_t *describe_pick(const struct pick *pick)
{
    return pick->found
               ? json_pack("{s:s, s:f, s:f}", "setting", pick->text, "bytes",
                           pick->bytes, "change_pp", pick->change_pp)
               : json_null();
}

static json_t *describe_cuts(const struct network_result *r)
{
    json_t *cuts = json_array();

    for (size_t i = 0; i < r->cut_count; i++) {
        const struct cut_result *cut = &r->cuts[i];
        json_array_append_new(cuts, json_pack("{s:s, s:I, s:o, s:o}", "cut",
                                              cut->name, "elements",
                                              (json_int_t)cut->elements, "lz",
                                              describe_pick(&cut->lz), "dense",
                                              describe_pick(&cut->dense)));
    }
    return cuts;
}

/* One network's cuts, all that was found out about them. */
static void print_network(const struct job *job, const char *name,
                          const struct network_result *r)
{
    struct mean m = {0};
    char id[128];
    json_t *context;

    add_cuts(&m, r);
    snprintf(id, sizeof id, "packing.bytes.%s", name);
    if (m.count == 0) {
        tally_skip(id, "bytes of dense over those of lz",
                   r->cut_count == 0
                       ? "no cut is of one f32 tensor with several positions"
                       : "no cut had a setting of lz within budget");
        return;
    }
    context = describe(job->effort, &m, "without_lz");
    json_object_update_new(context,
                           json_pack("{s:I, s:I, s:f, s:o}", "test_inputs",
                                     (json_int_t)r->samples, "eligible_cuts",
                                     (json_int_t)r->eligible, "top1",
                                     r->unpacked, "cuts", describe_cuts(r)));
    tally_row(id, "bytes of dense over those of lz, geometric mean of cuts",
              mean_of(&m), "x", 0, context);
}

static void print_mean(const struct job *job, const char *id, const char *what,
                       const struct mean *m, const char *without, double bar,
                       double goal)
{
    json_t *context;

    if (m->count == 0) {
        tally_skip(id, what, "there was nothing to compare within budget");
        return;
    }
    context = describe(job->effort, m, without);
    if (goal > 0) {
        json_object_set_new(context, "goal", json_real(goal));
    }
    tally_row(id, what, mean_of(m), "x", bar, context);
}

/* The cut of fewest bytes, NULL if dense is good enough nowhere. */
static const struct cut_result *best_cut(const struct network_result *r)
{
    const struct cut_result *best = NULL;

    for (size_t i = 0; i < r->cut_count; i++) {
        const struct cut_result *cut = &r->cuts[i];
        if (cut->dense.found &&
            (best == NULL || cut->dense.bytes < best->dense.bytes)) {
            best = cut;
        }
    }
    return best;
}

static void print_picture(const struct job *job, const char *name,
                          const struct network_result *r, struct mean *m)
{
    static const char what[] = "bytes of the best cut over the best picture's";
    const struct cut_result *best = best_cut(r);
    struct mean one = {0};
    char id[128];
    json_t *context;

    snprintf(id, sizeof id, "packing.picture.%s", name);
    if (best == NULL || !r->picture.found) {
        m->without++;
        tally_skip(id, what,
                   best == NULL ? "no cut had a setting of dense within budget"
                                : "no setting of jpeg or webp within budget");
        return;
    }
    add_ratio(&one, best->dense.bytes / r->picture.bytes);
    add_ratio(m, best->dense.bytes / r->picture.bytes);
    context = describe(job->effort, &one, "without_picture");
    json_object_update_new(context,
                           json_pack("{s:s, s:o, s:o, s:I}", "cut", best->name,
                                     "dense", describe_pick(&best->dense),
                                     "picture", describe_pick(&r->picture),
                                     "ppm_bytes", (json_int_t)r->ppm_bytes));
    tally_row(id, what, mean_of(&one), "x", 0, context);
}

static void print_all(const struct job *job, const struct apart *apart)
{
    struct mean known = {0};
    struct mean pictures = {0};
    struct mean others = {0};

    for (size_t i = 0; i < EXHIBIT_KNOWN + UNSEEN; i++) {
        const struct network_result *r = apart_result(apart, i);
        if (r == NULL) {
            continue;
        }
        print_network(job, place_of(i)->name, r);
        add_cuts(i < EXHIBIT_KNOWN ? &known : &others, r);
        if (i < EXHIBIT_KNOWN) {
            print_picture(job, place_of(i)->name, r, &pictures);
        }
    }
    print_mean(job, "packing.bytes",
               "bytes of dense over those of lz at <= 1 point lost, geometric "
               "mean of all cuts",
               &known, "without_lz", DENSE_BAR, DENSE_GOAL);
    print_mean(job, "packing.bytes.unseen",
               "the same on networks that nothing was tuned on", &others,
               "without_lz", 0, 0);
    print_mean(job, "packing.picture",
               "bytes of the best cut over the best JPEG's or WebP's at <= 1 "
               "point lost, geometric mean of networks",
               &pictures, "without_picture", PICTURE_BAR, PICTURE_GOAL);
}

void section_bytes(const char *data, const struct effort *effort)
{
    struct job job = {data, effort};
    struct apart *apart =
        apart_run(EXHIBIT_KNOWN + UNSEEN, sizeof(struct network_result),
                  run_network, &job);

    print_all(&job, apart);
    apart_must(apart);
    apart_free(apart);
}
