/*
 * test_survey.c - a small network surveyed, stopped at every point, and gone
 * on with.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/calibration.h"
#include "nearly.h"
#include "profile/survey.h"
#include "rating_bed.h"

struct site {
    struct rating_bed *bed;
    struct clv_database *database;
    struct clv_sampling sampling;
    struct clv_survey_engine engine;
    char calibration[CLV_PATH_MAX];
    size_t steps; /* that were begun */
    size_t patience;
    size_t asked;
    char notes[2048];
    const char *data;
    struct clv_subject subject;
    int is_unlabelled;
};

static void note_step(void *self, double seconds, const char *what)
{
    struct site *t = self;

    assert_true(seconds >= 0 && what[0] != '\0');
    t->steps++;
}

static void note_text(void *self, const char *text)
{
    struct site *t = self;
    size_t used = strlen(t->notes);

    snprintf(t->notes + used, sizeof t->notes - used, "%s\n", text);
}

static int is_cancelled(void *self)
{
    struct site *t = self;

    return ++t->asked > t->patience;
}

static int begin(void **state)
{
    struct site *t = calloc(1, sizeof *t);
    void *bed = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (t == NULL || bed_begin(&bed) != 0) {
        return -1;
    }
    t->bed = bed;
    t->patience = SIZE_MAX;
    t->data = "rows";
    t->engine = (struct clv_survey_engine){t->bed->network,
                                           clv_engine_name(t->bed->engine),
                                           clv_engine_identity(t->bed->engine)};
    snprintf(t->calibration, sizeof t->calibration, "%s",
             scratch_path(t->bed->scratch, "net.calib"));
    *state = t;
    return clv_sampling_init(&t->sampling, BED_ROWS, 10, 0, NULL, NULL, NULL) !=
                       CLEAVE_OK ||
                   clv_database_open(scratch_path(t->bed->scratch, "p.db"),
                                     CLV_DATABASE_WRITE, &t->database,
                                     &err) != CLEAVE_OK
               ? -1
               : 0;
}

static int end(void **state)
{
    struct site *t = *state;
    void *bed = t->bed;

    clv_database_close(t->database);
    clv_sampling_fini(&t->sampling);
    free(t);
    return bed_end(&bed);
}

static cleave_status survey(struct site *t, int is_fast, cleave_error *err)
{
    struct clv_survey_options o = {
        .database = t->database,
        .name = "net",
        .size_bytes = 123,
        .network = t->bed->network,
        .engines = &t->engine,
        .engine_count = 1,
        .source = t->bed->source,
        .labels = t->is_unlabelled ? NULL : t->bed->labels,
        .sampling = &t->sampling,
        .data = t->data,
        .subject = t->subject,
        .calibration = t->calibration,
        .is_fast = is_fast,
        .budget_pp = 1,
        .clock = clv_clock_machine(),
        .watch = {.self = t,
                  .step = note_step,
                  .note = note_text,
                  .is_cancelled = is_cancelled},
    };

    *err = (cleave_error)CLEAVE_ERROR_INIT;
    t->steps = 0;
    t->asked = 0;
    return clv_survey_run(&o, err);
}

