/*
 * ref.h - what the files of the plain decoder share.
 *
 * refdec reads frames as docs/format.md describes them and was written from
 * that text alone: it knows nothing of src/ and uses nothing but libc. It is
 * meant to be read beside the text, clear and slow: one bit at a time, no
 * tables that can be done without. Where it and the library differ, one of
 * them or the text is wrong.
 *
 * It is a program that decodes and leaves, so whatever breaks a "must" of
 * the text ends it: ref_refuse prints one line and exits with 1. Memory
 * comes from a ref_memory, which holds the limit and frees all at once.
 */
#ifndef REF_H
#define REF_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes that one frame, or all input files, may take up. */
#define REF_MEMORY_MAX ((size_t)1 << 30)

#define REF_RANK_MAX 8
#define REF_TOKENS 41 /* 0 to 39, and the escape */
#define REF_ESCAPE 40

struct ref_block;

/* What may still be taken, and what was. */
struct ref_memory {
    size_t left;
    struct ref_block *blocks;
};

/* A place in some bytes; `bit` bits of the byte at `at` are used up. */
struct ref_reader {
    const char *name; /* the file's, for messages */
    unsigned frame;   /* the frame's number in it, from 1; 0: none */
    const uint8_t *data;
    size_t size;
    size_t at;
    unsigned bit;
    struct ref_memory *memory;
};

enum ref_type {
    REF_F32,
    REF_F16,
    REF_U8,
    REF_I8,
    REF_BOOL,
    REF_U16,
    REF_I16,
    REF_U32,
    REF_I32,
    REF_U64,
    REF_I64,
    REF_F64,
    REF_TYPES
};

struct ref_shape {
    unsigned rank;
    uint64_t dim[REF_RANK_MAX];
    uint64_t elements;
};

/* The order in which the coder dense goes through a tensor. */
struct ref_walk {
    uint64_t planes, height, width;
    uint64_t elements; /* positions from here on are void */
};

struct ref_book {
    int is_signed;
    unsigned thresholds, cuts;
    unsigned threshold[7], cut[3];
    unsigned up, right, energy, e0;
    uint64_t biases; /* none: all are 0 */
    const uint8_t *bias;
    unsigned frequency[8 * 4][REF_TOKENS];
};

/* A book of the calibration file, as bytes, and its tensor's shape. */
struct ref_named {
    struct ref_named *next;
    uint32_t hash;
    const uint8_t *data;
    size_t size;
    struct ref_shape shape;
};

/* A decoded tensor. */
struct ref_tensor {
    enum ref_type type;
    struct ref_shape shape;
    uint8_t *data;
    size_t bytes;
};

/* Says what is wrong and where, on one line, and leaves with 1. */
_Noreturn void ref_refuse(const struct ref_reader *in, const char *text);

/* Room for `count` things of `each` bytes, zeroed. Refuses above the limit. */
void *ref_take(const struct ref_reader *in, size_t count, size_t each);

/* Frees all that was taken, and allows `limit` bytes from now on. */
void ref_memory_reset(struct ref_memory *memory, size_t limit);

/* The next number of so many bits; all refuse to read past the end. */
unsigned ref_u8(struct ref_reader *in);
unsigned ref_u16(struct ref_reader *in);
uint32_t ref_u32(struct ref_reader *in);
uint64_t ref_varint(struct ref_reader *in);
float ref_f32(struct ref_reader *in);
uint32_t ref_bits(struct ref_reader *in, unsigned count);

/* Ends a bit stream: what is left of its last byte must be zero. */
void ref_bits_end(struct ref_reader *in);

/* The next `size` bytes, which the reader goes past. */
const uint8_t *ref_bytes(struct ref_reader *in, uint64_t size);

/* Bytes that are left. */
size_t ref_left(const struct ref_reader *in);

/* XXH32 with seed 0. */
uint32_t ref_hash(const uint8_t *data, size_t size);

/* Rank, dimensions, and the number of elements, checked. */
void ref_shape_read(struct ref_reader *in, struct ref_shape *shape);

/* Base of integers: 2b for b >= 0, -2b - 1 for b < 0. */
int64_t ref_base_read(struct ref_reader *in);

/* The walk over a tensor of this shape, which has elements. */
struct ref_walk ref_walk_over(const struct ref_shape *shape);

/* A code book; its biases stay where they were read. */
void ref_book_read(struct ref_reader *in, struct ref_book *book);

/* A whole calibration file; returns its books. */
struct ref_named *ref_calibration_read(struct ref_reader *in);

/*
 * The payloads: so many symbols from all of what `in` has left. `book` is
 * the named one, NULL if it stands in the payload.
 */
void ref_lz_decode(struct ref_reader *in, uint64_t elements, uint16_t *symbols);
void ref_fast_decode(struct ref_reader *in, uint64_t elements, int is_signed,
                     uint16_t *symbols);
void ref_dense_decode(struct ref_reader *in, const struct ref_shape *shape,
                      int is_signed, const struct ref_book *book,
                      uint16_t *symbols);

/*
 * Decodes the frame that `message` stands at and goes past it. Returns
 * whether another one follows.
 */
int ref_frame_decode(struct ref_reader *message, const struct ref_named *books,
                     struct ref_tensor *ret_tensor);

#endif
