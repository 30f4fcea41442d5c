cimport cython
from libc cimport math

cdef Py_ssize_t DEMAND, NOISE, OWN, PLAIN, COUNT, LARGEST, MISS_1, MISS_2
cdef Py_ssize_t FORGET, PROFILE, ERROR, RIDGE, BOUND, BEGUN, RATIO_MAX, LEAST_SHARE, CEILING, LEAST_SCALE
cdef Py_ssize_t ONE, BASE, LAST_MISS, MISS_BEFORE, OTHERS

cdef class Arma:
    cdef double[::1] lags, rates, windows, features, faded
    cdef double[:, ::1] profile, ring, numbers, runs, information, moments, weights, factor

    @cython.locals(one=Py_ssize_t, place=Py_ssize_t, value=double, base=double, scale=double, said=double, off=double,
                   numbers=double[:, ::1], rates=double[::1], features=double[::1])
    cpdef void learn(
        self, double[::1] values, Py_ssize_t slot, Py_ssize_t periods, Py_ssize_t solves, double[::1] known,
    )

    @cython.locals(at=Py_ssize_t, count=Py_ssize_t, one=Py_ssize_t, step=Py_ssize_t, place=Py_ssize_t,
                   back=Py_ssize_t, window=Py_ssize_t, scale=double, longest=double, demand=double, base=double,
                   off=double, speaks=bint, numbers=double[:, ::1], rates=double[::1])
    cpdef void say(self, Py_ssize_t[::1] slots, Py_ssize_t periods, double[::1] known, double[:, ::1] path)

@cython.locals(name=Py_ssize_t, miss=double, off=double)
cdef double _of_now(
    Py_ssize_t one, Py_ssize_t step, Py_ssize_t at, Py_ssize_t first, double scale, double[::1] known,
    double[:, ::1] numbers, double[:, ::1] weights,
)

@cython.locals(at=Py_ssize_t, count=Py_ssize_t, place=Py_ssize_t, name=Py_ssize_t, window=Py_ssize_t)
cdef void _gather(
    double[::1] features, Py_ssize_t one, Py_ssize_t periods, double base, double scale, double[::1] lags,
    double[::1] known, double[:, ::1] ring, double[:, ::1] numbers, double[:, ::1] runs, double[::1] rates,
)

@cython.locals(off=double)
cdef double _lagged(
    Py_ssize_t one, Py_ssize_t back, Py_ssize_t periods, double[:, ::1] ring, double[:, ::1] path, Py_ssize_t step,
)

@cython.locals(base=double)
cdef double _base(Py_ssize_t one, Py_ssize_t slot, double[:, ::1] profile, double[:, ::1] numbers)

@cython.locals(scale=double)
cdef double _scale(Py_ssize_t one, double[:, ::1] numbers, double[::1] rates)

@cython.locals(ratio=double)
cdef double _ratio(Py_ssize_t window, Py_ssize_t one, double[:, ::1] runs, double[::1] rates)

@cython.locals(room=double)
cdef double _within(double off, double base, Py_ssize_t one, double[:, ::1] numbers, double[::1] rates)

@cython.locals(row=Py_ssize_t, first=Py_ssize_t, column=Py_ssize_t, keep=double, weight=double, pull=double)
cdef void _weigh(
    double off, Py_ssize_t one, Py_ssize_t at, double[::1] rates, double[:, ::1] information,
    double[:, ::1] moments, double[::1] features,
)

@cython.locals(count=Py_ssize_t, row=Py_ssize_t, column=Py_ssize_t, before=Py_ssize_t, after=Py_ssize_t,
               back=Py_ssize_t, total=double)
cdef void _solve(
    Py_ssize_t one, double ridge, double[:, ::1] information, double[:, ::1] moments, double[:, ::1] weights,
    double[:, ::1] factor,
)

@cython.locals(count=double, bound=double, rate=double, own=double, plain=double)
cdef double _believed(double off, double said, Py_ssize_t one, double[:, ::1] numbers, double[::1] rates)

@cython.locals(count=double, rate=double)
cdef void _follow(
    double value, double least, Py_ssize_t one, Py_ssize_t slot, double[:, ::1] profile,
    double[:, ::1] numbers, double[::1] rates,
)

@cython.locals(window=Py_ssize_t, rate=double)
cdef void _run(
    double value, double base, Py_ssize_t one, double[::1] windows, double[:, ::1] numbers, double[:, ::1] runs,
)
