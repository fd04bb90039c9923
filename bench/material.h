/*
 * material.h - trained networks and their data, made ready to be used.
 *
 * The test data has networks with cards and labelled inputs, and some that
 * lack one or the other. What they lack is made here, once, below the
 * benchmarks' cache:
 *
 *     cards        of the networks that have none
 *     key words    records of features become a stack of arrays, and labels
 *     persons      pictures without labels get the answers of the float
 *                  network, so that accuracy there is agreement with it
 *     int8         variants of networks that have none, by `cleave quantize`
 *
 * Pictures for detectors have no right answers at all: whoever uses them must
 * not speak of their accuracy.
 *
 * Everything here ends the program with a message if it fails. One thread.
 */
#ifndef CLV_MATERIAL_H
#define CLV_MATERIAL_H

#include "base/file.h"

struct material {
    const char *data;          /* the folder with the test data */
    char folder[CLV_PATH_MAX]; /* where all this lies */
    char models[CLV_PATH_MAX]; /* in it */
};

void material_open(struct material *m, const char *data);

/*
 * Makes a network's file and card ready and gives the file's path. Returns 0
 * if there is none, nor a way to make it.
 */
int material_model(const struct material *m, const char *name,
                   char into[CLV_PATH_MAX]);

/* The inputs that a network is used with, and the right answers to them; ""
   if there are none. */
void material_inputs(const struct material *m, const char *name,
                     char inputs[CLV_PATH_MAX], char labels[CLV_PATH_MAX]);

#endif
