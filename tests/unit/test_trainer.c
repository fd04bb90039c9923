/*
 * test_trainer.c - what is learnt is what the samples say, and whatever they
 * are the file can be read. Packing with it: test_packer.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/trainer.h"
#include "round_trip.h"
#include "scarce_memory.h"

#define MODEL "00ff02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SOME 2000
#define SAMPLES 3

static struct clv_trainer *new_trainer(void)
{
    struct clv_trainer *trainer = NULL;

    assert_int_equal(clv_trainer_new(MODEL, &trainer, NULL), CLEAVE_OK);
    return trainer;
}

static struct clv_calibration *written(struct clv_trainer *trainer)
{
    struct clv_calibration *c = NULL;
    struct clv_buffer b;

    clv_buffer_init(&b, CLV_CALIBRATION_BYTES);
    assert_int_equal(clv_trainer_write(trainer, &b, NULL), CLEAVE_OK);
    assert_int_equal(
        clv_calibration_new(clv_buffer_bytes(&b), "written", &c, NULL),
        CLEAVE_OK);
    assert_string_equal(clv_calibration_model(c), MODEL);
    clv_buffer_fini(&b);
    return c;
}

static void numbers_are_those_of_the_samples(void **state)
{
    struct seeded s = seeded_init("statistics", 1);
    cleave_tensor samples[SAMPLES];
    float values[SAMPLES][SOME];

    (void)state;
    for (int round = 0; round < 24; round++) {
        struct clv_trainer *trainer = new_trainer();
        struct clv_calibration *c;
        const struct clv_calibrated *got;
        cleave_tensor_info info = {"t", CLEAVE_TYPE_F32, 0, {0}};
        double scale = ldexp(1, (int)seeded_below(&s, 60) - 30);
        double sum = 0;
        double squares = 0;
        float lo = INFINITY;
        float hi = -INFINITY;
        size_t count;
        odd_shape(&s, SOME, 0, &info);
        count = odd_count(&info);
        for (size_t i = 0; i < SAMPLES; i++) {
            odd_floats(&s, (enum odd_kind)(round % ODD_KINDS), scale, values[i],
                       count);
            samples[i] = (cleave_tensor){info, values[i], count * 4};
            for (size_t k = 0; k < count; k++) {
                sum += (double)values[i][k];
                lo = fminf(lo, values[i][k]);
                hi = fmaxf(hi, values[i][k]);
            }
        }
        sum /= (double)(SAMPLES * count);
        for (size_t i = 0; i < SAMPLES * count; i++) {
            double x = (double)values[i / count][i % count] - sum;
            squares += x * x;
        }
        squares = sqrt(squares / (double)(SAMPLES * count));
        assert_int_equal(
            clv_trainer_learn(trainer, "t", samples, SAMPLES, NULL), CLEAVE_OK);
        c = written(trainer);
        got = clv_calibration_find(c, "t");
        assert_non_null(got);
        assert_int_equal(got->type, info.type);
        assert_int_equal(got->rank, info.rank);
        assert_memory_equal(got->shape, info.shape,
                            info.rank * sizeof *info.shape);
        assert_true(got->lo == lo && got->hi == hi);
        assert_true(fabs((double)got->mean - sum) <= 1e-6 * (squares + scale));
        assert_true(fabs((double)got->sd - squares) <=
                    1e-5 * (squares + 0.01 * scale));
        assert_in_range(got->book_count, 0, 17);
        for (size_t i = 1; i < got->book_count; i++) {
            double ratio =
                (double)got->books[i].step / (double)got->books[i - 1].step;
            assert_true(fabs(ratio - 1.189207) < 1e-4);
        }
        clv_calibration_free(c);
        clv_trainer_free(trainer);
    }
}

/* One value per sample is enough to make a file of every type. */
static void every_type_makes_a_file_that_reads(void **state)
{
#define X(name, text, oip, onnx, bytes) CLEAVE_TYPE_##name,
    const cleave_type types[] = {CLEAVE_TYPE_LIST(X)};
#undef X
    struct seeded s = seeded_init("types", 2);

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct clv_trainer *trainer = new_trainer();
        struct clv_calibration *c;
        uint64_t room[SAMPLES][100];
        cleave_tensor samples[SAMPLES];
        cleave_status want =
            types[i] == CLEAVE_TYPE_F64 ? CLEAVE_UNSUPPORTED : CLEAVE_OK;
        size_t size = 100 * cleave_type_bytes(types[i]);
        for (size_t k = 0; k < SAMPLES; k++) {
            uint16_t *words = (uint16_t *)room[k];
            for (size_t j = 0; j < size / 2; j++) {
                words[j] = (uint16_t)(seeded_next(&s) & 0x3bff & 0x0101);
            }
            samples[k] =
                (cleave_tensor){{"t", types[i], 2, {10, 10}}, room[k], size};
        }
        assert_int_equal(
            clv_trainer_learn(trainer, "t", samples, SAMPLES, NULL), want);
        c = written(trainer);
        assert_true((clv_calibration_find(c, "t") != NULL) ==
                    (want == CLEAVE_OK));
        clv_calibration_free(c);
        clv_trainer_free(trainer);
    }
}

