/*
 * test_database.c - a profile comes back as it was put in, whatever happens to
 * its writer, and files that are none are turned away with advice.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <sys/wait.h>

#include "database_bed.h"
#include "nearly.h"
#include "scratch_limit.h"

static void what_was_put_in_comes_back(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    fill(d, &h);
    clv_database_close(d);
    d = open_it(*state, CLV_DATABASE_READ);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_int_equal(c.variant_count, 1);
    assert_string_equal(c.variants[0].name, "net");
    assert_string_equal(c.variants[0].metric, "top1");
    assert_nearly(c.variants[0].score, 0.75, 1e-9);
    assert_int_equal(c.cut_count, 2);
    assert_string_equal(c.cuts[0].name, "input");
    assert_string_equal(c.cuts[1].name, "relu4");
    assert_true(c.cuts[1].is_activation && c.cuts[1].raw_bytes == 4096);
    assert_int_equal(c.head_count, 2);
    assert_nearly(c.heads[1].time_ns.p95, 2, 1e-9);
    assert_int_equal(c.heads[1].time_ns.count, 12);
    assert_true(c.heads[1].memory_bytes == 1e6);
    assert_true(c.heads[1].energy_j == CLV_UNKNOWN);
    assert_int_equal(c.tail_count, 1);
    assert_int_equal(c.pack_count, 2);
    assert_int_equal(c.packs[1].packing.coder, CLV_CODER_DENSE);
    assert_nearly(c.packs[1].drop_pp, -0.5, 1e-9);
    /* What nothing was measured on is not in the table, and told. */
    assert_int_equal(c.engine_count, 1);
    assert_int_equal(c.server_count, 1);
    assert_string_equal(c.servers[0], "nas");
    assert_non_null(strstr(note, "gpu"));
    assert_non_null(strstr(note, "attic"));
    clv_costs_fini(&c);
    clv_database_close(d);
}

/* The process that the library lives in may write numbers with a comma. */
static void a_locale_with_a_comma_changes_nothing(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE",
                                        "fr_FR", "ps_AF.UTF-8"};
    char id[2][CLV_MACHINE_TEXT];
    char text[CLV_MACHINE_TEXT];
    int found = 0;

    clv_machine_id(id[0], text);
    for (size_t i = 0; !found && i < sizeof names / sizeof names[0]; i++) {
        found = setlocale(LC_NUMERIC, names[i]) != NULL &&
                strcmp(nl_langinfo(RADIXCHAR), ".") != 0;
    }
    if (!found) {
        setlocale(LC_NUMERIC, "C");
        print_message("no locale with a comma is installed\n");
        skip();
    }
    clv_machine_id(id[1], text);
    assert_string_equal(id[0], id[1]);
    what_was_put_in_comes_back(state);
    setlocale(LC_NUMERIC, "C");
}

static void exactly_what_was_measured_is_found(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_packing packing;
    struct clv_cost_pack pack;
    struct clv_cost_head head;
    struct clv_cost_variant variant;
    struct clv_cost_tail tail;
    struct here h;
    int found = -1;

    be_here(&h);
    fill(d, &h);
    ok(clv_packing_parse("lz:bits=4", &packing, &err), &err);
    ok(clv_database_find_pack(d, &h.part, &packing, &pack, &found, &err), &err);
    assert_true(found);
    assert_nearly(pack.drop_high_pp, 1.5, 1e-9);
    packing.bits = 5;
    ok(clv_database_find_pack(d, &h.part, &packing, &pack, &found, &err), &err);
    assert_false(found);
    ok(clv_database_find_head(d, &h.part, &head, &found, &err), &err);
    assert_true(found);
    ok(clv_database_find_tail(d, &h.part, &tail, &found, &err), &err);
    assert_true(found);
    h.part.server = "attic";
    ok(clv_database_find_tail(d, &h.part, &tail, &found, &err), &err);
    assert_false(found);
    ok(clv_database_find_variant(d, &h.part, &variant, &found, &err), &err);
    assert_true(found && variant.macs == 1000);
    h.origin.engine = "onnx 2";
    ok(clv_database_find_head(d, &h.part, &head, &found, &err), &err);
    assert_false(found);
    clv_database_close(d);
}

static void forgetting_leaves_other_models_alone(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    fill(d, &h);
    h.part.model = OTHER;
    fill(d, &h);
    ok(clv_database_forget(d, SHA, h.machine, &err), &err);
    assert_int_equal(load(d, SHA, &c, note, &err), CLEAVE_NOT_FOUND);
    ok(load(d, OTHER, &c, note, &err), &err);
    assert_int_equal(c.head_count, 2);
    clv_costs_fini(&c);
    clv_database_close(d);
}

/* -- Files -- */

static void files_that_are_none_are_turned_away(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "file");
    char text[4096];
    cleave_error err;

    assert_int_equal(open_status(path, CLV_DATABASE_READ, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "cleave profile"));
    scratch_write(path, "", 0);
    assert_int_equal(open_status(path, CLV_DATABASE_READ, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "empty"));
    memset(text, 'x', sizeof text);
    scratch_write(path, text, sizeof text);
    assert_int_equal(open_status(path, CLV_DATABASE_READ, &err),
                     CLEAVE_CORRUPT);
    assert_int_equal(open_status(path, CLV_DATABASE_WRITE, &err),
                     CLEAVE_CORRUPT);
    assert_int_equal(open_status(s->folder, CLV_DATABASE_READ, &err),
                     CLEAVE_CORRUPT);
    assert_int_equal(
        open_status(scratch_path(s, "no/such/p.db"), CLV_DATABASE_WRITE, &err),
        CLEAVE_IO);
}

