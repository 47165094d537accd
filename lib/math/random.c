/* The counter-based generator; what it computes is said in random.h. */
#include "lib/math/random.h"

#include <Random123/threefry.h>
#include <math.h>
#include <string.h>

static uint64_t bits_of(double value)
{
	uint64_t bits;
	value += 0.0;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

bool oj_math_random(const double operands[4], enum oj_math_stream stream, uint64_t words[2])
{
	for (int k = 0; k < 4; k++)
		if (isnan(operands[k]))
			return false;
	threefry2x64_key_t key = { { bits_of(operands[0]), bits_of(operands[3]) ^ (uint64_t)stream } };
	threefry2x64_ctr_t counter = { { bits_of(operands[1]), bits_of(operands[2]) } };
	threefry2x64_ctr_t output = threefry2x64_R(20, counter, key);
	words[0] = output.v[0];
	words[1] = output.v[1];
	return true;
}
