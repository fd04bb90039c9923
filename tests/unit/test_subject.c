/*
 * test_subject.c - tasks that share a model have each their own accuracy, that
 * of the data they have now; and files from before that was kept stay of use.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "nearly.h"
#include "profile/subject.h"
#include "profile_file.h"
#include "scratch_limit.h"

#define SHA "a9d35289fa301d6726478f54128f6bdd7d99ac67cabbd65698ca5ffa6c022a96"
#define ENGINE "cpu:threads=1"

static const struct clv_spread spread = {1.5, 0.25, 1, 2, 1.5, 1.75, 2, 2, 12};

static const struct clv_subject by_day = {"day", "/in/day", "/in/day.csv", 0};
static const struct clv_subject by_night = {"night", "/in/night", "", 0};
static const struct clv_subject nobody = {NULL, NULL, NULL, 0};

/* -- Measuring -- */

struct here {
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin;
    struct clv_part_name part;
};

static void be_here(struct here *h, const char *data)
{
    char text[CLV_MACHINE_TEXT];

    clv_machine_id(h->machine, text);
    h->origin =
        (struct clv_origin){h->machine, cleave_version(), "onnx 1", data};
    h->part = (struct clv_part_name){
        .origin = &h->origin, .model = SHA, .cut = "input", .engine = ENGINE};
}

static void mark(struct clv_database *d, const char *data,
                 const struct clv_subject *subject, int complete)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct here h;

    be_here(&h, data);
    ok(clv_database_mark(d, &h.part, subject, complete, &err), &err);
}

/* The accuracy on these data, and what a packing loses there. */
static void put(struct clv_database *d, const char *data, double score,
                double drop)
{
    char metric[] = "top1";
    struct clv_cost_variant variant = {.name = metric,
                                       .metric = metric,
                                       .score = score,
                                       .score_low = score - 0.01,
                                       .score_high = score + 0.01};
    struct clv_cost_pack pack = {.packing = {.coder = CLV_CODER_LZ, .bits = 4},
                                 .pack_ns = spread,
                                 .unpack_ns = spread,
                                 .bytes_up = spread,
                                 .bytes_down = 10,
                                 .drop_pp = drop,
                                 .drop_low_pp = drop - 1,
                                 .drop_high_pp = drop + 1,
                                 .huffman_bytes = CLV_UNKNOWN};
    struct clv_cost_cut cut = {.tensors = 1, .raw_bytes = 4096};
    struct clv_cost_head head = {.time_ns = spread,
                                 .finish_ns = spread,
                                 .memory_bytes = 1e6,
                                 .energy_j = CLV_UNKNOWN};
    cleave_error err = CLEAVE_ERROR_INIT;
    char packed[64];
    struct here h;

    be_here(&h, "");
    ok(clv_database_put_cut(d, &h.part, &cut, 0, &err), &err);
    ok(clv_database_put_head(d, &h.part, &head, &err), &err);
    be_here(&h, data);
    ok(clv_database_put_variant(d, &h.part, &variant, &err), &err);
    snprintf(packed, sizeof packed, "%s calibration", data);
    be_here(&h, packed);
    ok(clv_database_put_pack(d, &h.part, &pack, &err), &err);
}

/* A whole survey: what is there is kept as it is. */
static void survey(struct clv_database *d, const char *data,
                   const struct clv_subject *subject, double score, double drop)
{
    struct clv_cost_variant row;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct here h;
    int found = 0;

    mark(d, data, subject, 0);
    be_here(&h, data);
    ok(clv_database_find_variant(d, &h.part, &row, &found, &err), &err);
    if (!found) {
        put(d, data, score, drop);
    }
    mark(d, data, subject, 1);
}

/* -- Deciding -- */

static cleave_status load(struct clv_database *d,
                          const struct clv_subject *subject,
                          struct clv_costs *costs, char note[512],
                          cleave_error *err)
{
    static const char *const engines[] = {ENGINE};
    const struct clv_wanted_variant variant = {"net", SHA};
    struct clv_wanted wanted = {.variants = &variant,
                                .variant_count = 1,
                                .engines = engines,
                                .engine_count = 1,
                                .identity = "onnx 1",
                                .subject = *subject};

    *err = (cleave_error)CLEAVE_ERROR_INIT;
    return clv_database_load(d, &wanted, costs, note, err);
}