static size_t books_of_integers(const int64_t *values, size_t count)
{
    struct clv_trainer *trainer = new_trainer();
    int64_t copy[16];
    cleave_tensor sample = {{"t", CLEAVE_TYPE_I64, 1, {(int64_t)count}},
                            memcpy(copy, values, count * sizeof *values),
                            count * sizeof *values};
    struct clv_calibration *c;
    const struct clv_calibrated *got;
    size_t books;

    assert_int_equal(clv_trainer_learn(trainer, "t", &sample, 1, NULL),
                     CLEAVE_OK);
    c = written(trainer);
    got = clv_calibration_find(c, "t");
    assert_non_null(got);
    books = got->book_count;
    clv_calibration_free(c);
    clv_trainer_free(trainer);
    return books;
}

static void integers_at_the_ends_make_a_file_that_reads(void **state)
{
    const int64_t near[] = {5, 6, 7, 8};
    const int64_t far[] = {0, 1000000};
    const int64_t least[] = {INT64_MIN, INT64_MIN};
    const int64_t most[] = {INT64_MAX, INT64_MAX};
    const int64_t both[] = {INT64_MIN, INT64_MAX};
    const int64_t just[] = {INT64_MIN / 2, INT64_MIN / 2 + 1};
    const int64_t over[] = {INT64_MIN / 2 - 1, INT64_MIN / 2};

    (void)state;
    assert_int_equal(books_of_integers(near, 4), 1);
    assert_int_equal(books_of_integers(far, 2), 0);
    assert_int_equal(books_of_integers(least, 2), 0);
    assert_int_equal(books_of_integers(most, 2), 0);
    assert_int_equal(books_of_integers(both, 2), 0);
    assert_int_equal(books_of_integers(just, 2), 1);
    assert_int_equal(books_of_integers(over, 2), 1);
}

static void samples_that_mean_nothing_are_passed_over(void **state)
{
    float bad[] = {1, NAN, 2, 3};
    float worse[] = {1, -INFINITY, 2, 3};
    float good[] = {1, -1, 2, 3};
    cleave_tensor samples[] = {
        {{"t", CLEAVE_TYPE_F32, 1, {4}}, bad, sizeof bad},
        {{"t", CLEAVE_TYPE_F32, 1, {4}}, good, sizeof good},
        {{"t", CLEAVE_TYPE_F32, 1, {4}}, worse, sizeof worse}};
    struct clv_trainer *trainer = new_trainer();
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_calibration *c;

    (void)state;
    assert_int_equal(clv_trainer_learn(trainer, "nan", samples, 1, &err),
                     CLEAVE_INVALID);
    assert_string_equal(err.where, "nan");
    assert_int_equal(clv_trainer_learn(trainer, "t", samples, 3, NULL),
                     CLEAVE_OK);
    c = written(trainer);
    assert_null(clv_calibration_find(c, "nan"));
    assert_true(clv_calibration_find(c, "t")->hi == 3.0f);
    assert_true(clv_calibration_find(c, "t")->lo == -1.0f);
    clv_calibration_free(c);
    clv_trainer_free(trainer);
}

