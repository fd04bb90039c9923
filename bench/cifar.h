/*
 * cifar.h - the pictures of CIFAR-10's binary layout as arrays.
 */
#ifndef CLV_CIFAR_H
#define CLV_CIFAR_H

#include "base/file.h"
#include "media/card.h"

/*
 * Converts `folder`/test_batch_1000.bin: writes inputs.npy, prepared as the
 * card says, and labels.csv into a folder below the benchmarks' cache, and
 * gives that folder. Ends the program with a message if it cannot.
 */
void cifar_convert(const char *folder, const struct clv_card *card,
                   char into[CLV_PATH_MAX]);

#endif
