cimport cython
from libc cimport math

cdef double NAN

cdef class Weights:
    cdef readonly Py_ssize_t[::1] knots
    cdef double[::1] limits, blended
    cdef double rate
    cdef double[:, ::1] misses, gains, weights
    cdef Py_ssize_t[:, ::1] places

    cpdef void meet(self, double[::1] values, float[:, :, :, ::1] said, Py_ssize_t periods, double[:, ::1] targets)
    cpdef void say(
        self, double[:, :, ::1] inputs, Py_ssize_t[::1] near, Py_ssize_t[::1] far, double[::1] way,
        double[:, ::1] said,
    )

@cython.locals(
    knot=Py_ssize_t, place=Py_ssize_t, one=Py_ssize_t, known=Py_ssize_t, limit=double, total=double, base=double,
    scale=double, value=double, told=double, miss=double, step=double,
)
cpdef void meet(
    double[::1] values, float[:, :, :, ::1] said, Py_ssize_t periods, Py_ssize_t[::1] knots, double[::1] limits,
    double rate, double[:, ::1] misses, double[:, ::1] targets,
)

@cython.locals(
    series=Py_ssize_t, period=Py_ssize_t, place=Py_ssize_t, one=Py_ssize_t, row=Py_ssize_t, feature=Py_ssize_t,
    is_known=bint, value=double,
)
cpdef void expand(
    float[:, :, ::1] made_from, Py_ssize_t first, Py_ssize_t length, Py_ssize_t made, double[:, ::1] targets,
    Py_ssize_t[:, ::1] places, double[:, ::1] gains, float[:, ::1] features, float[::1] came,
)

@cython.locals(
    count=Py_ssize_t, step=Py_ssize_t, feature=Py_ssize_t, one=Py_ssize_t, weight=double, total=double, value=double,
)
cpdef void say(
    double[:, :, ::1] inputs, Py_ssize_t[:, ::1] places, double[:, ::1] gains, double[:, ::1] weights,
    Py_ssize_t[::1] near, Py_ssize_t[::1] far, double[::1] way, double[::1] blended, double[:, ::1] said,
)

@cython.locals(count=Py_ssize_t, knot=Py_ssize_t, feature=Py_ssize_t, other=Py_ssize_t, step=double)
cpdef void sweep(float[:, :, ::1] products, double ridge, double[:, ::1] slack, double[:, ::1] weights)

cdef double _within(double value, double largest)
