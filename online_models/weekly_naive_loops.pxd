cimport cython
from libc.stdint cimport uint8_t

cdef double ROOTED, RATE, PRIOR, PRIOR_MISS, MISS_TO_DEVIATION

@cython.locals(one=Py_ssize_t, value=double, before=double)
cpdef void repeat(
    double[::1] heard, uint8_t[::1] censored, Py_ssize_t slot, double largest, double[:, ::1] last,
    double[:, ::1] numbers, double[::1] values,
)

@cython.locals(one=Py_ssize_t, rate=double)
cpdef void measure(double[:, ::1] said, double[:, ::1] came, double[:, ::1] numbers)

cdef void _learn(Py_ssize_t one, Py_ssize_t row, double miss, double[:, ::1] numbers)

@cython.locals(root=double)
cdef double _root(double value)

@cython.locals(last=Py_ssize_t, one=Py_ssize_t, step=Py_ssize_t, ceiling=double, total=double)
cpdef void bands(
    double[:, ::1] paths, Py_ssize_t[::1] leads, double[::1] deviations, double times, double[:, ::1] numbers,
    double[:, :, ::1] found,
)

@cython.locals(seen=double, spread=double, known=double)
cdef double _spread(Py_ssize_t one, Py_ssize_t row, double[:, ::1] numbers)

@cython.locals(level=Py_ssize_t, root=double, value=double)
cdef void _band(
    double centre, double spread, double ceiling, double[::1] deviations, double[:, :, ::1] found, Py_ssize_t one,
    Py_ssize_t step,
)
