cimport cython
from libc cimport math

@cython.locals(one=Py_ssize_t, row=Py_ssize_t, quickest=Py_ssize_t, value=double, often=double, much=double,
               keep=double)
cpdef void learn(
    double[::1] values, Py_ssize_t slot, double[:, ::1] week, double[:, ::1] factors, double[:, ::1] sizes,
    double[:, ::1] chances, double[:, ::1] gaps, double[:, ::1] errors, double[:, ::1] counts, double[::1] rates,
    double[::1] limits,
)

@cython.locals(slot=Py_ssize_t)
cpdef void weigh(double[:, ::1] week, double[:, ::1] factors, double[::1] limits)

@cython.locals(row=Py_ssize_t, ratio=double)
cdef void _weigh(Py_ssize_t slot, double[:, ::1] week, double[:, ::1] factors, double[::1] limits)

@cython.locals(step=Py_ssize_t, slot=Py_ssize_t, one=Py_ssize_t, candidate=Py_ssize_t, said=double, mean=double)
cpdef void say(
    Py_ssize_t[::1] slots, double[:, ::1] factors, double[:, ::1] sizes, double[:, ::1] chances, double[:, ::1] gaps,
    double[:, ::1] errors, double[:, ::1] counts, double[::1] limits, double[::1] weights,
    double[:, ::1] path,
)

@cython.locals(alphas=Py_ssize_t, betas=Py_ssize_t, size=double, said=double)
cdef double mean_of(
    Py_ssize_t candidate, Py_ssize_t one, double often, double much, double[:, ::1] sizes, double[:, ::1] chances,
    double[:, ::1] gaps,
)

@cython.locals(candidate=Py_ssize_t, least=double, sales=double, total=double, error=double)
cdef void _trust(
    Py_ssize_t one, double[:, ::1] chances, double[:, ::1] errors, double[::1] limits, double[::1] weights,
)

@cython.locals(rate=double, candidate=Py_ssize_t, missed=double)
cdef void _judge(
    double value, Py_ssize_t one, double often, double much, double[:, ::1] sizes, double[:, ::1] chances,
    double[:, ::1] gaps, double[:, ::1] errors, double[:, ::1] counts, double[::1] limits,
)

@cython.locals(alphas=Py_ssize_t, betas=Py_ssize_t, alpha=Py_ssize_t, beta=Py_ssize_t, sale=double, rate=double,
               said=double)
cdef void _move(
    double value, Py_ssize_t one, double often, double much, double[:, ::1] sizes, double[:, ::1] chances,
    double[:, ::1] gaps, double[:, ::1] counts, double[::1] rates,
)