static void what_cannot_be_learnt_is_told(void **state)
{
    float values[6] = {0, 1, 2, 3, 4, 5};
    cleave_tensor samples[] = {
        {{"t", CLEAVE_TYPE_F32, 2, {2, 3}}, values, sizeof values},
        {{"t", CLEAVE_TYPE_F32, 2, {3, 2}}, values, sizeof values}};
    cleave_tensor empty = {{"t", CLEAVE_TYPE_F32, 2, {0, 3}}, values, 0};
    struct clv_trainer *trainer = new_trainer();
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_trainer_learn(trainer, "t", samples, 2, &err),
                     CLEAVE_MISMATCH);
    assert_int_equal(clv_trainer_learn(trainer, "t", samples, 0, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(clv_trainer_learn(trainer, "t", &empty, 1, NULL),
                     CLEAVE_INVALID);
    clv_trainer_free(trainer);
    clv_trainer_free(NULL);
}

static void a_tensor_is_learnt_once_and_names_are_sorted(void **state)
{
    float first[] = {0, 1, 2, 3};
    float second[] = {0, 10, 20, 30};
    cleave_tensor a = {{"t", CLEAVE_TYPE_F32, 1, {4}}, first, sizeof first};
    cleave_tensor b = {{"t", CLEAVE_TYPE_F32, 1, {4}}, second, sizeof second};
    static const char *const names[] = {"m", "z", "\xc3\xa9", "a", "m"};
    struct clv_trainer *trainer = new_trainer();
    struct clv_calibration *c;
    size_t count;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(
            clv_trainer_learn(trainer, names[i], i < 4 ? &a : &b, 1, NULL),
            CLEAVE_OK);
    }
    c = written(trainer);
    (void)clv_calibration_tensors(c, &count);
    assert_int_equal(count, 4);
    assert_true(clv_calibration_find(c, "m")->hi == 3.0f);
    clv_calibration_free(c);
    clv_trainer_free(trainer);
}

static void the_same_samples_make_the_same_file(void **state)
{
    struct seeded s = seeded_init("same", 3);
    float values[SOME];
    cleave_tensor sample = {
        {"t", CLEAVE_TYPE_F32, 3, {5, 20, 20}}, values, sizeof values};
    struct clv_buffer files[2];

    (void)state;
    odd_floats(&s, ODD_LAPLACE, 1, values, SOME);
    for (size_t i = 0; i < 2; i++) {
        struct clv_trainer *trainer = new_trainer();
        clv_buffer_init(&files[i], 1 << 20);
        clv_trainer_learn(trainer, "t", &sample, 1, NULL);
        assert_int_equal(clv_trainer_write(trainer, &files[i], NULL),
                         CLEAVE_OK);
        clv_trainer_free(trainer);
    }
    assert_int_equal(files[0].size, files[1].size);
    assert_memory_equal(files[0].data, files[1].data, files[0].size);
    clv_buffer_fini(&files[0]);
    clv_buffer_fini(&files[1]);
}

static void a_hash_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "00",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
        "g0ff02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "00FF02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"};
    struct clv_trainer *trainer = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(clv_trainer_new(bad[i], &trainer, &err),
                         CLEAVE_INVALID);
        assert_null(trainer);
    }
    assert_non_null(strstr(err.text, "64"));
}

static void more_than_a_file_holds_is_not_written(void **state)
{
    float zeros[2] = {0, 0};
    cleave_tensor sample = {{"t", CLEAVE_TYPE_F32, 1, {2}}, zeros, 8};
    struct clv_trainer *trainer = new_trainer();
    struct clv_calibration *c;
    struct clv_buffer b;
    cleave_error err = CLEAVE_ERROR_INIT;
    char name[16];

    (void)state;
    for (int i = 0; i < CLV_CALIBRATION_TENSORS; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(clv_trainer_learn(trainer, name, &sample, 1, NULL),
                         CLEAVE_OK);
    }
    c = written(trainer);
    clv_calibration_free(c);
    assert_int_equal(clv_trainer_learn(trainer, "one more", &sample, 1, &err),
                     CLEAVE_LIMIT);
    assert_string_equal(err.where, "one more");
    clv_buffer_init(&b, 1000);
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_trainer_write(trainer, &b, &err), CLEAVE_LIMIT);
    clv_buffer_fini(&b);
    clv_trainer_free(trainer);
}

