/*
 * test_policy.c - each published system is given what its paper has, and
 * nothing of ours.
 */
#include "costs_bed.h"

#include <string.h>

#include "plan/policy.h"
#include "plan/scheduler.h"

static const struct clv_power power = {4, 2, 1};

struct world {
    struct clv_costs costs;
    struct clv_space space;
};

static void world_init(struct world *w, int without_pictures)
{
    struct seeded s = seeded_init("policies", 31);
    struct costs_bed bed = {
        .variants = 2, .cuts = 20, .without_pictures = without_pictures};

    costs_bed_fill(&w->costs, &s, &bed);
    assert_int_equal(clv_space_init(&w->space, &w->costs, &power, NULL),
                     CLEAVE_OK);
}

static void world_fini(struct world *w)
{
    clv_space_fini(&w->space);
    clv_costs_fini(&w->costs);
}

/* What is known, in short: coder letters and where, of all candidates. */
static const char *kind_of(const struct world *w, size_t i, char into[64])
{
    const struct clv_candidate *c = &w->space.candidates[i];
    const struct clv_cost_cut *cut = &w->costs.cuts[c->cut];
    const struct clv_packing *p;
    const char *where = "inner";

    if (c->pack == CLV_NO_PACK) {
        return "local";
    }
    p = &w->costs.packs[c->pack].packing;
    if (strcmp(cut->name, "input") == 0) {
        where = "input";
    } else if (cut->tensors > 1) {
        where = "several";
    } else if (cut->is_activation) {
        where = "activation";
    }
    snprintf(into, 64, "%s %s%s%s", where, clv_coder_name(p->coder),
             p->half ? "-half" : "", c->is_huffman ? "-huffman" : "");
    return into;
}

static void check(const struct world *w, const char *name,
                  const char *const *kinds, size_t count)
{
    const struct clv_policy *policy;
    unsigned seen[16] = {0};

    assert_int_equal(clv_policy_find(name, &policy, NULL), CLEAVE_OK);
    for (size_t i = 0; i < w->space.count; i++) {
        char text[64];
        const char *kind = kind_of(w, i, text);
        size_t k = 0;
        if (!policy->knows(&w->space, i)) {
            continue;
        }
        while (k < count && strcmp(kinds[k], kind) != 0) {
            k++;
        }
        if (k == count) {
            fail_msg("%s knows '%s'", name, kind);
        }
        seen[k]++;
    }
    for (size_t k = 0; k < count; k++) {
        if (seen[k] == 0) {
            fail_msg("%s does not know '%s'", name, kinds[k]);
        }
    }
}

#define CHECK(w, name, ...)                                    \
    do {                                                       \
        static const char *const kinds[] = {__VA_ARGS__};      \
        check(w, name, kinds, sizeof kinds / sizeof kinds[0]); \
    } while (0)

static void each_knows_what_its_paper_has(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, 0);
    CHECK(&w, "device-only", "local");
    CHECK(&w, "server-raw", "input raw");
    CHECK(&w, "server-jpeg", "input jpeg");
    CHECK(&w, "neurosurgeon", "local", "input raw", "activation raw",
          "inner raw");
    CHECK(&w, "dads", "local", "input raw", "activation raw", "inner raw",
          "several raw");
    CHECK(&w, "jalad", "local", "input raw", "input lz-huffman",
          "activation lz-huffman", "inner lz-huffman");
    CHECK(&w, "spinn", "local", "input raw", "input lz", "activation lz");
    CHECK(&w, "dyno", "local", "input raw", "input lz", "activation lz");
    world_fini(&w);
    world_init(&w, 1);
    CHECK(&w, "server-jpeg", "input raw");
    world_fini(&w);
}

static void cleave_knows_all_that_it_can_run(void **state)
{
    const struct clv_policy *cleave;
    const struct clv_policy *spinn;
    struct world w;

    (void)state;
    world_init(&w, 0);
    assert_int_equal(clv_policy_find("cleave", &cleave, NULL), CLEAVE_OK);
    assert_int_equal(clv_policy_find("spinn", &spinn, NULL), CLEAVE_OK);
    for (size_t i = 0; i < w.space.count; i++) {
        const struct clv_candidate *c = &w.space.candidates[i];
        assert_int_equal(cleave->knows(&w.space, i), !c->is_huffman);
        if (spinn->knows(&w.space, i) && c->pack != CLV_NO_PACK &&
            w.costs.packs[c->pack].packing.coder != CLV_CODER_RAW) {
            assert_int_equal(w.costs.packs[c->pack].packing.bits, 8);
        }
    }
    world_fini(&w);
}

/* Where no known packing is accurate enough, the ends are left; over a good
   link that is the server's. */
static void published_ones_fall_back_to_an_end(void **state)
{
    static const char *const known[] = {"dyno", "jalad", "server-jpeg"};
    struct clv_slo slo = clv_slo_default();
    struct clv_conditions now = clv_conditions_reference(1);
    struct world w;

    (void)state;
    world_init(&w, 0);
    for (size_t i = 0; i < w.costs.pack_count; i++) {
        struct clv_cost_pack *p = &w.costs.packs[i];
        p->drop_pp = p->packing.coder == CLV_CODER_RAW ? 0 : 30;
    }
    clv_space_fini(&w.space);
    assert_int_equal(clv_space_init(&w.space, &w.costs, &power, NULL),
                     CLEAVE_OK);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct clv_policy *policy;
        struct clv_scheduler *scheduler;
        struct clv_choice choice;
        char text[64];
        assert_int_equal(clv_policy_find(known[i], &policy, NULL), CLEAVE_OK);
        assert_int_equal(
            clv_scheduler_new(&w.space, &slo, policy, &scheduler, NULL),
            CLEAVE_OK);
        clv_scheduler_decide(scheduler, &now, CLV_NONE, &choice);
        assert_int_equal(choice.is_feasible, 1);
        assert_string_equal(kind_of(&w, choice.candidate, text), "input raw");
        clv_scheduler_free(scheduler);
    }
    world_fini(&w);
}

static void names_that_are_none_are_refused(void **state)
{
    const struct clv_policy *policy = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t count;

    (void)state;
    assert_int_equal(clv_policy_find("dynos", &policy, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "did you mean 'dyno'?"));
    assert_null(policy);
    assert_string_equal(clv_policies(&count)[0].name, "cleave");
    assert_int_equal(count, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_knows_what_its_paper_has),
        cmocka_unit_test(cleave_knows_all_that_it_can_run),
        cmocka_unit_test(published_ones_fall_back_to_an_end),
        cmocka_unit_test(names_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
