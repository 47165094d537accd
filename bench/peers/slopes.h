/* Derivatives in C: see slopes.c. */
#ifndef PEER_SLOPES_H
#define PEER_SLOPES_H

struct peer_data {
	int n;           /* of families */
	const double *p; /* parameters */
};

typedef void peer_slope(void *data, double t, const double *y, const double *l, double *out);
peer_slope peer_pollu_jacobian, peer_hires_jacobian, peer_kuramoto_jacobian, peer_brusselator_jacobian, peer_square_jacobian;
peer_slope peer_pollu_adjoint, peer_hires_adjoint, peer_kuramoto_adjoint, peer_brusselator_adjoint, peer_square_adjoint;

#endif
