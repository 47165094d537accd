/* The claim that every way of running a model gives the same bits.
 *
 * The interpreter's answer at a number of points stands against machine code of
 * both levels and every lane count, and against programs that a pass was left out
 * of.  Payloads of nans are not compared, everything else is. */
#ifndef SUPPORT_BITS_H
#define SUPPORT_BITS_H

#include <ojit/ojit.h>

/* How much of it: all variants, or those a large model can afford. */
enum bits_effort {
	BITS_ALL,  /* also every pass left out, through interpreter and machine code */
	BITS_CODE, /* interpreter, and machine code of both levels and all lane counts */
	BITS_PAIR, /* interpreter and default machine code */
};

/* Right-hand side, observables and initial values at `points` points: the start,
 * perturbed states and parameters, and, as every third, states with zeros, huge,
 * tiny, infinite and undefined elements.  A difference fails the running test. */
void bits_agree(ojit_model *model, const char *name, enum bits_effort effort, size_t points);

/* Kernels that run 2, 4 and 8 trajectories a call, one a lane, prepare and initial
 * values included, against the interpreter for each trajectory alone.  All arrays
 * per lane, then parameters and time shared. */
void bits_agree_in_ensembles(ojit_model *model, const char *name);

#endif
