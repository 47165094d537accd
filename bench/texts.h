/* Model texts of any size: what a program that writes its equations out gives to
 * ojit.  Every family is flat: scalars only, one equation a line.
 *
 * An operation is an arithmetic operator or a call of a function in the text. */
#ifndef TEXTS_H
#define TEXTS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
	char *at;
	size_t length, room;
};

static inline __attribute__((format(printf, 2, 3))) void add(struct source *s, const char *format, ...)
{
	va_list arguments;
	if (s->room - s->length < 256) {
		s->room = s->room ? 2 * s->room : 1 << 16;
		s->at = realloc(s->at, s->room);
		if (!s->at)
			abort();
	}
	va_start(arguments, format);
	s->length += (size_t)vsnprintf(s->at + s->length, 256, format, arguments);
	va_end(arguments);
}

/* Exponents of numbers (1e-5) and names of parameters are not operations. */
static inline size_t source_operations(const struct source *s)
{
	size_t count = 0;
	for (size_t i = 1; i < s->length; i++) {
		char c = s->at[i], before = s->at[i - 1];
		int letter = (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9');
		count += (strchr("*/^", c) || (c == '(' && letter) || (strchr("+-", c) && before != 'e')) && c != '\0';
	}
	return count;
}

/* Every definition has one equals sign, and nothing else has one. */
static inline size_t source_definitions(const struct source *s)
{
	size_t count = 0;
	for (size_t i = 0; i < s->length; i++)
		count += s->at[i] == '=';
	return count;
}

/* The same numbers on every machine: xorshift64 (Marsaglia 2003). */
static inline uint32_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

/* N oscillators, every pair written out: 9,900 terms for N = 100. */
static inline void write_kuramoto(struct source *s, int n)
{
	add(s, "param K = 0.7\n");
	for (int i = 1; i <= n; i++)
		add(s, "param w%d = %.3f\ninit x%d = %.4f\n", i, 1 + 0.001 * i, i, 0.01 * i);
	for (int i = 1; i <= n; i++) {
		add(s, "x%d' = w%d + K/%d*(", i, i, n);
		for (int j = 1, first = 1; j <= n; j++)
			if (j != i) {
				add(s, "%ssin(x%d - x%d)", first ? "" : " + ", j, i);
				first = 0;
			}
		add(s, ")\n");
	}
}

static inline void write_reaction_u(struct source *s, int i, int n)
{
	add(s, "u%d' = 1 + u%d^2*v%d - 4*u%d + 0.02*%d*%d*", i, i, i, i, n + 1, n + 1);
	add(s, i == 1 ? "(1 - 2*u%d" : "(u%d", i == 1 ? i : i - 1);
	if (i > 1)
		add(s, " - 2*u%d", i);
	add(s, i == n ? " + 1)\n" : " + u%d)\n", i + 1);
}

static inline void write_reaction_v(struct source *s, int i, int n)
{
	add(s, "v%d' = 3*u%d - u%d^2*v%d + 0.02*%d*%d*", i, i, i, i, n + 1, n + 1);
	add(s, i == 1 ? "(3 - 2*v%d" : "(v%d", i == 1 ? i : i - 1);
	if (i > 1)
		add(s, " - 2*v%d", i);
	add(s, i == n ? " + 3)\n" : " + v%d)\n", i + 1);
}

/* The one-dimensional Brusselator (Hairer & Wanner, Solving ODEs II, IV.10), all
 * of u before all of v, or by turns. */
static inline void write_brusselator(struct source *s, int n, int by_turns)
{
	for (int i = 1; i <= n; i++)
		add(s, "init u%d = 1 + 0.1*%d, v%d = 3\n", i, i, i);
	for (int i = 1; i <= n; i++) {
		write_reaction_u(s, i, n);
		if (by_turns)
			write_reaction_v(s, i, n);
	}
	for (int i = 1; i <= n && !by_turns; i++)
		write_reaction_v(s, i, n);
}

static inline void write_brusselator_ordered(struct source *s, int n)
{
	write_brusselator(s, n, 0);
}

static inline void write_brusselator_by_turns(struct source *s, int n)
{
	write_brusselator(s, n, 1);
}

/* A reaction network of mass action with 15 reactions for a species: each rate a
 * let, each equation the sum of the rates that make or take its species. */
static inline void write_network(struct source *s, int reactions)
{
	int species = reactions / 15 + 2, constants = 40, *of = malloc((size_t)reactions * 3 * sizeof *of);
	uint64_t random = 88172645463325252u;
	struct source *sums = calloc((size_t)species, sizeof *sums);
	for (int k = 0; k < constants; k++)
		add(s, "param k%d = %.4f\n", k, 0.01 + 0.02 * k);
	for (int i = 0; i < species; i++)
		add(s, "init s%d = %.3f\n", i, 1 + 0.001 * i);
	for (int r = 0; r < reactions; r++) {
		for (int i = 0; i < 3; i++)
			of[3 * r + i] = (int)(next_random(&random) % (unsigned)species);
		add(s, "let r%d = k%d*s%d", r, (int)(next_random(&random) % (unsigned)constants), of[3 * r]);
		add(s, r % 3 ? "*s%d\n" : "\n", of[3 * r + 1]);
		add(&sums[of[3 * r]], " - r%d", r);
		if (r % 3)
			add(&sums[of[3 * r + 1]], " - r%d", r);
		add(&sums[of[3 * r + 2]], " + r%d", r);
	}
	for (int i = 0; i < species; i++) {
		/* " + r7 ...": the first sign goes where it is a plus */
		size_t plus = sums[i].length && sums[i].at[1] == '+' ? 3 : 0;
		add(s, sums[i].length ? "s%d' = " : "s%d' = 0", i);
		for (size_t at = plus; at < sums[i].length; at += 200)
			add(s, "%.*s", (int)(sums[i].length - at < 200 ? sums[i].length - at : 200), sums[i].at + at);
		add(s, "\n");
		free(sums[i].at);
	}
	free(sums);
	free(of);
}

/* Every let uses the one before. */
static inline void write_chain(struct source *s, int lets)
{
	add(s, "param p = 0.5\ninit x = 1\nlet a0 = x\n");
	for (int i = 1; i <= lets; i++)
		add(s, "let a%d = a%d*p + x\n", i, i - 1);
	add(s, "x' = a%d - x\n", lets);
}

/* One equation that is a single sum. */
static inline void write_sum(struct source *s, int terms)
{
	add(s, "init x = 1, y = 2\ny' = -y\nx' = -x");
	for (int i = 1; i < terms; i++)
		add(s, " + %d*%c", i, i % 3 ? 'x' : 'y');
	add(s, "\n");
}

/* Nothing repeats: random operators on random earlier values. */
static inline void write_straight(struct source *s, int operations)
{
	static const char *const functions[] = {"sin", "cos", "exp", "tanh"};
	int states = 20, lets = operations / 4;
	uint64_t random = 362436069362436069u;
	add(s, "param p = 0.5, q = 1.5\n");
	for (int i = 0; i < states; i++)
		add(s, "init x%d = %.2f\nlet a%d = 0.5*x%d\n", i, 0.1 * i, i, i);
	for (int i = states; i < lets; i++) {
		uint32_t r = next_random(&random), near = (uint32_t)(i < 200 ? i : 200);
		int a = i - 1 - (int)(next_random(&random) % near), b = i - 1 - (int)(next_random(&random) % near);
		int c = (int)(next_random(&random) % (uint32_t)i);
		if (r % 4 == 0)
			add(s, "let a%d = %s(a%d) - 0.%d*a%d*x%d\n", i, functions[r / 4 % 4], a, r / 16 % 90 + 10, b, (int)(r / 64 % 20));
		else if (r % 4 == 1)
			add(s, "let a%d = a%d*p + (a%d - x%d)*0.%d\n", i, a, b, (int)(r / 64 % 20), r / 16 % 90 + 10);
		else if (r % 4 == 2)
			add(s, "let a%d = a%d/(2 + a%d^2) + q*x%d\n", i, a, b, (int)(r / 64 % 20));
		else
			add(s, "let a%d = 0.%d*(a%d + a%d) - x%d*0.1\n", i, r / 16 % 90 + 10, a, c, (int)(r / 64 % 20));
	}
	for (int i = 0; i < states; i++)
		add(s, "x%d' = a%d - x%d\n", i, lets - 1 - 3 * i, i);
}

/* Brackets inside of brackets, 900 deep, as many equations as it takes. */
static inline void write_nested(struct source *s, int operations)
{
	enum { DEEP = 450 };
	for (int i = 0; i < operations / (2 * DEEP) + 1; i++) {
		add(s, "init x%d = 0.1\nx%d' = ", i, i);
		for (int k = 0; k < DEEP; k++)
			add(s, "sin(%d.5 - ", k);
		add(s, "x%d", i);
		for (int k = 0; k < DEEP; k++)
			add(s, ")");
		add(s, "\n");
	}
}

/* Parameters made of parameters, and coefficients made of those. */
static inline void write_derived(struct source *s, int n)
{
	add(s, "param p0 = 1.1\nlet d0 = p0*p0\n");
	for (int i = 1; i <= n; i++)
		add(s, "param p%d = p%d*0.99 + 0.0%d\nlet d%d = d%d*0.9 + sin(p%d)\ninit x%d = p%d\n", i, i - 1, i % 90 + 10, i, i - 1, i, i, i);
	for (int i = 1; i <= n; i++)
		add(s, "x%d' = -d%d*x%d\n", i, i, i);
}

/* An array given element by element, each from the one before, in an order that helps
 * nobody. */
static inline void write_elements(struct source *s, int n)
{
	add(s, "init x = 0.5\nlet a[0] = x\n");
	for (int k = 0; k < n; k++) {
		int i = (int)((long)k * 7919 % n) + 1; /* a prime: every element once, where n is no multiple */
		add(s, "let a[%d] = a[%d]*x + %d\n", i, i - 1, i);
	}
	add(s, "x' = a[%d] - a[%d]\n", n, n / 2);
}

/* A parameter and an initial value for every equation of three operations. */
static inline void write_rates(struct source *s, int n)
{
	for (int i = 0; i < n; i++)
		add(s, "param k%d = %.4f\ninit x%d = %.3f\nx%d' = k%d*(2 - x%d)*x%d\n", i, 0.01 + 0.0002 * (i % 997), i, 1 + 0.001 * (i % 991), i, i, i, (i + 1) % n);
}

/* What converters of reaction networks write: every species has an initial amount, every
 * reaction a constant and a rate, every equation the rates that make and take a species. */
static inline void write_species(struct source *s, int n)
{
	for (int i = 0; i < n; i++)
		add(s, "param k%d = %.4f\ninit s%d = %.3f\nlet r%d = k%d*s%d*s%d\n", i, 0.01 + 0.0002 * (i % 997), i, 1 + 0.001 * (i % 991), i, i, i, (i + 7) % n);
	for (int i = 0; i < n; i++)
		add(s, "s%d' = r%d - r%d\n", i, (i + 3) % n, i);
}

/* Initial values that are computed. */
static inline void write_initials(struct source *s, int n)
{
	add(s, "param a = 0.5, b = 2\n");
	for (int i = 0; i < n; i++)
		add(s, "init x%d = a*%d + b\nx%d' = -x%d\n", i, i, i, i);
}

/* Far more is looked at than there are states. */
static inline void write_observables(struct source *s, int n)
{
	enum { STATES = 10 };
	for (int i = 0; i < STATES; i++)
		add(s, "init x%d = 1\nx%d' = -x%d\n", i, i, i);
	for (int i = 0; i < n; i++)
		add(s, "out o%d = %d*x%d + x%d*x%d\n", i, i % 91, i % STATES, i % 7, i % 9);
}

/* Reactions of which each needs one of five species, the hubs. */
static inline void write_hubs(struct source *s, int reactions)
{
	enum { HUBS = 5 };
	int species = reactions / 2 + HUBS + 2;
	uint64_t random = 88172645463325252u;
	struct source *sums = calloc((size_t)species, sizeof *sums);
	for (int i = 0; i < species; i++)
		add(s, "init s%d = %.3f\n", i, 1 + 0.001 * i);
	for (int r = 0; r < reactions; r++) {
		int hub = (int)(next_random(&random) % HUBS), from = HUBS + (int)(next_random(&random) % (unsigned)(species - HUBS));
		int to = HUBS + (int)(next_random(&random) % (unsigned)(species - HUBS));
		add(s, "param k%d = %.4f\nlet r%d = k%d*s%d*s%d\n", r, 0.01 + 0.0002 * (r % 997), r, r, from, hub);
		add(&sums[from], " - r%d", r);
		add(&sums[to], " + r%d", r);
		if (r % 2)
			add(&sums[hub], " - r%d", r);
	}
	for (int i = 0; i < species; i++) {
		add(s, "s%d' = 0", i);
		for (size_t at = 0; at < sums[i].length; at += 200)
			add(s, "%.*s", (int)(sums[i].length - at < 200 ? sums[i].length - at : 200), sums[i].at + at);
		add(s, "\n");
		free(sums[i].at);
	}
	free(sums);
}

/* Equations of three terms, with one of five hubs in each; four of a shape. */
static inline void write_hub_sums(struct source *s, int n)
{
	enum { HUBS = 5, FORMS = 4, ALIKE = 4 };
	static const char *const forms[FORMS] = {"sin(x%d)*h%d", "exp(-x%d)*h%d", "x%d*cos(h%d)", "tanh(x%d - h%d)"};
	uint64_t random = 362436069362436069u;
	for (int i = 0; i < HUBS; i++)
		add(s, "init h%d = %d\nh%d' = -h%d\n", i, i + 1, i, i);
	for (int i = 0; i < n; i++) {
		add(s, "init x%d = %.3f\nx%d' = x%d^%d*h%d", i, 0.5 + 0.0005 * i, i, (int)(next_random(&random) % (unsigned)n),
		    i / ALIKE + 3, (int)(next_random(&random) % HUBS));
		for (int term = 0; term < 2; term++) {
			add(s, " + x%d*", (int)(next_random(&random) % (unsigned)n));
			add(s, forms[(i / ALIKE + term) % FORMS], (int)(next_random(&random) % (unsigned)n), (int)(next_random(&random) % HUBS));
		}
		add(s, "\n");
	}
}

/* Sums whose terms lie five apart, and what a few others make of them. */
static inline void write_strides(struct source *s, int n)
{
	enum { HUBS = 5 };
	uint64_t random = 362436069362436069u;
	for (int i = 0; i < n; i++)
		add(s, "param k%d = %.3f\ninit x%d = %.3f\n", i, 1 + 0.01 * (i % 97), i, 0.5 + 0.001 * i);
	for (int i = 0; i < n; i++)
		add(s, "x%d' = -k%d*x%d*h%d + sin(x%d)*h%d\n", i, i, i, i % HUBS, (int)(next_random(&random) % (unsigned)n),
		    (int)(next_random(&random) % HUBS));
	for (int j = 0; j < HUBS; j++) {
		add(s, "init h%d = 1\nh%d' = 0", j, j);
		for (int i = j; i < n; i += HUBS)
			add(s, " + k%d*x%d*h%d", i, i, j);
		add(s, "\n");
	}
}

/* One operation an equation. */
static inline void write_decays(struct source *s, int n)
{
	for (int i = 0; i < n; i++)
		add(s, "init x%d = 1\nx%d' = -x%d\n", i, i, i);
}

#endif
