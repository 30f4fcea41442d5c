cimport cython
from libc.stdint cimport uint8_t

from online_models.level_loops cimport Levels
from online_models.linear_loops cimport Linears

cdef Py_ssize_t COLUMNS, PERIODS, OBSERVED, NOTHING, BASE, PROFILE, LEVEL, LAGS, COVARIATES_MAX
cdef double NAN

cdef class Rivers:
    cdef Levels levels
    cdef Linears linears
    cdef float[:, ::1] misses
    cdef Py_ssize_t[:, ::1] numbers, places, which
    cdef Py_ssize_t[::1] lags
    cdef double[:, ::1] observed
    cdef double[::1] per_deviation
    cdef uint8_t[::1] is_known

    @cython.locals(one=Py_ssize_t)
    cpdef void learn(self, double[::1] values, Py_ssize_t slot, Py_ssize_t[::1] given, double[::1] told)

    @cython.locals(one=Py_ssize_t)
    cpdef void path(self, Py_ssize_t[::1] slots, double[:, ::1] path)

    @cython.locals(profile=double, base=double, known=double, place=Py_ssize_t)
    cdef void take(self, Py_ssize_t one, Py_ssize_t slot, double value)

    @cython.locals(scale=double, count=Py_ssize_t, miss=double)
    cdef void correct(self, Py_ssize_t one, Py_ssize_t slot, double value, double profile, double base)

    @cython.locals(count=Py_ssize_t, place=Py_ssize_t)
    cdef Py_ssize_t gather(self, Py_ssize_t one, double profile, double base, double scale)

    cdef void put(self, Py_ssize_t one, Py_ssize_t at, Py_ssize_t feature, double value)

    @cython.locals(known=Py_ssize_t, count=Py_ssize_t, feature=Py_ssize_t, place=Py_ssize_t)
    cdef void observe(self, Py_ssize_t one, Py_ssize_t[::1] given, double[::1] told)

    @cython.locals(scale=double, base=double, miss=double, place=Py_ssize_t)
    cdef double foretold(self, Py_ssize_t one, Py_ssize_t slot)

    @cython.locals(scale=double, ratio=double, step=Py_ssize_t, profile=double, miss=double, place=Py_ssize_t,
                   lag=Py_ssize_t, before=double)
    cdef void follow(self, Py_ssize_t one, Py_ssize_t[::1] slots, double[:, ::1] path)

    @cython.locals(miss=double, total=double, observed=Py_ssize_t, place=Py_ssize_t, column=Py_ssize_t, value=double,
                   found=double)
    cdef double without_lags(self, Py_ssize_t one, Py_ssize_t step, double scale, double profile, double base)

    @cython.locals(feature=Py_ssize_t)
    cdef void measure(self, Py_ssize_t one)

    cdef double added(self, Py_ssize_t one, Py_ssize_t feature, double value)

    @cython.locals(place=Py_ssize_t)
    cdef double before(self, Py_ssize_t one, Py_ssize_t lag)