static void survey_well(struct site *t, int is_fast)
{
    cleave_error err;

    if (survey(t, is_fast, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static void load(struct site *t, struct clv_costs *costs, char note[512])
{
    const struct clv_wanted_variant variant = {
        "net", clv_network_sha256(t->bed->network)};
    struct clv_wanted wanted = {.variants = &variant,
                                .variant_count = 1,
                                .engines = &t->engine.name,
                                .engine_count = 1,
                                .subject = t->subject};
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_database_load(t->database, &wanted, costs, note, &err) !=
        CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static size_t packs_of(const struct clv_costs *c, uint32_t cut,
                       enum clv_coder coder)
{
    size_t count = 0;

    for (size_t i = 0; i < c->pack_count; i++) {
        count += c->packs[i].cut == cut && c->packs[i].packing.coder == coder;
    }
    return count;
}

static void all_parts_are_there_afterwards(void **state)
{
    struct site *t = *state;
    struct clv_costs c;
    char note[512];

    survey_well(t, 0);
    load(t, &c, note);
    assert_string_equal(note, "");
    assert_int_equal(c.variant_count, 1);
    assert_string_equal(c.variants[0].metric, "top1");
    assert_nearly(c.variants[0].score, 0.9, 0.06); /* every tenth is wrong */
    assert_true(c.variants[0].score_low < c.variants[0].score &&
                c.variants[0].score < c.variants[0].score_high);
    assert_true(c.cut_count >= 3);
    assert_string_equal(c.cuts[0].name, "input");
    assert_string_equal(c.cuts[c.cut_count - 1].name, "output");
    assert_int_equal(c.head_count, c.cut_count);
    for (uint32_t i = 0; i + 1 < c.cut_count; i++) {
        assert_int_equal(packs_of(&c, i, CLV_CODER_RAW), 2);
        assert_true(packs_of(&c, i, CLV_CODER_DENSE) >= 1);
        assert_int_equal(packs_of(&c, i, CLV_CODER_DENSE),
                         packs_of(&c, i, CLV_CODER_FAST));
        assert_true(packs_of(&c, i, CLV_CODER_LZ) >= 1);
    }
    for (size_t i = 0; i < c.pack_count; i++) {
        const struct clv_cost_pack *p = &c.packs[i];
        assert_true(p->drop_low_pp <= p->drop_pp);
        assert_true(p->drop_pp <= p->drop_high_pp);
        assert_true(p->bytes_up.min > 100); /* heads of messages are in it */
        assert_true(p->pack_ns.count > 0 && p->unpack_ns.count > 0);
        assert_true((p->packing.coder == CLV_CODER_LZ) ==
                    (p->huffman_bytes > 0));
    }
    clv_costs_fini(&c);
}

static void what_is_known_is_not_measured_again(void **state)
{
    struct site *t = *state;
    struct clv_costs before;
    struct clv_costs after;
    size_t steps;
    char note[512];

    survey_well(t, 0);
    steps = t->steps;
    load(t, &before, note);
    survey_well(t, 0);
    load(t, &after, note);
    assert_true(t->steps < steps / 2);
    assert_non_null(strstr(t->notes, "used as it is"));
    assert_int_equal(after.pack_count, before.pack_count);
    assert_memory_equal(after.packs, before.packs,
                        before.pack_count * sizeof *before.packs);
    assert_memory_equal(after.heads, before.heads,
                        before.head_count * sizeof *before.heads);
    clv_costs_fini(&before);
    clv_costs_fini(&after);
}

static void it_may_stop_anywhere_and_go_on(void **state)
{
    struct site *t = *state;
    cleave_status status = CLEAVE_CANCELLED;
    struct clv_costs c;
    char note[512];
    cleave_error err;
    size_t stops = 0;

    while (status == CLEAVE_CANCELLED && stops < 500) {
        t->patience = 8 + 4 * stops++;
        status = survey(t, 0, &err);
        if (status == CLEAVE_CANCELLED) {
            assert_non_null(strstr(err.text, "goes on from here"));
        }
    }
    assert_int_equal(status, CLEAVE_OK);
    assert_true(stops > 5);
    load(t, &c, note);
    assert_string_equal(note, "");
    assert_int_equal(packs_of(&c, 0, CLV_CODER_RAW), 2);
    clv_costs_fini(&c);
}

static void an_unfinished_one_says_so(void **state)
{
    struct site *t = *state;
    struct clv_costs c;
    char note[512];
    cleave_error err;

    survey_well(t, 1);
    t->patience = 2;
    assert_int_equal(survey(t, 1, &err), CLEAVE_CANCELLED);
    load(t, &c, note);
    assert_non_null(strstr(note, "not complete"));
    clv_costs_fini(&c);
}

static void a_fast_one_measures_less(void **state)
{
    struct site *t = *state;
    struct clv_costs fast;
    struct clv_costs full;
    char note[512];

    survey_well(t, 1);
    load(t, &fast, note);
    survey_well(t, 0);
    load(t, &full, note);
    assert_true(fast.pack_count > 0 && fast.pack_count < full.pack_count);
    assert_non_null(strstr(t->notes, "No server was asked"));
    clv_costs_fini(&fast);
    clv_costs_fini(&full);
}

/* The calibration is learnt from inputs that are not examined, and kept. */
static void the_calibration_is_left_behind(void **state)
{
    struct site *t = *state;
    struct clv_calibration *calibration = NULL;

    survey_well(t, 0);
    assert_int_equal(clv_calibration_read(t->calibration, &calibration, NULL),
                     CLEAVE_OK);
    assert_non_null(clv_calibration_find(calibration, "x"));
    clv_calibration_free(calibration);
    for (size_t i = 0; i < t->sampling.examine_count; i++) {
        for (size_t j = 0; j < t->sampling.teach_count; j++) {
            assert_true(t->sampling.examine[i] != t->sampling.teach[j]);
        }
    }
}

static void a_calibration_of_another_model_is_refused(void **state)
{
    struct site *t = *state;
    cleave_error err;

    survey_well(t, 1);
    clv_network_close(t->bed->network);
    t->bed->network = NULL;
    assert_int_equal(
        tiny_chain_write(scratch_path(t->bed->scratch, "net.onnx"), -1), 0);
    assert_int_equal(clv_network_open(scratch_path(t->bed->scratch, "net.onnx"),
                                      t->bed->engine, t->bed->store,
                                      &t->bed->network, &err),
                     CLEAVE_OK);
    t->engine.network = t->bed->network;
    assert_int_equal(survey(t, 1, &err), CLEAVE_MISMATCH);
}

static void be(struct site *t, int is_night)
{
    static const struct clv_subject subjects[] = {
        {.task = "day", .input = "/in/day"},
        {.task = "night", .input = "/in/night"}};

    t->subject = subjects[is_night];
    t->data = is_night ? "night's" : "day's";
    t->is_unlabelled = is_night;
}

static void expect_same(const struct clv_costs *a, const struct clv_costs *b)
{
    assert_true(a->variants[0].score == b->variants[0].score);
    assert_string_equal(a->variants[0].metric, b->variants[0].metric);
    assert_int_equal(a->pack_count, b->pack_count);
    assert_memory_equal(a->packs, b->packs, a->pack_count * sizeof *a->packs);
}

/* Of two tasks one model is measured for each, however often one of them is
   cut off, and neither gets the other's. */
static void tasks_that_share_a_model_go_on_each_by_itself(void **state)
{
    struct site *t = *state;
    cleave_status status = CLEAVE_CANCELLED;
    struct clv_costs day;
    struct clv_costs now;
    char note[512];
    cleave_error err;

    be(t, 0);
    survey_well(t, 1);
    load(t, &day, note);
    for (size_t stops = 1; status == CLEAVE_CANCELLED; stops++) {
        be(t, 1);
        t->patience = 16 * stops;
        status = survey(t, 1, &err);
        assert_true(status == CLEAVE_OK || status == CLEAVE_CANCELLED);
        assert_true(stops < 200);
        be(t, 0);
        load(t, &now, note);
        assert_string_equal(note, "");
        expect_same(&now, &day);
        clv_costs_fini(&now);
    }
    t->patience = SIZE_MAX;
    survey_well(t, 1);
    load(t, &now, note);
    expect_same(&now, &day);
    clv_costs_fini(&now);
    be(t, 1);
    load(t, &now, note);
    assert_string_equal(note, "");
    assert_string_equal(now.variants[0].metric, "cosine");
    assert_true(now.pack_count > 0);
    clv_costs_fini(&now);
    clv_costs_fini(&day);
}

#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SITE(all_parts_are_there_afterwards),
        ON_SITE(what_is_known_is_not_measured_again),
        ON_SITE(it_may_stop_anywhere_and_go_on),
        ON_SITE(an_unfinished_one_says_so),
        ON_SITE(tasks_that_share_a_model_go_on_each_by_itself),
        ON_SITE(a_fast_one_measures_less),
        ON_SITE(the_calibration_is_left_behind),
        ON_SITE(a_calibration_of_another_model_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
