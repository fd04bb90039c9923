/*
 * entropy_excess.c - frames of dense against the ideal length under their
 * own model.
 *
 * The excess of a frame is all its bytes, header and checksum and lanes'
 * states among them, less its ideal length. It may be 3 % of the latter or
 * 24 bytes, whichever is more; the row's value is the worst frame's excess
 * over what it may be.
 */
#include <stdio.h>

#include "bench/apart.h"
#include "bench/coded.h"
#include "bench/packing_sections.h"
#include "bench/tally.h"

#define MAY_BE_SHARE 0.03
#define MAY_BE_BYTES 24.0
#define BAR 1.0

static const double steps_sd[] = {0.7, 1.0, 1.4};

struct excess {
    double worst; /* over what it may be */
    char worst_at[160];
    double worst_escaping; /* the same, with the encoder's own escapes */
    double percent_sum;
    double bytes_sum;
    size_t frames;
    size_t beyond;    /* what they may be */
    size_t raw;       /* went raw, and were not looked at */
    size_t own_books; /* brought their tables along */
};

struct look {
    const char *network;
    struct coded coded;
    struct excess *excess;
};

/* What there is above the ideal, over what there may be. */
static double share_of(double size, double ideal)
{
    double may_be = MAY_BE_SHARE * ideal;

    return (size - ideal) / (may_be < MAY_BE_BYTES ? MAY_BE_BYTES : may_be);
}

static void add_frame(struct look *l, const char *cut, double step_sd)
{
    struct excess *e = l->excess;
    struct coded_ideal found = coded_find_ideal(&l->coded);
    double size = (double)l->coded.message.size;
    double ideal = found.bits / 8;
    double share = share_of(size, ideal);
    double escaping = share_of(size, found.escaping_bits / 8);

    if (e->frames == 0 || share > e->worst) {
        e->worst = share;
        snprintf(e->worst_at, sizeof e->worst_at,
                 "%.40s %.60s at %g sd: %.0f bytes, ideal %.0f", l->network,
                 cut, step_sd, size, ideal);
    }
    if (e->frames == 0 || escaping > e->worst_escaping) {
        e->worst_escaping = escaping;
    }
    e->beyond += share > 1;
    e->percent_sum += 100 * (size - ideal) / ideal;
    e->bytes_sum += size - ideal;
    e->own_books += !l->coded.frame.names_book;
    e->frames++;
}

static void look_at(void *self, const cleave_tensor *tensor)
{
    struct look *l = self;

    for (size_t i = 0; i < sizeof steps_sd / sizeof steps_sd[0]; i++) {
        if (coded_make(&l->coded, tensor, steps_sd[i])) {
            add_frame(l, tensor->info.name, steps_sd[i]);
        } else {
            l->excess->raw++;
        }
    }
}

static void look_at_cut(struct exhibit *e, const char *cut,
                        const struct effort *effort, void *result)
{
    struct look l = {.network = e->name, .excess = result};
    struct clv_calibration *calibration = exhibit_calibrate(e, cut);

    coded_init(&l.coded, calibration);
    exhibit_show(e, cut, effort->inputs, look_at, &l);
    coded_fini(&l.coded);
    clv_calibration_free(calibration);
}

static void add_up(struct excess *all, const struct excess *one)
{
    if (one->frames > 0 && (all->frames == 0 || one->worst > all->worst)) {
        all->worst = one->worst;
        snprintf(all->worst_at, sizeof all->worst_at, "%s", one->worst_at);
    }
    if (one->frames > 0 &&
        (all->frames == 0 || one->worst_escaping > all->worst_escaping)) {
        all->worst_escaping = one->worst_escaping;
    }
    all->beyond += one->beyond;
    all->percent_sum += one->percent_sum;
    all->bytes_sum += one->bytes_sum;
    all->frames += one->frames;
    all->raw += one->raw;
    all->own_books += one->own_books;
}

static void print(const struct excess *all, const struct effort *effort)
{
    static const char what[] =
        "worst excess of a frame over its ideal length, as a part of what is "
        "allowed (3 % or 24 bytes)";
    json_t *context = tally_context();

    if (all->frames == 0) {
        tally_skip("packing.entropy", what, "no frame was coded");
        json_decref(context);
        return;
    }
    json_object_update_new(
        context,
        json_pack("{s:I, s:I, s:f, s:f, s:s, s:f, s:I, s:I, s:b}", "frames",
                  (json_int_t)all->frames, "frames_beyond",
                  (json_int_t)all->beyond, "mean_excess_percent",
                  all->percent_sum / (double)all->frames, "mean_excess_bytes",
                  all->bytes_sum / (double)all->frames, "worst", all->worst_at,
                  "worst_with_the_encoder's_escapes", all->worst_escaping,
                  "raw", (json_int_t)all->raw, "with_own_tables",
                  (json_int_t)all->own_books, "quick", effort->quick));
    tally_row("packing.entropy", what, all->worst, "x", BAR, context);
}

void section_entropy(const char *data, const struct effort *effort)
{
    struct exhibit_job job = {data, effort, look_at_cut};
    struct excess all = {0};
    struct apart *apart =
        apart_run(EXHIBIT_KNOWN, sizeof all, exhibit_run, &job);

    for (size_t i = 0; i < EXHIBIT_KNOWN; i++) {
        if (apart_result(apart, i) != NULL) {
            add_up(&all, apart_result(apart, i));
        }
    }
    print(&all, effort);
    apart_must(apart);
    apart_free(apart);
}
