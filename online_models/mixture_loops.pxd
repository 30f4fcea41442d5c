cimport cython
from libc.stdint cimport uint8_t

cdef double ROOTED, EVIDENCE_MAX, WAY, NAN

cdef class Regrets:
    cdef Py_ssize_t[::1] knots
    cdef float[:, :, :, ::1] said
    cdef double[:, :, ::1] regret, square, weights
    cdef double[:, ::1] error, count
    cdef double[::1] limits
    cdef uint8_t[::1] awake

    cpdef void learn(self, double[::1] values, Py_ssize_t periods)

    @cython.locals(model=Py_ssize_t, knot=Py_ssize_t, one=Py_ssize_t)
    cdef void forget(self, Py_ssize_t place)

    @cython.locals(model=Py_ssize_t, knot=Py_ssize_t, one=Py_ssize_t)
    cpdef void weigh(self)

    @cython.locals(model=Py_ssize_t, total=double)
    cdef void wake(self, Py_ssize_t knot, Py_ssize_t one)

    cpdef bint mix(
        self, double[:, :, ::1] said, Py_ssize_t[::1] near, Py_ssize_t[::1] far, double[::1] way, double[:, ::1] mixed,
    )

    @cython.locals(place=Py_ssize_t, knot=Py_ssize_t)
    cpdef void remember(self, double[:, :, ::1] said, double[:, ::1] mixed, Py_ssize_t periods)

@cython.locals(
    found=bint, one=Py_ssize_t, knot=Py_ssize_t, place=Py_ssize_t, came=double, mixed=double, root=double,
)
cdef bint _score(
    float[:, :, :, ::1] said, Py_ssize_t periods, Py_ssize_t[::1] knots, double[::1] values,
    double[:, :, ::1] regret, double[:, :, ::1] square, double[:, ::1] error, double[:, ::1] count, double rate,
)

@cython.locals(model=Py_ssize_t, told=double, step=double)
cdef void _regretted(
    float[:, :, :, ::1] said, Py_ssize_t place, Py_ssize_t knot, Py_ssize_t one, double root, double came,
    double[:, :, ::1] regret, double[:, :, ::1] square, double rate,
)

@cython.locals(knot=Py_ssize_t, model=Py_ssize_t, one=Py_ssize_t, pool=double, own=double)
cdef void _weigh(
    double[:, :, ::1] regret, double[:, :, ::1] square, double[:, ::1] error, double rate, double[:, :, ::1] weights,
)

@cython.locals(one=Py_ssize_t, total=double, spread=double, unit=double)
cdef double _shared(
    Py_ssize_t model, Py_ssize_t knot, double[:, :, ::1] regret, double[:, :, ::1] square, double[:, ::1] error,
)

cdef double _evidence(double regret, double square)

@cython.locals(whole=bint, one=Py_ssize_t, step=Py_ssize_t, mean=double)
cdef bint _mix(
    double[:, :, ::1] said, double[:, :, ::1] weights, Py_ssize_t[::1] near, Py_ssize_t[::1] far, double[::1] way,
    double[:, ::1] mixed,
)

@cython.locals(model=Py_ssize_t, total=double, weighed=double, told=double, weight=double)
cdef double _mean(
    double[:, :, ::1] said, double[:, :, ::1] weights, Py_ssize_t one, Py_ssize_t step, Py_ssize_t near,
    Py_ssize_t far, double way,
)

@cython.locals(models=Py_ssize_t, one=Py_ssize_t, model=Py_ssize_t, told=double)
cdef void _remember(
    double[:, :, ::1] said, double[:, ::1] mixed, Py_ssize_t knot, Py_ssize_t step, Py_ssize_t place,
    float[:, :, :, ::1] kept,
)
