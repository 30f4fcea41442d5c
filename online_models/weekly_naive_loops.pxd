cimport cython
from libc.stdint cimport uint8_t

from online_models.waiting_loops cimport Waits

cdef double ROOTED, RATE, PRIOR, PRIOR_MISS, MISS_TO_DEVIATION, NAN, CLOSED
cdef Py_ssize_t COUNT, ERROR, LARGEST, LEAD_MISS, MISS, MISSES

cdef class Weeks:
    cdef Waits waits
    cdef double[:, ::1] last, numbers
    cdef double[::1] deviations, values
    cdef Py_ssize_t[::1] leads
    cdef double times, least

    cpdef void learn(
        self, double[::1] heard, uint8_t[::1] censored, int is_closed, Py_ssize_t slot, double largest,
        Py_ssize_t periods,
    )

    @cython.locals(one=Py_ssize_t)
    cpdef void path(self, Py_ssize_t[::1] slots, double[:, ::1] path)

    @cython.locals(total=double, count=double, closed=double, slot=Py_ssize_t, step=Py_ssize_t, is_known=bint, value=double)
    cdef void follow(self, Py_ssize_t one, Py_ssize_t[::1] slots, double ceiling, double[:, ::1] path)

    @cython.locals(last=Py_ssize_t, one=Py_ssize_t, step=Py_ssize_t, ceiling=double, total=double, spread=double)
    cpdef void bands(self, double[:, ::1] paths, double[:, :, ::1] found)

    @cython.locals(one=Py_ssize_t, ceiling=double)
    cpdef void next_bands(self, double[:, ::1] paths, double[:, ::1] found)

@cython.locals(one=Py_ssize_t, value=double, before=double)
cdef void _repeat(
    double[::1] heard, uint8_t[::1] censored, int is_closed, Py_ssize_t slot, double largest, double[:, ::1] last,
    double[:, ::1] numbers, double[::1] values,
)

@cython.locals(one=Py_ssize_t, rate=double)
cdef void _measure(double[:, ::1] said, double[:, ::1] came, double[:, ::1] numbers)

cdef void _learn(Py_ssize_t one, Py_ssize_t row, double miss, double[:, ::1] numbers)

@cython.locals(root=double)
cdef double _root(double value)

@cython.locals(seen=double, spread=double, known=double)
cdef double _spread(Py_ssize_t one, Py_ssize_t row, double[:, ::1] numbers)

@cython.locals(level=Py_ssize_t, root=double, edge=double, value=double)
cdef void _band(double centre, double spread, double ceiling, double[::1] deviations, double[::1] found)
