/*
 * test_token.c - indices come back from tokens and extra bits, also where
 * tokens became escapes, the same on every path.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/book.h"
#include "codec/symbol.h"
#include "codec/token.h"
#include "odd_tensors.h"

#define MOST 700

/* Decodes on every path, from bits of the exact size. */
static void assert_back(const uint8_t *tokens, const struct clv_buffer *bits,
                        const int16_t *want, size_t count, int is_signed)
{
    SEEDED_EACH_PATH(path)
    {
        int16_t got[MOST + 1];
        struct clv_reader r;
        got[count] = 12345;
        clv_reader_init(&r, clv_buffer_bytes(bits));
        assert_true(clv_tokens_to_indices((enum clv_path)path, tokens, count,
                                          is_signed, &r, got));
        assert_false(r.failed);
        assert_int_equal(clv_reader_left(&r), 0);
        assert_int_equal(got[count], 12345);
        if (count > 0) {
            assert_memory_equal(got, want, count * sizeof *want);
        }
    }
}

static void indices_come_back(void **state)
{
    struct seeded s = seeded_init("round trip", 1);
    struct clv_buffer bits;

    (void)state;
    clv_buffer_init(&bits, 1 << 16);
    for (int round = 0; round < 3000; round++) {
        size_t count = seeded_below(&s, MOST);
        int is_signed = round % 2;
        int16_t indices[MOST];
        uint8_t first[MOST];
        unsigned most = 0;
        odd_indices(&s, (enum odd_kind)seeded_below(&s, ODD_KINDS), is_signed,
                    indices, count);
        SEEDED_EACH_PATH(path)
        {
            uint8_t tokens[MOST + 1];
            unsigned got;
            tokens[count] = 99;
            got = clv_tokens_of((enum clv_path)path, indices, count, is_signed,
                                tokens);
            assert_int_equal(tokens[count], 99);
            if (path == CLV_PATH_PORTABLE) {
                most = got;
                memcpy(first, tokens, sizeof first);
            }
            assert_int_equal(got, most);
            assert_true(count == 0 || memcmp(tokens, first, count) == 0);
        }
        for (size_t i = 0; i < count && round % 3 == 0; i++) {
            if (seeded_below(&s, 4) == 0) {
                first[i] = CLV_TOKEN_ESCAPE;
            }
        }
        clv_buffer_reset(&bits);
        clv_tokens_put_extra(first, indices, count, is_signed, &bits);
        assert_back(first, &bits, indices, count, is_signed);
    }
    clv_buffer_fini(&bits);
}

static void every_index_has_a_token(void **state)
{
    struct clv_buffer bits;

    (void)state;
    clv_buffer_init(&bits, 1 << 10);
    for (int i = -32767; i <= 32767; i++) {
        int16_t index = (int16_t)i;
        for (int is_signed = i < 0; is_signed < 2; is_signed++) {
            uint8_t token;
            unsigned most =
                clv_tokens_of(CLV_PATH_PORTABLE, &index, 1, is_signed, &token);
            assert_int_equal(most, token);
            assert_int_equal(token,
                             clv_symbol_token(clv_symbol(index, is_signed)));
            clv_buffer_reset(&bits);
            clv_tokens_put_extra(&token, &index, 1, is_signed, &bits);
            assert_int_equal(bits.size, (clv_token_extra(token) + 7) / 8);
            assert_back(&token, &bits, &index, 1, is_signed);
        }
    }
    clv_buffer_fini(&bits);
}

static int decode_one(uint8_t token, const uint8_t *bytes, size_t size,
                      int is_signed, struct clv_reader *r)
{
    uint8_t tokens[40] = {0};
    int16_t indices[40];
    int first = -1;

    tokens[33] = token;
    SEEDED_EACH_PATH(path)
    {
        int ok;
        clv_reader_init(r, (clv_bytes){bytes, size});
        ok = clv_tokens_to_indices((enum clv_path)path, tokens, 40, is_signed,
                                   r, indices);
        first = first < 0 ? ok : first;
        assert_int_equal(ok, first);
    }
    return first;
}

static void what_is_no_index_is_refused(void **state)
{
    const uint8_t ones[] = {0xff, 0xff, 0xff, 0xff};
    struct clv_reader r;

    (void)state;
    for (uint8_t token = 40; token < 64; token++) { /* as a true token */
        uint8_t bytes[4] = {token};
        assert_false(decode_one(CLV_TOKEN_ESCAPE, bytes, 4, 1, &r));
    }
    /* 65535 is no symbol; 32768 is none without signs. */
    assert_false(decode_one(39, ones, 4, 1, &r));
    assert_false(decode_one(39, ones, 4, 0, &r));
    assert_false(decode_one(38, (const uint8_t[]){0, 0}, 2, 0, &r));
    assert_true(decode_one(38, (const uint8_t[]){0, 0}, 2, 1, &r));
    assert_true(decode_one(37, (const uint8_t[]){0xff, 0x1f}, 2, 0, &r));
    assert_false(r.failed);
}

static void bits_that_lack_are_told(void **state)
{
    const uint8_t bytes[] = {0xff, 0x01};
    struct clv_reader r;

    (void)state;
    (void)decode_one(39, bytes, 1, 1, &r);
    assert_true(r.failed);
    (void)decode_one(CLV_TOKEN_ESCAPE, bytes, 0, 1, &r);
    assert_true(r.failed);
    (void)decode_one(16, (const uint8_t[]){0x08}, 1, 1, &r); /* unused bit */
    assert_true(r.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indices_come_back),
        cmocka_unit_test(every_index_has_a_token),
        cmocka_unit_test(what_is_no_index_is_refused),
        cmocka_unit_test(bits_that_lack_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
