/*
 * book.c - code books: their bytes, and the tables made from them.
 *
 * Encoding divides by frequencies; it multiplies by reciprocals instead, which
 * is exact for states of 31 bits. Decoding looks a slot up in a table that
 * holds all that a step needs in 32 bits. Void positions get contexts in
 * which token 0 has all slots, so that they cost nothing and need no
 * exception in the inner loops.
 */
#include "codec/book.h"

#include <stdlib.h>
#include <string.h>

/* The header's bits. */
#define PLAIN 0x20u
#define SIGNED 0x40u
#define UNKNOWN 0x80u

struct clv_book *clv_book_new(void)
{
    return calloc(1, sizeof(struct clv_book));
}

void clv_book_free(struct clv_book *book)
{
    if (book != NULL) {
        free(atomic_load(&book->codes));
        free(atomic_load(&book->slots));
        free(book->bias);
        free(book);
    }
}

void clv_book_make_plain(struct clv_book *book)
{
    book->plain = 1;
    book->up = 48;
    book->right = 8;
    book->energy = 0;
    book->e0 = 0;
    for (unsigned i = 0; i < book->threshold_count; i++) {
        unsigned threshold = 24 + 48 * i;
        book->thresholds[i] = (uint8_t)(threshold < 255 ? threshold : 255);
    }
}

unsigned clv_token_magnitude(unsigned token, int is_signed)
{
    unsigned magnitude = is_signed ? (token + 1) / 2 : token;

    return magnitude < CLV_MAGNITUDES ? magnitude : CLV_MAGNITUDES - 1;
}

static unsigned floor_log2(unsigned x)
{
    return 31 - (unsigned)__builtin_clz(x);
}

unsigned clv_symbol_token(unsigned symbol)
{
    unsigned e;

    if (symbol < CLV_TOKEN_PLAIN) {
        return symbol;
    }
    e = floor_log2(symbol);
    return CLV_TOKEN_PLAIN + 2 * (e - 4) + (symbol >> (e - 1) & 1);
}

unsigned clv_token_extra(unsigned token)
{
    return token < CLV_TOKEN_PLAIN ? 0 : 3 + (token - CLV_TOKEN_PLAIN) / 2;
}

/*
 * Division by a frequency f as a multiplication (the method of Alverson,
 * 1991, as used for range coders by Giesen, 2014): x / f is the upper half of
 * x * reciprocal, shifted. For f = 1 the reciprocal of 2^32 - 1 gives x - 1,
 * which the bias makes up for.
 */
static struct clv_code code_of(unsigned frequency, unsigned start)
{
    struct clv_code code = {0, 0};
    unsigned shift = 0;

    if (frequency == 0) {
        return code;
    }
    if (frequency == 1) {
        code.reciprocal = UINT32_MAX;
        code.packed = frequency | (start + CLV_SLOTS - 1) << 11;
        return code;
    }
    while (frequency > 1u << shift) {
        shift++;
    }
    code.reciprocal =
        (uint32_t)(((1ull << (shift + 31)) + frequency - 1) / frequency);
    code.packed = frequency | start << 11 | (shift - 1) << 22;
    return code;
}

static void fill_codes(const struct clv_book *book, struct clv_codes *codes)
{
    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        unsigned start = 0;
        for (unsigned t = 0; t < CLV_TOKENS; t++) {
            unsigned frequency = book->frequency[c][t];
            codes->of[c][t] = code_of(frequency, start);
            start += frequency;
        }
    }
    for (unsigned c = CLV_CONTEXT_VOID; c < CLV_CONTEXTS_ALL; c++) {
        codes->of[c][0] = code_of(CLV_SLOTS, 0);
    }
}

void clv_book_ready(struct clv_book *book)
{
    struct clv_codes *codes = atomic_load(&book->codes);

    for (unsigned m = 0; m < CLV_MAGNITUDES; m++) {
        unsigned up = book->up * m;
        unsigned right = book->right * m;
        book->up_by_magnitude[m] = (uint8_t)(up < 255 ? up : 255);
        book->right_by_magnitude[m] = (uint8_t)(right < 255 ? right : 255);
        book->cut_class[m] = 0;
        for (unsigned i = 0; i < book->cut_count; i++) {
            if (m >= book->cuts[i]) {
                book->cut_class[m]++;
            }
        }
    }
    if (codes != NULL) {
        fill_codes(book, codes); /* not shared yet, or it would not change */
    }
}

/* Gives what rounding left over to the commonest, or takes it from there. */
static void balance(uint16_t frequency[CLV_TOKENS], int left)
{
    while (left != 0) {
        unsigned best = 0;
        int change;
        for (unsigned t = 1; t < CLV_TOKENS; t++) {
            if (frequency[t] > frequency[best]) {
                best = t;
            }
        }
        change = left > -(frequency[best] - 1) ? left : -(frequency[best] - 1);
        frequency[best] = (uint16_t)(frequency[best] + change);
        left -= change;
    }
}