/* Asserts that the subject gets this accuracy and this drop, and a note with
   that in it ("": none). */
static void expect(struct clv_database *d, const struct clv_subject *subject,
                   double score, double drop, const char *in_note)
{
    cleave_error err;
    struct clv_costs c;
    char note[512];

    ok(load(d, subject, &c, note, &err), &err);
    assert_int_equal(c.variant_count, 1);
    assert_nearly(c.variants[0].score, score, 1e-9);
    assert_int_equal(c.pack_count, 1);
    assert_nearly(c.packs[0].drop_pp, drop, 1e-9);
    if (in_note[0] == '\0') {
        assert_string_equal(note, "");
    } else {
        assert_non_null(strstr(note, in_note));
    }
    clv_costs_fini(&c);
}

static void expect_nothing(struct clv_database *d,
                           const struct clv_subject *subject,
                           const char *in_error)
{
    cleave_error err;
    struct clv_costs c;
    char note[512];

    assert_int_equal(load(d, subject, &c, note, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, in_error));
}

/* -- Tasks -- */

static void tasks_that_share_a_model_keep_their_own(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);

    survey(d, "d", &by_day, 0.9, 0.5);
    survey(d, "n", &by_night, 0.6, 4);
    expect(d, &by_day, 0.9, 0.5, "");
    expect(d, &by_night, 0.6, 4, "");
    survey(d, "d", &by_day, 0, 0); /* once more: all is there */
    expect(d, &by_day, 0.9, 0.5, "");
    expect(d, &by_night, 0.6, 4, "");
    expect(d, &nobody, 0.6, 4, ""); /* nobody's: the latest */
    clv_database_close(d);
}

static void one_that_was_cut_off_takes_nobody_elses(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);

    survey(d, "d", &by_day, 0.9, 0.5);
    mark(d, "n", &by_night, 0); /* and no further */
    expect_nothing(d, &by_night, "another task (day)");
    expect(d, &by_day, 0.9, 0.5, "");
    put(d, "n", 0.6, 4);
    expect(d, &by_night, 0.6, 4, "not complete");
    expect(d, &by_day, 0.9, 0.5, ""); /* whose survey is complete */
    mark(d, "n", &by_night, 1);
    expect(d, &by_night, 0.6, 4, "");
    clv_database_close(d);
}

static void other_inputs_are_measured_again(void **state)
{
    const struct clv_subject moved = {"day", "/in/noon", "/in/day.csv", 0};
    const struct clv_subject judged = {"day", "/in/day", "/in/other.csv", 0};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);

    survey(d, "d", &by_day, 0.9, 0.5);
    expect(d, &moved, 0.9, 0.5, "`input` or other `labels`");
    expect(d, &judged, 0.9, 0.5, "`input` or other `labels`");
    survey(d, "m", &moved, 0.7, 1);
    expect(d, &moved, 0.7, 1, "");
    expect(d, &by_day, 0.9, 0.5, "");      /* as they were */
    survey(d, "changed", &by_day, 0.8, 2); /* other files of the same names */
    expect(d, &by_day, 0.8, 2, "");
    survey(d, "d", &by_day, 0, 0); /* and back again */
    expect(d, &by_day, 0.9, 0.5, "");
    clv_database_close(d);
}

static void the_same_inputs_do_for_another_task(void **state)
{
    const struct clv_subject renamed = {"noon", "/in/day", "/in/day.csv", 0};
    const struct clv_subject stand_in = {"dusk", "/in/dusk", "", 1};
    const struct clv_subject dusk = {"evening", "/in/dusk", "", 0};
    const struct clv_subject own = {"dusk", "/in/dusk", "", 0};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);

    survey(d, "d", &by_day, 0.9, 0.5);
    expect(d, &renamed, 0.9, 0.5, "");
    survey(d, "else", &stand_in, 0.5, 3);
    expect(d, &own, 0.5, 3, ""); /* the task's by its user's word */
    expect_nothing(d, &dusk, "another task");
    clv_database_close(d);
}

