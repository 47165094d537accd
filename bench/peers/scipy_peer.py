#!/usr/bin/env python3
"""SciPy's solve_ivp as a peer of bench/work, with its right-hand side in plain NumPy and
compiled by Numba.

    scipy_peer.py LIMIT

reads a problem a line from standard input, as JSON:

    {"problem": NAME, "absolute": atol over rtol, "times": [...], "start": [...],
     "reference": [...]}

and writes a line a point, with medians of seconds a solve, then an empty line:

    {"method": "SciPy RK45, Numba", "tolerance": ..., "error": ..., "seconds": ...,
     "evaluations": ...}

Stiff problems, of scipy_stiff.py, are solved by the implicit methods, compiled alone where there is
Numba.  A method whose solve took longer than LIMIT seconds is given no smaller tolerance.  The
starting process is not part of any time, nor is compiling."""
import json
import sys
import time

try:
    import numpy as np
    from scipy.integrate import solve_ivp
except ImportError as missing:
    sys.exit(f"SciPy is left out: {missing}")
try:
    import numba
except ImportError as missing:
    numba = None
    print(f"SciPy with Numba is left out: {missing}", file=sys.stderr)

sys.dont_write_bytecode = True
import scipy_stiff

METHODS = ["RK45", "DOP853", "LSODA"]
TOLERANCES = [1e-3, 1e-5, 1e-7, 1e-9, 1e-11]
REPEATS = 3

MASSES = np.array([1.00000597682, 0.000954786104043, 0.000285583733151,
                   0.0000437273164546, 0.0000517759138449, 1 / 1.3e8])
FREQUENCIES = 0.1 + 0.03 * np.sin(np.arange(1, 101))
MU = 0.012277471


def lotka_volterra(t, y):
    x, z = y
    return np.array([1.5 * x - x * z, x * z - 3 * z])


def lorenz(t, y):
    x, u, z = y
    return np.array([10.0 * (u - x), x * (28.0 - z) - u, x * u - 8.0 / 3.0 * z])


def rigid_body(t, y):
    x, u, z = y
    return np.array([u * z, -x * z, -0.51 * x * u])


def kepler(t, y):
    cube = (y[0] * y[0] + y[2] * y[2]) ** 1.5
    return np.array([y[1], -y[0] / cube, y[3], -y[2] / cube])


def van_der_pol(t, y):
    return np.array([y[1], (1 - y[0] * y[0]) * y[1] - y[0]])


def chain(t, y):
    out = -2 * y
    out[1:] += y[:-1]
    out[:-1] += y[1:]
    return out


def arenstorf(t, y):
    x, u, z, w = y
    earth = ((x + MU) ** 2 + z * z) ** 1.5
    moon = ((x - (1 - MU)) ** 2 + z * z) ** 1.5
    a, b = (1 - MU) / earth, MU / moon
    return np.array([u, x + 2 * w - a * (x + MU) - b * (x - (1 - MU)), w, z - 2 * u - (a + b) * z])


def bodies(y, mass, axes):
    """Positions and speeds lie axis by axis."""
    n = len(mass)
    place = y.reshape(axes, 2, n)
    apart = place[:, 0, None, :] - place[:, 0, :, None]
    square = (apart ** 2).sum(axis=0)
    np.fill_diagonal(square, 1)
    out = np.empty_like(place)
    out[:, 0] = place[:, 1]
    out[:, 1] = (apart * (mass / (square * np.sqrt(square)))).sum(axis=2)
    return out.ravel()


def bodies_in_loops(y, mass, axes):
    n = len(mass)
    out = np.zeros_like(y)
    for axis in range(axes):
        for i in range(n):
            out[2 * n * axis + i] = y[2 * n * axis + n + i]
    for i in range(n):
        for j in range(i + 1, n):
            square = 0.0
            for axis in range(axes):
                apart = y[2 * n * axis + j] - y[2 * n * axis + i]
                square += apart * apart
            pull = 1 / (square * np.sqrt(square))
            for axis in range(axes):
                apart = y[2 * n * axis + j] - y[2 * n * axis + i]
                out[2 * n * axis + n + i] += mass[j] * pull * apart
                out[2 * n * axis + n + j] -= mass[i] * pull * apart
    return out


