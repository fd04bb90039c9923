/*
 * test_database.c - a profile comes back as it was put in, latest rows first,
 * and files that are none are turned away with advice.
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

#include "nearly.h"
#include "profile/database.h"
#include "profile/sql.h"
#include "scratch_folder.h"
#include "scratch_limit.h"

#define SHA "a9d35289fa301d6726478f54128f6bdd7d99ac67cabbd65698ca5ffa6c022a96"
#define OTHER "b9d35289fa301d6726478f54128f6bdd7d99ac67cabbd65698ca5ffa6c022a96"

static const struct clv_subject nobody = {0};

static const struct clv_spread spread = {1.5, 0.25, 1, 2, 1.5, 1.75, 2, 2, 12};

struct here {
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin;
    struct clv_part_name part;
};

static void be_here(struct here *h)
{
    char text[CLV_MACHINE_TEXT];

    clv_machine_id(h->machine, text);
    h->origin = (struct clv_origin){h->machine, cleave_version(), "onnx 1", ""};
    h->part = (struct clv_part_name){.origin = &h->origin, .model = SHA};
}

static struct clv_database *open_it(struct scratch *s, enum clv_database_mode m)
{
    struct clv_database *d = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_database_open(scratch_path(s, "p.db"), m, &d, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return d;
}

static cleave_status open_status(const char *path, enum clv_database_mode m,
                                 cleave_error *err)
{
    struct clv_database *d = NULL;
    cleave_status status;

    *err = (cleave_error)CLEAVE_ERROR_INIT;
    status = clv_database_open(path, m, &d, err);
    clv_database_close(d);
    return status;
}

static void ok(cleave_status status, const cleave_error *err)
{
    if (status != CLEAVE_OK) {
        fail_msg("%s: %s", err->where, err->text);
    }
}

static void put_cut(struct clv_database *d, struct here *h, const char *name,
                    size_t position)
{
    struct clv_cost_cut row = {.tensors = 1,
                               .head_share = 0.25,
                               .raw_bytes = 4096,
                               .is_activation = 1};
    cleave_error err = CLEAVE_ERROR_INIT;

    h->part.cut = name;
    ok(clv_database_put_cut(d, &h->part, &row, position, &err), &err);
}

static void put_head(struct clv_database *d, struct here *h, double p50)
{
    struct clv_cost_head row = {.time_ns = spread,
                                .finish_ns = spread,
                                .memory_bytes = 1e6,
                                .energy_j = CLV_UNKNOWN};
    cleave_error err = CLEAVE_ERROR_INIT;

    row.time_ns.p50 = p50;
    h->part.engine = "cpu:threads=1";
    ok(clv_database_put_head(d, &h->part, &row, &err), &err);
}

static void put_pack(struct clv_database *d, struct here *h, const char *text,
                     double drop)
{
    struct clv_cost_pack row = {.pack_ns = spread,
                                .unpack_ns = spread,
                                .bytes_up = spread,
                                .bytes_down = 10,
                                .drop_pp = drop,
                                .drop_low_pp = drop - 1,
                                .drop_high_pp = drop + 1,
                                .huffman_bytes = CLV_UNKNOWN};
    cleave_error err = CLEAVE_ERROR_INIT;

    ok(clv_packing_parse(text, &row.packing, &err), &err);
    ok(clv_database_put_pack(d, &h->part, &row, &err), &err);
}

static void put_variant(struct clv_database *d, struct here *h, double score)
{
    char name[] = "it's \"net\"; DROP TABLE heads; --";
    char metric[] = "top1";
    struct clv_cost_variant row = {.name = name,
                                   .metric = metric,
                                   .size_bytes = 99,
                                   .macs = 1000,
                                   .score = score,
                                   .score_low = score - 0.1,
                                   .score_high = score + 0.1};
    cleave_error err = CLEAVE_ERROR_INIT;

    ok(clv_database_put_variant(d, &h->part, &row, &err), &err);
}

static void put_tail(struct clv_database *d, struct here *h, const char *server)
{
    struct clv_cost_tail row = {.time_ns = spread};
    cleave_error err = CLEAVE_ERROR_INIT;

    h->part.server = server;
    ok(clv_database_put_tail(d, &h->part, &row, &err), &err);
}

/* One model, measured. */
static void fill(struct clv_database *d, struct here *h)
{
    put_variant(d, h, 0.75);
    put_cut(d, h, "input", 0);
    put_head(d, h, 1);
    put_cut(d, h, "relu4", 1);
    put_head(d, h, 1.5);
    put_tail(d, h, "nas");
    put_pack(d, h, "lz:bits=4", 0.5);
    put_pack(d, h, "dense:step=0.5sd", -0.5);
}

static cleave_status load(struct clv_database *d, const char *model,
                          struct clv_costs *costs, char note[512],
                          cleave_error *err)
{
    static const char *const engines[] = {"gpu", "cpu:threads=1"};
    static const char *const servers[] = {"attic", "nas"};
    const struct clv_wanted_variant variant = {"net", model};
    struct clv_wanted wanted = {.variants = &variant,
                                .variant_count = 1,
                                .engines = engines,
                                .engine_count = 2,
                                .servers = servers,
                                .server_count = 2,
                                .identity = "onnx 1"};

    *err = (cleave_error)CLEAVE_ERROR_INIT;
    return clv_database_load(d, &wanted, costs, note, err);
}

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