void clv_book_scale(const uint32_t counts[CLV_TOKENS], unsigned escape,
                    uint16_t frequency[CLV_TOKENS])
{
    uint64_t sum = 0;
    int left = CLV_SLOTS;

    for (unsigned t = 0; t < CLV_TOKENS; t++) {
        sum += counts[t];
    }
    for (unsigned t = 0; t < CLV_TOKENS; t++) {
        uint64_t scaled =
            sum > 0 ? ((uint64_t)counts[t] * CLV_SLOTS + sum / 2) / sum : 0;
        frequency[t] = (uint16_t)(scaled == 0 && counts[t] > 0 ? 1 : scaled);
        if (t == CLV_TOKEN_ESCAPE && frequency[t] < escape) {
            frequency[t] = (uint16_t)escape;
        }
        left -= frequency[t];
    }
    if (sum == 0) {
        frequency[CLV_TOKEN_ESCAPE] = CLV_SLOTS;
    } else {
        balance(frequency, left);
    }
}

static unsigned bit_length(unsigned x)
{
    return x == 0 ? 0 : floor_log2(x) + 1;
}

static int read_table(struct clv_bit_reader *bits,
                      uint16_t frequency[CLV_TOKENS])
{
    unsigned count = clv_read_bits(bits, 6);
    unsigned left = CLV_SLOTS;

    memset(frequency, 0, CLV_TOKENS * sizeof frequency[0]);
    if (count > CLV_TOKEN_ESCAPE) {
        return 0;
    }
    for (unsigned t = 0; t < count; t++) {
        unsigned f = clv_read_bits(bits, bit_length(left));
        if (f > left) {
            return 0;
        }
        frequency[t] = (uint16_t)f;
        left -= f;
    }
    frequency[CLV_TOKEN_ESCAPE] = (uint16_t)left;
    return 1;
}

static void write_table(struct clv_bit_writer *bits,
                        const uint16_t frequency[CLV_TOKENS])
{
    unsigned count = CLV_TOKEN_ESCAPE;
    unsigned left = CLV_SLOTS;

    while (count > 0 && frequency[count - 1] == 0) {
        count--;
    }
    clv_put_bits(bits, count, 6);
    for (unsigned t = 0; t < count; t++) {
        clv_put_bits(bits, frequency[t], bit_length(left));
        left -= frequency[t];
    }
}

/* Reads `count` numbers, which must ascend from `least` on. */
static int read_ascending(struct clv_reader *r, unsigned count, unsigned least,
                          uint8_t *into)
{
    for (unsigned i = 0; i < count; i++) {
        into[i] = clv_read_u8(r);
        if (into[i] < least) {
            return 0;
        }
        least = into[i] + 1u;
    }
    return 1;
}

static cleave_status read_biases(struct clv_reader *r, struct clv_book *book)
{
    uint64_t count = clv_read_varint(r);

    if (r->failed || count > clv_reader_left(r)) {
        return CLEAVE_CORRUPT;
    }
    if (count > 0) {
        book->bias = malloc(count);
        if (book->bias == NULL) {
            return CLEAVE_MEMORY;
        }
        memcpy(book->bias, r->at, count);
        r->at += count;
    }
    book->bias_count = count;
    return CLEAVE_OK;
}

static cleave_status read_contexts(struct clv_reader *r, struct clv_book *book)
{
    if (!read_ascending(r, book->cut_count, 1, book->cuts)) {
        return CLEAVE_CORRUPT;
    }
    if (book->plain) {
        clv_book_make_plain(book);
        return CLEAVE_OK;
    }
    book->up = clv_read_u8(r);
    book->right = clv_read_u8(r);
    book->energy = clv_read_u8(r);
    book->e0 = clv_read_u8(r);
    if (!read_ascending(r, book->threshold_count, 0, book->thresholds)) {
        return CLEAVE_CORRUPT;
    }
    return read_biases(r, book);
}

static cleave_status read_tables(struct clv_reader *r, struct clv_book *book)
{
    struct clv_bit_reader bits;

    clv_bit_reader_init(&bits, r);
    for (unsigned i = 0; i <= book->threshold_count; i++) {
        for (unsigned k = 0; k <= book->cut_count; k++) {
            if (!read_table(&bits, book->frequency[4 * i + k])) {
                return CLEAVE_CORRUPT;
            }
        }
    }
    clv_bit_reader_end(&bits);
    return r->failed ? CLEAVE_CORRUPT : CLEAVE_OK;
}

cleave_status clv_book_read_into(struct clv_reader *r, struct clv_book *book)
{
    unsigned head = clv_read_u8(r);
    cleave_status status;

    if (r->failed || (head & UNKNOWN) != 0) {
        return CLEAVE_CORRUPT;
    }
    free(atomic_exchange(&book->slots, NULL));
    free(book->bias);
    book->bias = NULL;
    book->bias_count = 0;
    book->threshold_count = head & 7;
    book->cut_count = head >> 3 & 3;
    book->plain = (head & PLAIN) != 0;
    book->is_signed = (head & SIGNED) != 0;
    status = read_contexts(r, book);
    if (status == CLEAVE_OK) {
        status = read_tables(r, book);
    }
    if (status == CLEAVE_OK) {
        clv_book_ready(book);
    }
    return status;
}

