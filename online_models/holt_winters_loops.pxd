cimport cython
from libc cimport math

cdef Py_ssize_t STARTED, PERIODS, LEARNT
cdef Py_ssize_t GAMMA, MISS_MAX, DAMPED, ERROR

@cython.locals(one=Py_ssize_t, value=double, given=bint)
cpdef void learn(
    double[::1] values, Py_ssize_t slot, double[:, ::1] grid, double[::1] rates, double[:, ::1] season,
    double[:, ::1] level, double[:, ::1] trend, double[:, ::1] error, double[:, ::1] numbers,
)

@cython.locals(one=Py_ssize_t, step=Py_ssize_t, best=Py_ssize_t, share=double, damped=double)
cpdef void say(
    Py_ssize_t[::1] slots, double[::1] rates, double[:, ::1] season, double[:, ::1] level, double[:, ::1] trend,
    double[:, ::1] error, double[:, ::1] numbers, double[:, ::1] path,
)

@cython.locals(given=bint, row=Py_ssize_t, best=Py_ssize_t, off=double, bound=double, rate=double, ahead=double,
               missed=double, left=double)
cdef void _step(
    double value, Py_ssize_t one, Py_ssize_t slot, double[:, ::1] grid, double[::1] rates, double[:, ::1] season,
    double[:, ::1] level, double[:, ::1] trend, double[:, ::1] error, double[:, ::1] numbers,
)

@cython.locals(best=Py_ssize_t, row=Py_ssize_t)
cdef Py_ssize_t _best(Py_ssize_t one, double[:, ::1] error)

@cython.locals(total=double, count=double, mean=double, slot=Py_ssize_t, row=Py_ssize_t)
cdef void _start(Py_ssize_t one, double[:, ::1] season, double[:, ::1] level, double[:, ::1] numbers)
