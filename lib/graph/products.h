/* Long products as trees of short ones, before they are differentiated.
 *
 * The derivative of a product by one of its factors is the product of all others, whatever
 * zeros are among them: of n factors, n products of n - 1.  As a tree, whose levels are
 * arrays, each half as long as the one before, tangents, adjoints and second derivatives
 * take as many operations as the product itself, but for a constant, and code grows with the
 * logarithm of n.  Values are rounded in another order. */
#ifndef OJ_PRODUCTS_H
#define OJ_PRODUCTS_H

#include "lib/graph/program.h"

ojit_status oj_products_to_trees(struct program *program, struct oj_error *error);

#endif
