/*
 * choice.h - the code book that goes along with a tensor.
 *
 * Without calibration, tables are paid for in bytes. The contexts are those
 * of a plain book; how many of them are worth their tables is found by
 * adding up what the tensor would cost with each of a few numbers.
 */
#ifndef CLV_CHOICE_H
#define CLV_CHOICE_H

#include <stdint.h>

#include "codec/book.h"

/* Makes `book` the plain book with the most contexts, without tables. */
void clv_choice_richest(struct clv_book *book, int is_signed);

/*
 * Turns that book into one with fewer contexts and with tables, ready, from
 * the counts of tokens under the richest one's contexts.
 */
void clv_choice_make(struct clv_book *book,
                     uint32_t counts[CLV_CONTEXTS_ALL][CLV_TOKENS]);

#endif
