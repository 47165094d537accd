/* Those of LAPACK's subroutines that are called here, as gfortran compiles them: arguments
 * by address, lengths of strings behind all others.  Complex numbers are pairs. */
#ifndef OJ_LAPACK_H
#define OJ_LAPACK_H

#include <stddef.h>

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