static void any_byte_may_be_wrong(void **state)
{
    const char *path = scratch_path(*state, "p.db");
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    struct clv_map map;
    uint8_t *bytes;
    size_t size;
    struct here h;

    be_here(&h);
    fill(d, &h);
    clv_database_close(d);
    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    size = map.bytes.size;
    bytes = malloc(size);
    assert_non_null(bytes);
    memcpy(bytes, map.bytes.data, size);
    clv_map_close(&map);
    for (size_t at = 0; at < size; at += 97) {
        cleave_error err = CLEAVE_ERROR_INIT;
        struct clv_costs c;
        char note[512];
        bytes[at] ^= 0x5a;
        scratch_write(path, bytes, size);
        bytes[at] ^= 0x5a;
        d = NULL;
        if (clv_database_open(path, CLV_DATABASE_READ, &d, &err) == CLEAVE_OK &&
            load(d, SHA, &c, note, &err) == CLEAVE_OK) {
            assert_true(c.head_count <= 2);
            clv_costs_fini(&c);
        } else {
            assert_true(err.text[0] != '\0');
        }
        clv_database_close(d);
    }
    free(bytes);
}

/* -- Several at once, and ends of all kinds -- */

static void one_writes_and_others_read(void **state)
{
    struct clv_database *writer = open_it(*state, CLV_DATABASE_WRITE);
    struct clv_database *reader = open_it(*state, CLV_DATABASE_READ);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    assert_int_equal(load(reader, SHA, &c, note, &err), CLEAVE_NOT_FOUND);
    fill(writer, &h);
    ok(load(reader, SHA, &c, note, &err), &err);
    assert_int_equal(c.head_count, 2);
    clv_costs_fini(&c);
    assert_int_not_equal(clv_database_mark(reader, &h.part, &nobody, 1, &err),
                         CLEAVE_OK);
    assert_int_equal(
        open_status(scratch_path(*state, "p.db"), CLV_DATABASE_WRITE, &err),
        CLEAVE_BUSY);
    clv_database_close(writer);
    clv_database_close(reader);
}

static void put_for_ever(struct scratch *s, int told)
{
    struct clv_database *d = open_it(s, CLV_DATABASE_WRITE);
    struct here h;

    be_here(&h);
    fill(d, &h);
    for (int i = 0;; i++) {
        char name[16];
        snprintf(name, sizeof name, "cut%d", i);
        put_cut(d, &h, name, (size_t)i + 2);
        put_head(d, &h, 1);
        if (write(told, "+", 1) != 1) {
            _exit(1);
        }
    }
}

static void whoever_is_killed_leaves_whole_rows(void **state)
{
    int pipes[2];
    pid_t child;
    int status;
    char byte;
    size_t told = 0;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_database *d;
    struct clv_costs c;
    char note[512];

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        close(pipes[0]);
        put_for_ever(*state, pipes[1]);
    }
    close(pipes[1]);
    while (told < 20 && read(pipes[0], &byte, 1) == 1) {
        told++;
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    while (read(pipes[0], &byte, 1) == 1) {
        told++;
    }
    close(pipes[0]);
    assert_true(told >= 20);
    d = open_it(*state, CLV_DATABASE_READ);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_true(c.head_count >= told + 2);
    clv_costs_fini(&c);
    clv_database_close(d);
    clv_database_close(open_it(*state, CLV_DATABASE_WRITE));
}

static void a_full_disk_loses_nothing_before_it(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    struct clv_cost_head row = {.time_ns = spread, .finish_ns = spread};
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status = CLEAVE_OK;
    struct rlimit before;
    struct clv_costs c;
    struct here h;
    struct stat st;
    char name[16];
    char note[512];
    size_t put = 0;

    be_here(&h);
    fill(d, &h);
    assert_int_equal(stat(scratch_path(*state, "p.db"), &st), 0);
    before = limit_begin((rlim_t)st.st_size + 8192);
    h.part.engine = "cpu:threads=1";
    for (int i = 0; status == CLEAVE_OK && i < 10000; i++) {
        snprintf(name, sizeof name, "cut%d", i);
        h.part.cut = name;
        status = clv_database_put_head(d, &h.part, &row, &err);
        put += status == CLEAVE_OK;
    }
    limit_end(before);
    assert_int_equal(status, CLEAVE_IO);
    assert_true(err.text[0] != '\0' && put > 0);
    ok(load(d, SHA, &c, note, &err), &err);
    clv_costs_fini(&c);
    put_head(d, &h, 1); /* room again, and on it goes */
    clv_database_close(d);
    clv_database_close(open_it(*state, CLV_DATABASE_READ));
}

static void a_machine_has_one_name(void **state)
{
    char id[2][CLV_MACHINE_TEXT];
    char text[2][CLV_MACHINE_TEXT];

    (void)state;
    clv_machine_id(id[0], text[0]);
    clv_machine_id(id[1], text[1]);
    assert_string_equal(id[0], id[1]);
    assert_string_equal(text[0], text[1]);
    assert_int_equal(strlen(id[0]), 16);
    assert_non_null(strstr(text[0], "cores"));
}

#define IN_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(what_was_put_in_comes_back),
        IN_SCRATCH(a_locale_with_a_comma_changes_nothing),
        IN_SCRATCH(exactly_what_was_measured_is_found),
        IN_SCRATCH(forgetting_leaves_other_models_alone),
        IN_SCRATCH(files_that_are_none_are_turned_away),
        IN_SCRATCH(any_byte_may_be_wrong),
        IN_SCRATCH(one_writes_and_others_read),
        IN_SCRATCH(whoever_is_killed_leaves_whole_rows),
        IN_SCRATCH(a_full_disk_loses_nothing_before_it),
        cmocka_unit_test(a_machine_has_one_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