#if SCARCE_MEMORY
/* From samples to a tensor packed and unpacked, with all coders. */
static cleave_status whole_way(struct bench_top *top)
{
    static const char *const texts[] = {"dense:step=0.5sd", "lz:bits=4", "f16",
                                        "dense:step=0.1", "fast:step=0.5"};
    cleave_tensor t =
        tensor_of(top, (cleave_tensor_info){"t", CLEAVE_TYPE_F16, 1, {2000}});
    struct clv_trainer *trainer = NULL;
    struct clv_calibration *c = NULL;
    struct clv_codec *codec = NULL;
    struct clv_buffer file;
    struct clv_buffer message;
    cleave_status status = clv_trainer_new(MODEL, &trainer, NULL);

    clv_buffer_init(&file, 1 << 20);
    clv_buffer_init(&message, 1 << 20);
    if (status == CLEAVE_OK) {
        status = clv_trainer_learn(trainer, "t", &t, 1, NULL);
    }
    if (status == CLEAVE_OK) {
        status = clv_trainer_write(trainer, &file, NULL);
    }
    if (status == CLEAVE_OK) {
        status = clv_calibration_new(clv_buffer_bytes(&file), "c", &c, NULL);
    }
    if (status == CLEAVE_OK) {
        status = clv_codec_new(c, &codec);
    }
    for (size_t i = 0; i < 5 && status == CLEAVE_OK; i++) {
        struct clv_packing packing;
        struct clv_frame frame;
        assert_int_equal(clv_packing_parse(texts[i], &packing, NULL),
                         CLEAVE_OK);
        t.info.name = i < 3 ? "t" : NULL;
        t.info.type = i == 2 ? CLEAVE_TYPE_F32 : CLEAVE_TYPE_F16;
        t.info.shape[0] = i == 2 ? 1000 : 2000;
        clv_buffer_reset(&message);
        status = clv_codec_pack(codec, &packing, &t, 1, &message, NULL);
        if (status == CLEAVE_OK) {
            assert_int_equal(
                clv_frame_read(clv_buffer_bytes(&message), c, &frame, NULL),
                CLEAVE_OK);
            status = clv_codec_unpack(codec, &frame, top->back, t.bytes, NULL);
        }
    }
    clv_codec_free(codec);
    clv_calibration_free(c);
    clv_trainer_free(trainer);
    clv_buffer_fini(&file);
    clv_buffer_fini(&message);
    return status;
}

/* The first allocation fails, then the second, and so on. */
static void every_failed_allocation_is_told(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("memory", 14);
    int failed = 1;

    odd_floats(&s, ODD_LAPLACE, 1, top->wide, 2000);
    clv_f32_to_f16(top->wide, 2000, (uint16_t *)top->room);
    assert_int_equal(whole_way(top), CLEAVE_OK);
    for (long nth = 1; failed; nth++) {
        long before = scarce_begin(nth);
        cleave_status status = whole_way(top);
        long after;
        failed = scarce_end(&after);
        assert_int_equal(after, before);
        /* Where a named book has no memory, one that goes along will do. */
        assert_true(status == CLEAVE_MEMORY || status == CLEAVE_OK);
        assert_true(failed || status == CLEAVE_OK);
        assert_true(nth < 2000);
        assert_true(nth > 20 || status == CLEAVE_MEMORY);
    }
}
#else
static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_samples),
        cmocka_unit_test(every_type_makes_a_file_that_reads),
        cmocka_unit_test(integers_at_the_ends_make_a_file_that_reads),
        cmocka_unit_test(samples_that_mean_nothing_are_passed_over),
        cmocka_unit_test(what_cannot_be_learnt_is_told),
        cmocka_unit_test(a_tensor_is_learnt_once_and_names_are_sorted),
        cmocka_unit_test(the_same_samples_make_the_same_file),
        cmocka_unit_test(a_hash_that_is_none_is_refused),
        cmocka_unit_test(more_than_a_file_holds_is_not_written),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, make_top, clear_top);
}
