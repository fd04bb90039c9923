/*
 * test_trainer.c - what is learnt is what the samples say, and whatever they
 * are the file can be read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/calibration.h"
#include "codec/trainer.h"
#include "odd_tensors.h"
#include "tensor/element.h"

#define MODEL "00ff02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define MOST 2000
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
    float values[SAMPLES][MOST];

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
        odd_shape(&s, MOST, 0, &info);
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
    float values[MOST];
    cleave_tensor sample = {
        {"t", CLEAVE_TYPE_F32, 3, {5, 20, 20}}, values, sizeof values};
    struct clv_buffer files[2];

    (void)state;
    odd_floats(&s, ODD_LAPLACE, 1, values, MOST);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
