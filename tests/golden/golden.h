/*
 * golden.h - what the makers of golden files share.
 *
 * Golden files pin the format: see README.md beside this file. They are
 * written by make_golden, partly with the library's encoder, partly by hand,
 * that is by the plain writers declared here, which follow docs/format.md
 * and can write what the encoder never would. Nothing here is fast, and what
 * cannot go on ends the program.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/tensor.h"
#include "codec/calibration.h"
#include "codec/codec.h"

#define GOLDEN_COUNT_MAX 65536
#define GOLDEN_TOKENS 41

/* The longest .npy of a golden tensor, and the longest message. */
#define GOLDEN_BYTES_MAX ((size_t)1 << 22)

/* Element types by their numbers in frames. */
enum golden_type {
    GOLDEN_F32,
    GOLDEN_F16,
    GOLDEN_U8,
    GOLDEN_I8,
    GOLDEN_BOOL,
    GOLDEN_U16,
    GOLDEN_I16,
    GOLDEN_U32,
    GOLDEN_I32,
    GOLDEN_U64,
    GOLDEN_I64,
    GOLDEN_F64,
    GOLDEN_TYPES
};

enum golden_quantiser { GOLDEN_NONE, GOLDEN_STEP, GOLDEN_RANGE, GOLDEN_HALF };

/* A frame's header. `flags` are set besides those that follow from it. */
struct golden_form {
    enum clv_coder coder;
    enum golden_type type;
    enum golden_quantiser quantiser;
    int is_signed;
    int names_book, takes_shape;
    uint32_t hash;
    uint32_t rank;
    uint64_t dim[8];
    float step, lo, hi;
    unsigned bits;
    int64_t base;
    unsigned flags;
};

/* A code book, as the format has it. A plain one ignores what it implies. */
struct golden_book {
    int is_signed, is_plain;
    unsigned threshold_count, cut_count;
    unsigned threshold[7], cut[3];
    unsigned up, right, energy, e0;
    size_t biases;
    uint8_t bias[64];
    unsigned frequency[8][4][GOLDEN_TOKENS];
};

/* How a dense payload is to be coded. */
struct golden_lanes {
    unsigned log2_lanes;
    unsigned quiet; /* fewer if the states cannot hold as many */
    uint32_t start; /* of every state; 0: a power of two that fits */
    int has_loud;
    uint32_t loud; /* a bit for each lane, with has_loud */
};

/* Says what is wrong and ends the program. */
_Noreturn void golden_die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Elements of a form. */
size_t golden_count(const struct golden_form *form);

/* Appends the header, up to where the payload begins. */
void golden_put_header(const struct golden_form *form, struct clv_buffer *into);

/* Appends the checksum of what stands there from `start` on. */
void golden_seal(struct clv_buffer *into, size_t start);

/* Appends a whole frame, with a length unless it is the last. */
void golden_put_frame(const struct golden_form *form, clv_bytes payload,
                      int last, struct clv_buffer *into);

/* Appends the bytes of the tensor that these indices, or halves, make. */
void golden_put_values(const struct golden_form *form, const int16_t *indices,
                       struct clv_buffer *into);

/* The tensor of a form, with these bytes. */
cleave_tensor golden_tensor(const struct golden_form *form,
                            const struct clv_buffer *bytes);

/* Appends a book's bytes. */
void golden_put_book(const struct golden_book *book, struct clv_buffer *into);

/*
 * A table in which token 0 has `zero` slots, each of the next tokens half of
 * what is left, until `listed`; at least one slot is the escape's.
 */
void golden_table(unsigned frequency[GOLDEN_TOKENS], unsigned zero,
                  unsigned listed);

/* The same table for all contexts. */
void golden_tables(struct golden_book *book, unsigned zero, unsigned listed);

/*
 * Appends a dense payload without the book. Returns the number of quiet
 * steps it has.
 */
unsigned golden_put_dense(const struct golden_form *form,
                          const struct golden_book *book,
                          const struct golden_lanes *lanes,
                          const int16_t *indices, struct clv_buffer *into);

/* Appends planes as they are: the payload lz with *stored*. */
void golden_put_planes(const struct golden_form *form, const int16_t *indices,
                       unsigned width, struct clv_buffer *into);

struct seeded;

/* Appends the payload fast, its ways taken by chance. */
void golden_put_fast(struct seeded *s, const struct golden_form *form,
                     const int16_t *indices, struct clv_buffer *into);

/* A message in the making, and what comes of it. */
struct golden_maker {
    const char *folder;
    struct clv_calibration *calibration;
    struct clv_codec *codec;
    struct clv_buffer message;
    struct clv_buffer arrays;   /* its tensors as .npy files */
    struct clv_buffer manifest; /* a line for each message */
};

/* Begins a message. */
void golden_begin(struct golden_maker *maker);

/* Adds a frame by hand; the tensor is what the indices stand for. */
void golden_add(struct golden_maker *maker, const struct golden_form *form,
                const int16_t *indices, const struct clv_buffer *payload,
                int last);

/*
 * Adds a frame by the library's encoder. The tensor must be one that its
 * packing does not change, but for what `decoded` says, which may be NULL.
 */
void golden_pack(struct golden_maker *maker, const char *packing,
                 const cleave_tensor *tensor, const cleave_tensor *decoded,
                 int last);

/*
 * Ends the message: proves that the library decodes it to what was meant,
 * writes it to FOLDER/name.frame and a line to the manifest. `packing` is
 * how the encoder makes the same bytes, "-" if it does not; `tensor` the
 * name in the calibration that it then needs, or "-".
 */
void golden_end(struct golden_maker *maker, const char *name,
                const char *packing, const char *tensor, const char *what);

/* Writes a file to a folder. */
void golden_write(const char *folder, const char *name, const char *suffix,
                  const struct clv_buffer *content);

/* Appends the calibration file that golden frames name books of. */
void golden_put_calibration(struct clv_buffer *into);

/* The hash of a book, and the n-th book of that file. */
uint32_t golden_hash(const struct golden_book *book);
void golden_calibrated_book(unsigned n, struct golden_book *book);

/* All good files with their manifest; all bad ones; so many by chance. */
void golden_make_good(struct golden_maker *maker);
void golden_make_bad(struct golden_maker *maker);
void golden_make_random(struct golden_maker *maker, uint64_t seed,
                        unsigned count);

#endif