STARS = np.arange(1.0, 8.0)
RING = np.ones(6)
GRAVITY = 2.95912208286e-4 * MASSES


def pleiades(t, y):
    return bodies(y, STARS, 2)


def ring(t, y):
    return bodies(y, RING, 2)


def planets(t, y):
    return bodies(y, GRAVITY, 3)


def kuramoto(t, y):
    return FREQUENCIES + 0.5 / 100 * np.sin(y[None, :] - y[:, None]).sum(axis=1)


def brusselator(t, y):
    c = 41.0 * 41.0 / 50
    u, v = y[:40], y[40:]
    uuv = u * u * v
    out = np.empty(80)
    out[:40] = 1 + uuv - 4 * u - 2 * c * u
    out[40:] = 3 * u - uuv - 2 * c * v
    out[1:40] += c * u[:-1]
    out[:39] += c * u[1:]
    out[41:] += c * v[:-1]
    out[40:79] += c * v[1:]
    out[0] += c
    out[39] += c
    out[40] += 3 * c
    out[79] += 3 * c
    return out


def kuramoto_in_loops(t, y):
    out = np.empty(100)
    for i in range(100):
        total = 0.0
        for j in range(100):
            total += np.sin(y[j] - y[i])
        out[i] = FREQUENCIES[i] + 0.5 / 100 * total
    return out


PLAIN = {f.__name__: f for f in (lotka_volterra, lorenz, rigid_body, kepler, van_der_pol, chain,
                                 arenstorf, pleiades, ring, planets, kuramoto, brusselator)}
if numba:
    loops = numba.njit(bodies_in_loops)

    def compiled(name):
        if name == "pleiades":
            return numba.njit(lambda t, y: loops(y, STARS, 2))
        if name == "ring":
            return numba.njit(lambda t, y: loops(y, RING, 2))
        if name == "planets":
            return numba.njit(lambda t, y: loops(y, GRAVITY, 3))
        if name == "kuramoto":
            return numba.njit(kuramoto_in_loops)
        return numba.njit(PLAIN[name])


def error_of(rows, reference):
    floor = 1e-3 * np.abs(reference).max(axis=1, keepdims=True)
    return float((np.abs(rows - reference) / np.maximum(np.abs(reference), floor)).max())


def measure(name, function, method, task, limit, **options):
    times, start = np.array(task["times"]), np.array(task["start"])
    reference = np.array(task["reference"]).reshape(len(times) - 1, len(start))
    for tolerance in TOLERANCES:
        seconds = []
        for _ in range(REPEATS):
            begin = time.thread_time()
            result = solve_ivp(function, (times[0], times[-1]), start, method=method, t_eval=times[1:],
                               rtol=tolerance, atol=tolerance * task["absolute"], **options)
            seconds.append(time.thread_time() - begin)
            if seconds[0] > limit:
                break
        if not result.success:
            break
        point = {"method": name, "tolerance": tolerance, "error": error_of(result.y.T, reference),
                 "seconds": sorted(seconds)[len(seconds) // 2], "evaluations": int(result.nfev)}
        print(json.dumps(point), flush=True)
        if seconds[0] > limit:
            break


def measure_stiff(task, limit):
    name = task["problem"]
    compile_it = numba.njit if numba else lambda function: function
    function = compile_it(scipy_stiff.PROBLEMS[name][0])
    function(0.0, np.array(task["start"]))
    for method in scipy_stiff.METHODS:
        options = scipy_stiff.options_of(name, method, compile_it)
        if options is None:
            continue
        if "jac" in options:
            options["jac"](0.0, np.array(task["start"]))
        measure(f"SciPy {method}{', Numba' if numba else ''}", function, method, task, limit, **options)


def main():
    limit = float(sys.argv[1])
    for line in sys.stdin:
        task = json.loads(line)
        if task["problem"] in scipy_stiff.PROBLEMS:
            measure_stiff(task, limit)
            print(flush=True)
            continue
        kinds = [("", PLAIN[task["problem"]])]
        if numba:
            jitted = compiled(task["problem"])
            jitted(0.0, np.array(task["start"]))
            kinds.append((", Numba", jitted))
        for words, function in kinds:
            for method in METHODS:
                measure(f"SciPy {method}{words}", function, method, task, limit)
        print(flush=True)


if __name__ == "__main__":
    main()
