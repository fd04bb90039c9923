/*
 * test_luggage.c - files count once, networks once for each engine.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/luggage.h"

static void a_file_counts_once(void **state)
{
    struct clv_files files = {.count = 0};
    struct clv_cost_variant a = {.sha256 = "a", .size_bytes = 100};
    struct clv_cost_variant b = {.sha256 = "b", .size_bytes = 30};

    (void)state;
    clv_files_add(&files, &a);
    clv_files_add(&files, &b);
    clv_files_add(&files, &a);
    assert_nearly(files.bytes, 130, 0);
    assert_int_equal(files.count, 2);
}

static void what_is_kept_is_weighed_against_all(void **state)
{
    struct seeded s = seeded_init("luggage", 1);
    struct product_bed_size size = {2, 3, 2, 1, 1, 0};
    struct product_bed bed;
    struct clv_switching t = {.tasks = 2, .kept_count = 2};
    double all = 0;
    double kept = 0;

    (void)state;
    product_bed_fill(&bed, &s, &size);
    /* both tasks have the same three files by name; sizes are the first's */
    for (size_t v = 0; v < 3; v++) {
        all += (double)bed.costs[0].variants[v].size_bytes;
    }
    kept = (double)bed.costs[0].variants[1].size_bytes;
    for (size_t j = 0; j < 2; j++) {
        for (size_t i = 0; i < 2; i++) {
            t.kept[j].configs[i] =
                (struct clv_config){.variant = 1, .engine = (uint32_t)j};
        }
    }
    clv_luggage_weigh(&t, &bed.options);
    assert_nearly(t.all_sizes_bytes, all, 1e-12);
    assert_nearly(t.kept_sizes_bytes, kept, 1e-12);
    assert_true(t.kept_memory_bytes > 0);
    assert_true(t.kept_memory_bytes < t.all_memory_bytes);
    t.kept_count = 1;
    kept = t.kept_memory_bytes;
    clv_luggage_weigh(&t, &bed.options);
    assert_true(t.kept_memory_bytes < kept);
    product_bed_fini(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_counts_once),
        cmocka_unit_test(what_is_kept_is_weighed_against_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
