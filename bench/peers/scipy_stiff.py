"""The stiff problems of bench/work in NumPy, written so that Numba compiles them, and what
solve_ivp is told of each: a Jacobian by hand where it is short, else its bands or its pattern."""
import numpy as np
from scipy.sparse import diags, kron, identity, bmat

STEEP = 1e-6
POLLU = np.array([0.35, 26.6, 12300, 0.00086, 0.00082, 15000, 0.00013, 24000, 16500, 9000, 0.022, 12000,
                  1.88, 16300, 4.8e6, 0.00035, 0.0175, 1e8, 4.44e11, 1240, 2.1, 5.78, 0.0474, 1780, 3.12])
LINE = 501.0 * 501.0 / 50
SIDE = 32
SQUARE = 0.1 * SIDE * SIDE


def vdpol(t, y):
    return np.array([y[1], 1000.0 * (1 - y[0] * y[0]) * y[1] - y[0]])


def vdpol_jacobian(t, y):
    return np.array([[0.0, 1.0], [-2000.0 * y[0] * y[1] - 1, 1000.0 * (1 - y[0] * y[0])]])


def vdpol_steep(t, y):
    return np.array([y[1], ((1 - y[0] * y[0]) * y[1] - y[0]) / STEEP])


def vdpol_steep_jacobian(t, y):
    return np.array([[0.0, 1.0], [(-2 * y[0] * y[1] - 1) / STEEP, (1 - y[0] * y[0]) / STEEP]])


def rober(t, y):
    first = -0.04 * y[0] + 1e4 * y[1] * y[2]
    last = 3e7 * y[1] * y[1]
    return np.array([first, -first - last, last])


def rober_jacobian(t, y):
    a, b, c = 1e4 * y[2], 1e4 * y[1], 6e7 * y[1]
    return np.array([[-0.04, a, b], [0.04, -a - c, -b], [0.0, c, 0.0]])


def orego(t, y):
    return np.array([77.27 * (y[1] + y[0] * (1 - 8.375e-6 * y[0] - y[1])),
                     (y[2] - (1 + y[0]) * y[1]) / 77.27, 0.161 * (y[0] - y[2])])


def orego_jacobian(t, y):
    return np.array([[77.27 * (1 - 2 * 8.375e-6 * y[0] - y[1]), 77.27 * (1 - y[0]), 0.0],
                     [-y[1] / 77.27, -(1 + y[0]) / 77.27, 1 / 77.27], [0.161, 0.0, -0.161]])


def hires(t, y):
    bound = 280 * y[5] * y[7]
    return np.array([
        -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007, 1.71 * y[0] - 8.75 * y[1],
        -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4], 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3],
        -1.745 * y[4] + 0.43 * (y[5] + y[6]), -bound + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6],
        bound - 1.81 * y[6], -bound + 1.81 * y[6]])


def pollu(t, y):
    k = POLLU
    r = np.array([
        0.0, k[0] * y[0], k[1] * y[1] * y[3], k[2] * y[4] * y[1], k[3] * y[6], k[4] * y[6], k[5] * y[6] * y[5],
        k[6] * y[8], k[7] * y[8] * y[5], k[8] * y[10] * y[1], k[9] * y[10] * y[0], k[10] * y[12],
        k[11] * y[9] * y[1], k[12] * y[13], k[13] * y[0] * y[5], k[14] * y[2], k[15] * y[3], k[16] * y[3],
        k[17] * y[15], k[18] * y[15], k[19] * y[16] * y[5], k[20] * y[18], k[21] * y[18], k[22] * y[0] * y[3],
        k[23] * y[18] * y[0], k[24] * y[19]])
    return np.array([
        -r[1] - r[10] - r[14] - r[23] - r[24] + r[2] + r[3] + r[9] + r[11] + r[12] + r[22] + r[25],
        -r[2] - r[3] - r[9] - r[12] + r[1] + r[21], -r[15] + r[1] + r[17] + r[19] + r[22],
        -r[2] - r[16] - r[17] - r[23] + r[15], -r[3] + 2 * r[4] + r[6] + r[7] + r[13] + r[20],
        -r[6] - r[8] - r[14] - r[20] + r[3] + 2 * r[18], -r[4] - r[5] - r[6] + r[13], r[4] + r[5] + r[6] + r[7],
        -r[7] - r[8], -r[12] + r[7] + r[9], -r[9] - r[10] + r[8] + r[11], r[9], -r[11] + r[10], -r[13] + r[12],
        r[14], -r[18] - r[19] + r[16], -r[20], r[20], -r[21] - r[22] - r[24] + r[23] + r[25], -r[25] + r[24]])