static void a_task_without_input_is_told_whose_it_gets(void **state)
{
    const struct clv_subject open = {"open", "", "", 0};
    const struct clv_subject other = {"other", NULL, NULL, 0};
    const struct clv_subject alone = {"", "/in/all", "", 0};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);

    survey(d, "d", &by_day, 0.9, 0.5);
    expect(d, &open, 0.9, 0.5, "that of the task day");
    survey(d, "a", &alone, 0.8, 1);
    expect(d, &open, 0.8, 1, "");
    expect(d, &by_night, 0.8, 1, "model alone, on /in/all");
    expect(d, &by_day, 0.9, 0.5, "");
    survey(d, "o", &open, 0.7, 2);
    expect(d, &open, 0.7, 2, "");
    expect(d, &other, 0.8, 1, "");
    clv_database_close(d);
}

static void forgetting_a_model_forgets_whose_it_was(void **state)
{
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct here h;

    be_here(&h, "");
    survey(d, "d", &by_day, 0.9, 0.5);
    survey(d, "n", &by_night, 0.6, 4);
    ok(clv_database_forget(d, SHA, h.machine, &err), &err);
    expect_nothing(d, &by_day, "Nothing has been measured");
    survey(d, "n", &by_night, 0.5, 3);
    expect(d, &by_night, 0.5, 3, "");
    clv_database_close(d);
}

/* -- Files from before -- */

/* As the schema was, with what was measured last for whoever it was. */
static const char as_schema_2[] =
    "BEGIN;"
    "ALTER TABLE surveys RENAME TO later;"
    "CREATE TABLE surveys(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " origin INTEGER NOT NULL REFERENCES origins(id), model TEXT NOT NULL,"
    " complete INTEGER NOT NULL, UNIQUE(origin, model));"
    "INSERT INTO surveys SELECT id, origin, model, complete FROM later;"
    "DROP TABLE later; PRAGMA user_version = 2; COMMIT";

#define UNKNOWN "was not kept yet"

static void age(struct scratch *s)
{
    struct clv_database *d = open_it(s, CLV_DATABASE_WRITE);

    survey(d, "d", &by_day, 0.9, 0.5);
    survey(d, "n", &by_night, 0.6, 4);
    clv_database_close(d);
    run_sql(s, as_schema_2);
}

/* What a file of schema 2 gives: the latest, and says that it may be wrong. */
static void expect_old(struct clv_database *d)
{
    expect(d, &by_night, 0.6, 4, UNKNOWN);
    expect(d, &by_day, 0.6, 4, UNKNOWN);
    expect(d, &nobody, 0.6, 4, "");
}

static int64_t schema_of(struct scratch *s)
{
    struct clv_sql *sql = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    int64_t version = 0;

    ok(clv_sql_open(scratch_path(s, "p.db"), CLV_SQL_READ, &sql, &err), &err);
    ok(clv_sql_number(sql, "PRAGMA user_version", &version, &err), &err);
    clv_sql_close(sql);
    return version;
}

static void an_older_file_is_read_as_it_is(void **state)
{
    struct clv_database *d;

    age(*state);
    d = open_it(*state, CLV_DATABASE_READ);
    expect_old(d);
    clv_database_close(d);
    assert_int_equal(schema_of(*state), 2);
}

/* Rows stay; asking for the same data again tells whose they are. */
static void an_older_file_is_brought_up(void **state)
{
    struct clv_database *d;

    age(*state);
    d = open_it(*state, CLV_DATABASE_WRITE);
    expect_old(d);
    survey(d, "n", &by_night, 0, 0);
    expect(d, &by_night, 0.6, 4, "");
    expect(d, &by_day, 0.9, 0.5, UNKNOWN); /* what is nobody's yet */
    survey(d, "d", &by_day, 0, 0);
    expect(d, &by_day, 0.9, 0.5, "");
    expect(d, &by_night, 0.6, 4, "");
    clv_database_close(d);
    assert_int_equal(schema_of(*state), 3);
    clv_database_close(open_it(*state, CLV_DATABASE_WRITE));
}