static void the_latest_row_counts(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_origin before;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    fill(d, &h);
    before = h.origin;
    h.origin.version = "0.0.1";
    h.part.cut = "relu4";
    put_head(d, &h, 1.25);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_nearly(c.heads[1].time_ns.p50, 1.25, 1e-9);
    assert_non_null(strstr(note, "0.0.1")); /* old, taken, and named */
    clv_costs_fini(&c);
    h.origin = before;
    put_head(d, &h, 1.125); /* in place of the first, and later */
    ok(load(d, SHA, &c, note, &err), &err);
    assert_nearly(c.heads[1].time_ns.p50, 1.125, 1e-9);
    assert_null(strstr(note, "0.0.1"));
    assert_int_equal(c.head_count, 2);
    clv_costs_fini(&c);
    clv_database_close(d);
}

static void packings_of_one_cut_are_of_one_data_set(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    fill(d, &h);
    h.origin.data = "other pictures";
    put_pack(d, &h, "lz:bits=3", 2);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_int_equal(c.pack_count, 1);
    assert_int_equal(c.packs[0].packing.bits, 3);
    clv_costs_fini(&c);
    clv_database_close(d);
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

static void an_unfinished_survey_is_told(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    be_here(&h);
    fill(d, &h);
    ok(clv_database_mark(d, &h.part, &nobody, 0, &err), &err);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_non_null(strstr(note, "not complete"));
    clv_costs_fini(&c);
    ok(clv_database_mark(d, &h.part, &nobody, 1, &err), &err);
    ok(load(d, SHA, &c, note, &err), &err);
    assert_null(strstr(note, "not complete"));
    clv_costs_fini(&c);
    clv_database_close(d);
}

static void what_is_not_there_is_told_with_advice(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_costs c;
    struct here h;
    char note[512];

    assert_int_equal(load(d, SHA, &c, note, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "Nothing has been measured"));
    be_here(&h);
    h.origin.machine = "elsewhere";
    fill(d, &h);
    assert_int_equal(load(d, SHA, &c, note, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "another machine (elsewhere)"));
    assert_non_null(strstr(err.text, "cleave profile"));
    assert_int_equal(load(d, OTHER, &c, note, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "other models"));
    assert_non_null(strstr(err.text, "cleave profile"));
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

static void run_sql(const char *path, const char *text)
{
    struct clv_sql *sql = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    ok(clv_sql_open(path, CLV_SQL_WRITE, &sql, &err), &err);
    ok(clv_sql_run(sql, text, &err), &err);
    clv_sql_close(sql);
}

static void databases_of_others_are_left_alone(void **state)
{
    const char *path = scratch_path(*state, "theirs");
    cleave_error err;

    run_sql(path, "CREATE TABLE mine(x)");
    assert_int_equal(open_status(path, CLV_DATABASE_READ, &err),
                     CLEAVE_CORRUPT);
    assert_non_null(strstr(err.text, "another program"));
    assert_int_equal(open_status(path, CLV_DATABASE_WRITE, &err),
                     CLEAVE_CORRUPT);
}

static void a_later_schema_is_told(void **state)
{
    const char *path = scratch_path(*state, "p.db");
    cleave_error err;

    clv_database_close(open_it(*state, CLV_DATABASE_WRITE));
    run_sql(path, "PRAGMA user_version = 7");
    assert_int_equal(open_status(path, CLV_DATABASE_READ, &err),
                     CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, "schema 7"));
}

static void rows_without_sense_are_an_error(void **state)
{
    static const char *const harm[] = {
        "UPDATE heads SET time_ns = '[1, 2]'",
        "UPDATE heads SET time_ns = '[1,2,3,4,5,6,7,8,9]x'",
        "UPDATE heads SET finish_ns = '[nan,1,1,1,1,1,1,1,1]'",
        "UPDATE heads SET time_ns = NULL",
        "UPDATE cuts SET head_share = 7",
        "UPDATE cuts SET raw_bytes = -1",
        "UPDATE packs SET packing = 'zip' WHERE id = 1",
        "UPDATE packs SET drop_pp = 'much'",
        "UPDATE packs SET bytes_down = NULL",
        "UPDATE variants SET score = NULL",
        "UPDATE tails SET time_ns = x'00ff'",
        "DROP TABLE packs",
    };
    const char *path = scratch_path(*state, "p.db");

    for (size_t i = 0; i < sizeof harm / sizeof harm[0]; i++) {
        struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
        cleave_error err;
        struct clv_costs c;
        struct here h;
        char note[512];
        be_here(&h);
        fill(d, &h);
        clv_database_close(d);
        run_sql(path, harm[i]);
        d = open_it(*state, CLV_DATABASE_READ);
        if (load(d, SHA, &c, note, &err) != CLEAVE_CORRUPT) {
            fail_msg("%s went through: %s", harm[i], err.text);
        }
        assert_non_null(strstr(err.text, "cleave profile"));
        clv_database_close(d);
        remove(path);
    }
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
        IN_SCRATCH(the_latest_row_counts),
        IN_SCRATCH(packings_of_one_cut_are_of_one_data_set),
        IN_SCRATCH(exactly_what_was_measured_is_found),
        IN_SCRATCH(an_unfinished_survey_is_told),
        IN_SCRATCH(what_is_not_there_is_told_with_advice),
        IN_SCRATCH(forgetting_leaves_other_models_alone),
        IN_SCRATCH(files_that_are_none_are_turned_away),
        IN_SCRATCH(databases_of_others_are_left_alone),
        IN_SCRATCH(a_later_schema_is_told),
        IN_SCRATCH(rows_without_sense_are_an_error),
        IN_SCRATCH(any_byte_may_be_wrong),
        IN_SCRATCH(one_writes_and_others_read),
        IN_SCRATCH(whoever_is_killed_leaves_whole_rows),
        IN_SCRATCH(a_full_disk_loses_nothing_before_it),
        cmocka_unit_test(a_machine_has_one_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
