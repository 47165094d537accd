/* See support_trees.h.  A tree is the parents of its numbered nodes, made from canonical
 * level sequences. */
#include "tests/support_trees.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { TREES = 1 + 1 + 2 + 4 + 9 + 20 + 48 + 115 + 286 + 719 };
struct tree {
	int order, parent[SUPPORT_TREE_ORDER];
};
static struct tree trees[TREES];
static int tree_count;

static void add_tree(const int *level, int order)
{
	assert(tree_count < TREES);
	struct tree *tree = &trees[tree_count++];
	tree->order = order;
	for (int i = 1; i < order; i++)
		for (int j = 0; j < i; j++)
			if (level[j] == level[i] - 1)
				tree->parent[i] = j;
}

/* All trees of one order (Beyer, Hedetniemi, SIAM J. Comput. 9, 1980). */
static void add_trees(int order)
{
	int level[SUPPORT_TREE_ORDER];
	for (int i = 0; i < order; i++)
		level[i] = i;
	for (;;) {
		add_tree(level, order);
		int p = order - 1;
		while (p > 0 && level[p] == 1)
			p--;
		if (p <= 0)
			return;
		int q = p - 1;
		while (level[q] != level[p] - 1)
			q--;
		for (int i = p; i < order; i++)
			level[i] = level[i - (p - q)];
	}
}

static void make_trees(void)
{
	for (int order = 1; tree_count < TREES && order <= SUPPORT_TREE_ORDER; order++)
		add_trees(order);
}

int support_trees_count(int order)
{
	int count = 0;
	make_trees();
	for (int i = 0; i < tree_count; i++)
		count += trees[i].order == order;
	return count;
}

static support_real density(const struct tree *tree)
{
	int size[SUPPORT_TREE_ORDER];
	support_real product = 1;
	for (int i = 0; i < tree->order; i++)
		size[i] = 1;
	for (int i = tree->order - 1; i >= 0; i--) {
		product *= size[i];
		if (i > 0)
			size[tree->parent[i]] += size[i];
	}
	return product;
}

void support_stages_of(const struct tableau *row, struct support_stages *m)
{
	memset(m, 0, sizeof *m);
	m->count = row->stages + 1 + row->extra;
	for (int i = 1; i < row->stages; i++)
		for (int j = 0; j < i; j++)
			m->a[i][j] = oj_tableau_row(row, i)[j];
	for (int j = 0; j < row->stages; j++)
		m->a[row->stages][j] = row->b.at[j];
	for (int i = 0; i < row->extra; i++)
		for (int j = 0; j < row->stages + 1 + i; j++)
			m->a[row->stages + 1 + i][j] = oj_tableau_extra_row(row, i)[j];
	memcpy(m->single, m->a, sizeof m->single);
}

/* What the nodes above one another say at every stage, and the same of absolute values. */
struct elementary {
	support_real value[SUPPORT_TREE_ORDER][TABLEAU_STAGES], size[SUPPORT_TREE_ORDER][TABLEAU_STAGES];
};

static bool hangs_alone(const struct tree *tree, int node)
{
	int count = 0;
	for (int i = 1; i < tree->order; i++)
		count += tree->parent[i] == tree->parent[node];
	return count == 1;
}

/* Multiply what hangs below `node` into its parent. */
static void hang(const struct support_stages *m, struct elementary *e, const struct tree *tree, int node)
{
	const support_real(*a)[TABLEAU_STAGES] = hangs_alone(tree, node) ? m->single : m->a;
	int parent = tree->parent[node];
	for (int i = 0; i < m->count; i++) {
		support_real inner = 0, absolute = 0;
		for (int j = 0; j <= i; j++) {
			inner += a[i][j] * e->value[node][j];
			absolute += fabsl(a[i][j]) * e->size[node][j];
		}
		e->value[parent][i] *= inner;
		e->size[parent][i] *= absolute;
	}
}

static support_real defect(const struct support_stages *m, const support_real *w, const struct tree *tree,
                           support_real theta)
{
	struct elementary e;
	support_real sum = 0, total = 0;
	for (int node = 0; node < tree->order; node++)
		for (int i = 0; i < m->count; i++)
			e.value[node][i] = e.size[node][i] = 1;
	for (int node = tree->order - 1; node > 0; node--)
		hang(m, &e, tree, node);
	for (int i = 0; i < m->count; i++) {
		sum += w[i] * e.value[0][i];
		total += fabsl(w[i]) * e.size[0][i];
	}
	support_real right = powl(theta, tree->order) / density(tree);
	return fabsl(sum - right) / (total + right);
}

support_real support_trees_defect(const struct support_stages *stages, const support_real *w, int order,
                                  support_real theta)
{
	support_real most = 0;
	make_trees();
	for (int i = 0; i < tree_count; i++)
		if (trees[i].order == order)
			most = fmaxl(most, defect(stages, w, &trees[i], theta));
	return most;
}
