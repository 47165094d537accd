/* Those of LAPACK's and BLAS' subroutines that are called here, as gfortran compiles them: arguments
 * by address, lengths of strings behind all others.  Complex numbers are pairs. */
#ifndef OJ_LAPACK_H
#define OJ_LAPACK_H

#include <stddef.h>

void dlaswp_(const int *columns, double *a, const int *lda, const int *first, const int *last, const int *pivots,
             const int *step);
void zlaswp_(const int *columns, double *a, const int *lda, const int *first, const int *last, const int *pivots,
             const int *step);
void dtrsm_(const char *side, const char *triangle, const char *trans, const char *unit, const int *m, const int *n,
            const double *alpha, const double *a, const int *lda, double *b, const int *ldb, size_t, size_t, size_t, size_t);
void ztrsm_(const char *side, const char *triangle, const char *trans, const char *unit, const int *m, const int *n,
            const double *alpha, const double *a, const int *lda, double *b, const int *ldb, size_t, size_t, size_t, size_t);
void dgemm_(const char *trans_a, const char *trans_b, const int *m, const int *n, const int *k, const double *alpha,
            const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c, const int *ldc,
            size_t, size_t);
void zgemm_(const char *trans_a, const char *trans_b, const int *m, const int *n, const int *k, const double *alpha,
            const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c, const int *ldc,
            size_t, size_t);
void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *pivots, int *info);
void zgetrf_(const int *m, const int *n, double *a, const int *lda, int *pivots, int *info);
void dgetrs_(const char *trans, const int *n, const int *sides, const double *a, const int *lda, const int *pivots,
             double *b, const int *ldb, int *info, size_t);
void zgetrs_(const char *trans, const int *n, const int *sides, const double *a, const int *lda, const int *pivots,
             double *b, const int *ldb, int *info, size_t);
void dgbtrf_(const int *m, const int *n, const int *lower, const int *upper, double *a, const int *lda, int *pivots,
             int *info);
void zgbtrf_(const int *m, const int *n, const int *lower, const int *upper, double *a, const int *lda, int *pivots,
             int *info);
void dgbtrs_(const char *trans, const int *n, const int *lower, const int *upper, const int *sides, const double *a,
             const int *lda, const int *pivots, double *b, const int *ldb, int *info, size_t);
void zgbtrs_(const char *trans, const int *n, const int *lower, const int *upper, const int *sides, const double *a,
             const int *lda, const int *pivots, double *b, const int *ldb, int *info, size_t);

#endif