cleave_status clv_book_read(struct clv_reader *r, struct clv_book **ret_book)
{
    struct clv_book *book = clv_book_new();
    cleave_status status;

    if (book == NULL) {
        return CLEAVE_MEMORY;
    }
    status = clv_book_read_into(r, book);
    if (status == CLEAVE_OK) {
        *ret_book = book;
    } else {
        clv_book_free(book);
    }
    return status;
}

static void write_contexts(const struct clv_book *book, struct clv_buffer *into)
{
    (void)clv_buffer_append(into, book->cuts, book->cut_count);
    if (book->plain) {
        return;
    }
    clv_put_u8(into, book->up);
    clv_put_u8(into, book->right);
    clv_put_u8(into, book->energy);
    clv_put_u8(into, book->e0);
    (void)clv_buffer_append(into, book->thresholds, book->threshold_count);
    clv_put_varint(into, book->bias_count);
    (void)clv_buffer_append(into, book->bias, book->bias_count);
}

void clv_book_write(const struct clv_book *book, struct clv_buffer *into)
{
    struct clv_bit_writer bits;

    clv_put_u8(into, (uint8_t)(book->threshold_count | book->cut_count << 3 |
                               (book->plain ? PLAIN : 0) |
                               (book->is_signed ? SIGNED : 0)));
    write_contexts(book, into);
    clv_bit_writer_init(&bits, into);
    for (unsigned i = 0; i <= book->threshold_count; i++) {
        for (unsigned k = 0; k <= book->cut_count; k++) {
            write_table(&bits, book->frequency[4 * i + k]);
        }
    }
    clv_bit_writer_end(&bits);
}

static void fill_context(const struct clv_book *book, unsigned context,
                         uint32_t *slots)
{
    unsigned slot = 0;

    for (unsigned t = 0; t < CLV_TOKENS; t++) {
        unsigned magnitude = clv_token_magnitude(t, book->is_signed);
        uint32_t frequency = book->frequency[context][t];
        uint32_t entry = (uint32_t)book->cut_class[magnitude] << 10 |
                         frequency << 12 | t << 23;
        for (uint32_t i = 0; i < frequency; i++) {
            slots[slot++] = entry | i;
        }
    }
}

static void fill_void(const struct clv_book *book, uint32_t *slots)
{
    for (uint32_t i = 0; i < CLV_SLOTS; i++) {
        slots[i] = (uint32_t)book->cut_class[0] << 10 | CLV_SLOTS << 12 | i;
    }
}

static uint32_t *make_slots(const struct clv_book *book)
{
    size_t size = (size_t)CLV_CONTEXTS_ALL * CLV_SLOTS * sizeof(uint32_t);
    uint32_t *slots = aligned_alloc(64, size);

    if (slots == NULL) {
        return NULL;
    }
    for (unsigned c = 0; c < CLV_CONTEXTS_ALL; c++) {
        uint32_t *at = slots + (size_t)c * CLV_SLOTS;
        if (c < CLV_CONTEXTS && c / 4 <= book->threshold_count &&
            c % 4 <= book->cut_count) {
            fill_context(book, c, at);
        } else if (c >= CLV_CONTEXT_VOID) {
            fill_void(book, at);
        }
    }
    return slots;
}

static struct clv_codes *make_codes(const struct clv_book *book)
{
    struct clv_codes *codes = aligned_alloc(64, sizeof *codes);

    if (codes != NULL) {
        memset(codes, 0, sizeof *codes);
        fill_codes(book, codes);
    }
    return codes;
}

/* The two things in a shared book that change: each appears, once. */
const struct clv_codes *clv_book_codes(const struct clv_book *book)
{
    _Atomic(struct clv_codes *) *place =
        (_Atomic(struct clv_codes *) *)&book->codes;
    struct clv_codes *codes = atomic_load_explicit(place, memory_order_acquire);
    struct clv_codes *none = NULL;

    if (codes != NULL) {
        return codes;
    }
    codes = make_codes(book);
    if (codes != NULL && !atomic_compare_exchange_strong(place, &none, codes)) {
        free(codes);
        codes = none;
    }
    return codes;
}

const uint32_t *clv_book_slots(const struct clv_book *book)
{
    _Atomic(uint32_t *) *place = (_Atomic(uint32_t *) *)&book->slots;
    uint32_t *slots = atomic_load_explicit(place, memory_order_acquire);
    uint32_t *none = NULL;

    if (slots != NULL) {
        return slots;
    }
    slots = make_slots(book);
    if (slots != NULL && !atomic_compare_exchange_strong(place, &none, slots)) {
        free(slots);
        slots = none;
    }
    return slots;
}