def burgers(t, y):
    n = 500
    at = np.empty(n + 2)
    at[1:n + 1] = y
    at[0] = 0.5 - 0.4 * np.tanh(0.4 * (0.0 - 0.25 - 0.5 * t) / 0.04)
    at[n + 1] = 0.5 - 0.4 * np.tanh(0.4 * (1.0 - 0.25 - 0.5 * t) / 0.04)
    out = np.empty(n)
    for i in range(n):
        left, here, right = at[i], at[i + 1], at[i + 2]
        out[i] = 0.02 * 501 * 501 * (left - 2 * here + right) - here * 250.5 * (right - left)
    return out


def brusselator_line(t, y):
    n = 500
    out = np.empty(2 * n)
    for i in range(n):
        u, v = y[2 * i], y[2 * i + 1]
        ul, vl, ur, vr = 1.0, 3.0, 1.0, 3.0
        if i > 0:
            ul, vl = y[2 * i - 2], y[2 * i - 1]
        if i < n - 1:
            ur, vr = y[2 * i + 2], y[2 * i + 3]
        uuv = u * u * v
        out[2 * i] = 1 + uuv - 4 * u + LINE * (ul - 2 * u + ur)
        out[2 * i + 1] = 3 * u - uuv + LINE * (vl - 2 * v + vr)
    return out


def brusselator_square(t, y):
    cells = SIDE * SIDE
    out = np.empty(2 * cells)
    for i in range(SIDE):
        up, down = SIDE * ((i + 1) % SIDE), SIDE * ((i + SIDE - 1) % SIDE)
        for j in range(SIDE):
            k, left, right = SIDE * i + j, SIDE * i + (j + SIDE - 1) % SIDE, SIDE * i + (j + 1) % SIDE
            u, v = y[k], y[cells + k]
            uuv = u * u * v
            around_u = y[up + j] + y[down + j] + y[left] + y[right] - 4 * u
            around_v = (y[cells + up + j] + y[cells + down + j] + y[cells + left] + y[cells + right] - 4 * v)
            out[k] = 1 + uuv - 4.4 * u + SQUARE * around_u
            out[cells + k] = 3.4 * u - uuv + SQUARE * around_v
    return out


def square_pattern():
    ring = diags([1, 1, 1, 1, 1], [-SIDE + 1, -1, 0, 1, SIDE - 1], shape=(SIDE, SIDE))
    one = identity(SIDE)
    around = kron(ring, one) + kron(one, ring)
    cells = identity(SIDE * SIDE)
    return bmat([[around, cells], [cells, around]]).tocsc()


def band_pattern(n, width):
    return diags([1] * (2 * width + 1), range(-width, width + 1), shape=(n, n)).tocsc()


# Functions, and what to say of their Jacobian: a function, a bandwidth, a pattern, nothing.
PROBLEMS = {
    "vdpol": (vdpol, vdpol_jacobian), "vdpol_steep": (vdpol_steep, vdpol_steep_jacobian),
    "rober": (rober, rober_jacobian), "rober_long": (rober, rober_jacobian), "orego": (orego, orego_jacobian),
    "hires": (hires, None), "pollu": (pollu, None), "burgers": (burgers, (500, 1)),
    "brusselator_line": (brusselator_line, (1000, 2)), "brusselator_square": (brusselator_square, square_pattern),
}
METHODS = ["Radau", "BDF", "LSODA"]


def options_of(name, method, compiled):
    """What solve_ivp is told of the Jacobian; None: the method cannot use what there is."""
    jacobian = PROBLEMS[name][1]
    if jacobian is None:
        return {}
    if isinstance(jacobian, tuple):
        n, width = jacobian
        return {"lband": width, "uband": width} if method == "LSODA" else {"jac_sparsity": band_pattern(n, width)}
    if jacobian is square_pattern:
        return None if method == "LSODA" else {"jac_sparsity": square_pattern()}
    function = compiled(jacobian)
    return {"jac": lambda t, y: function(t, y)}  # LSODA asks how many arguments there are
