/*
 * rival_bytes.c - the same quantised symbols through dense and through
 * general compressors.
 *
 * A cut at one step is one comparison: the bytes of all frames of dense, with
 * all that belongs to a frame, over the bytes of the rival's bare output for
 * the same symbols. The bar is on the worst of all cuts, steps and rivals.
 */
#include <math.h>
#include <stdio.h>

#include "bench/apart.h"
#include "bench/coded.h"
#include "bench/packing_sections.h"
#include "bench/rivals.h"
#include "bench/tally.h"

#define STEPS 3
#define RIVALS RIVAL_FIRST_FAST
#define BAR 0.99999 /* smaller than every one of them, on every cut */

static const double steps_sd[STEPS] = {0.7, 1.0, 1.4};

/* Ratios of dense to one rival. */
struct against {
    double log_sum;
    double worst;
    char worst_at[128];
    size_t count;
};

struct contest {
    struct against rivals[RIVALS];
    size_t left_out; /* tensors that went raw, or with a symbol above 255 */
};

/* One cut's bytes at one step. */
struct bytes {
    double dense;
    double rivals[RIVALS];
};

struct cut_look {
    struct coded coded;
    struct rivals *rivals;
    struct clv_buffer room;
    struct bytes bytes[STEPS];
    size_t left_out;
};

static void add_tensor(struct cut_look *l, struct bytes *bytes)
{
    size_t count = (size_t)l->coded.frame.elements;

    clv_buffer_reset(&l->room);
    stage_must(clv_buffer_reserve(&l->room, rival_room(count)), NULL, "rivals");
    bytes->dense += (double)l->coded.message.size;
    for (int i = 0; i < (int)RIVALS; i++) {
        size_t made;
        if (!rival_is_here((enum rival)i)) {
            continue;
        }
        made = rival_compress(l->rivals, (enum rival)i, l->coded.symbols, count,
                              l->room.data, rival_room(count));
        stage_must(made > 0 ? CLEAVE_OK : CLEAVE_INVALID, NULL,
                   rival_name((enum rival)i));
        bytes->rivals[i] += (double)made;
    }
}

static void look_at(void *self, const cleave_tensor *tensor)
{
    struct cut_look *l = self;

    for (size_t i = 0; i < STEPS; i++) {
        if (coded_make(&l->coded, tensor, steps_sd[i]) &&
            l->coded.symbols != NULL) {
            add_tensor(l, &l->bytes[i]);
        } else {
            l->left_out++;
        }
    }
}

static void compare(struct contest *c, const struct exhibit *e, const char *cut,
                    size_t step, const struct bytes *bytes)
{
    for (size_t i = 0; i < RIVALS; i++) {
        struct against *a = &c->rivals[i];
        double ratio;
        if (bytes->rivals[i] <= 0) {
            continue;
        }
        ratio = bytes->dense / bytes->rivals[i];
        if (a->count == 0 || ratio > a->worst) {
            a->worst = ratio;
            snprintf(a->worst_at, sizeof a->worst_at, "%.40s %.50s at %g sd",
                     e->name, cut, steps_sd[step]);
        }
        a->log_sum += log(ratio);
        a->count++;
    }
}

static void look_at_cut(struct exhibit *e, const char *cut,
                        const struct effort *effort, void *result)
{
    struct contest *contest = result;
    struct cut_look l = {.rivals = rivals_new()};
    struct clv_calibration *calibration = exhibit_calibrate(e, cut);

    coded_init(&l.coded, calibration);
    clv_buffer_init(&l.room, SIZE_MAX / 2);
    exhibit_show(e, cut, effort->inputs, look_at, &l);
    for (size_t i = 0; i < STEPS; i++) {
        compare(contest, e, cut, i, &l.bytes[i]);
    }
    contest->left_out += l.left_out;
    clv_buffer_fini(&l.room);
    coded_fini(&l.coded);
    clv_calibration_free(calibration);
    rivals_free(l.rivals);
}

/* -- Rows -- */

static void add_up(struct contest *all, const struct contest *one)
{
    for (size_t i = 0; i < RIVALS; i++) {
        struct against *a = &all->rivals[i];
        const struct against *b = &one->rivals[i];
        if (b->count > 0 && (a->count == 0 || b->worst > a->worst)) {
            a->worst = b->worst;
            snprintf(a->worst_at, sizeof a->worst_at, "%s", b->worst_at);
        }
        a->log_sum += b->log_sum;
        a->count += b->count;
    }
    all->left_out += one->left_out;
}

static json_t *describe(const struct contest *c, const struct against *a,
                        const struct effort *effort)
{
    json_t *context = tally_context();

    json_object_update_new(
        context, json_pack("{s:I, s:I, s:f, s:s, s:I, s:b}", "ratios",
                           (json_int_t)a->count, "inputs_each",
                           (json_int_t)effort->inputs, "worst", a->worst,
                           "worst_at", a->worst_at, "left_out",
                           (json_int_t)c->left_out, "quick", effort->quick));
    return context;
}

static void print_rival(const struct contest *c, enum rival rival,
                        const struct effort *effort)
{
    const struct against *a = &c->rivals[rival];
    char id[64];
    char what[128];

    snprintf(id, sizeof id, "packing.rivals.%s", rival_name(rival));
    snprintf(what, sizeof what,
             "bytes of dense over those of %s, geometric mean of cuts and "
             "steps",
             rival_words(rival));
    if (!rival_is_here(rival)) {
        tally_skip(id, what,
                   "built without libzstd and c-blosc; scripts/setup.sh bench "
                   "installs them");
    } else if (a->count == 0) {
        tally_skip(id, what, "no tensor was compared");
    } else {
        tally_row(id, what, exp(a->log_sum / (double)a->count), "x", 0,
                  describe(c, a, effort));
    }
}

static void print_worst(const struct contest *c, const struct effort *effort)
{
    static const char what[] =
        "bytes of dense over the best rival's, worst of all cuts and steps";
    const struct against *worst = NULL;

    for (int i = 0; i < (int)RIVALS; i++) {
        const struct against *a = &c->rivals[i];
        if (!rival_is_here((enum rival)i)) {
            tally_skip("packing.rivals", what,
                       "not all rivals are here; scripts/setup.sh bench "
                       "installs them");
            return;
        }
        if (a->count > 0 && (worst == NULL || a->worst > worst->worst)) {
            worst = a;
        }
    }
    if (worst == NULL) {
        tally_skip("packing.rivals", what, "no tensor was compared");
    } else {
        tally_row("packing.rivals", what, worst->worst, "x", BAR,
                  describe(c, worst, effort));
    }
}

void section_rivals(const char *data, const struct effort *effort)
{
    struct exhibit_job job = {data, effort, look_at_cut};
    struct contest all = {0};
    struct apart *apart =
        apart_run(EXHIBIT_KNOWN, sizeof all, exhibit_run, &job);

    for (size_t i = 0; i < EXHIBIT_KNOWN; i++) {
        if (apart_result(apart, i) != NULL) {
            add_up(&all, apart_result(apart, i));
        }
    }
    for (int i = 0; i < (int)RIVALS; i++) {
        print_rival(&all, (enum rival)i, effort);
    }
    print_worst(&all, effort);
    apart_must(apart);
    apart_free(apart);
}