static void the_first_schema_goes_up_by_both_steps(void **state)
{
    struct clv_database *d;

    age(*state);
    run_sql(*state, "DROP TABLE together; PRAGMA user_version = 1");
    d = open_it(*state, CLV_DATABASE_READ);
    expect_old(d);
    clv_database_close(d);
    d = open_it(*state, CLV_DATABASE_WRITE);
    expect_old(d);
    clv_database_close(d);
    assert_int_equal(schema_of(*state), 3);
}

/* A disk that is full at any point of it: the file is as it was, and the next
   one brings it up. */
static void a_full_disk_stops_it_between_schemas_only(void **state)
{
    cleave_status status = CLEAVE_IO;
    struct stat st;
    size_t failures = 0;

    age(*state);
    assert_int_equal(stat(scratch_path(*state, "p.db"), &st), 0);
    for (rlim_t room = 512; status != CLEAVE_OK; room += 512) {
        struct clv_database *d = NULL;
        cleave_error err = CLEAVE_ERROR_INIT;
        struct rlimit before = limit_begin(room);
        status = clv_database_open(scratch_path(*state, "p.db"),
                                   CLV_DATABASE_WRITE, &d, &err);
        limit_end(before);
        clv_database_close(d);
        if (status != CLEAVE_OK) {
            failures++;
            assert_int_equal(schema_of(*state), 2);
            d = open_it(*state, CLV_DATABASE_READ);
            expect_old(d);
            clv_database_close(d);
        }
        assert_true(room < (rlim_t)st.st_size + 100000);
    }
    assert_true(failures > 2);
    assert_int_equal(schema_of(*state), 3);
}

/* Killed with half of it in the file (a cache of one page keeps nothing
   back), and a journal beside. */
static void die_half_way(struct scratch *s)
{
    struct clv_sql *sql = NULL;

    if (clv_sql_open(scratch_path(s, "p.db"), CLV_SQL_WRITE, &sql, NULL) ==
            CLEAVE_OK &&
        clv_sql_run(sql,
                    "PRAGMA cache_size = 1; BEGIN IMMEDIATE;"
                    "ALTER TABLE surveys RENAME TO surveys_2;"
                    "CREATE TABLE surveys(id INTEGER PRIMARY KEY);"
                    "INSERT INTO surveys SELECT id FROM surveys_2;"
                    "DELETE FROM packs; DELETE FROM variants;"
                    "DROP TABLE surveys_2; PRAGMA user_version = 3;",
                    NULL) == CLEAVE_OK) {
        raise(SIGKILL);
    }
    _exit(1);
}

static void a_kill_stops_it_between_schemas_only(void **state)
{
    struct clv_database *d;
    int status = 0;
    pid_t child;

    age(*state);
    child = fork();
    if (child == 0) {
        die_half_way(*state);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(access(scratch_path(*state, "p.db-journal"), F_OK), 0);
    d = open_it(*state, CLV_DATABASE_WRITE);
    expect_old(d);
    clv_database_close(d);
    assert_int_equal(schema_of(*state), 3);
}

#define IN_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(tasks_that_share_a_model_keep_their_own),
        IN_SCRATCH(one_that_was_cut_off_takes_nobody_elses),
        IN_SCRATCH(other_inputs_are_measured_again),
        IN_SCRATCH(the_same_inputs_do_for_another_task),
        IN_SCRATCH(a_task_without_input_is_told_whose_it_gets),
        IN_SCRATCH(forgetting_a_model_forgets_whose_it_was),
        IN_SCRATCH(an_older_file_is_read_as_it_is),
        IN_SCRATCH(an_older_file_is_brought_up),
        IN_SCRATCH(the_first_schema_goes_up_by_both_steps),
        IN_SCRATCH(a_full_disk_stops_it_between_schemas_only),
        IN_SCRATCH(a_kill_stops_it_between_schemas_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
