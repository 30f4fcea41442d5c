cimport cython
from libc cimport math
from libc.stdint cimport uint8_t

cdef Py_ssize_t MEAN, FAST, SLOW, MISS, DAY_SLOW, DAY_FAST, COUNT, LEVEL, EXPECTED, SPREAD, SPREADS, SEEN_MAX
cdef Py_ssize_t BASE, SCALE, OTHERS, SUNDAY
cdef double MEAN_RATE, FAST_RATE, SLOW_RATE, DAY_RATE, DAY_FAST_RATE, SPREAD_POWER, LEAST_SHARE, SLOT_SEEN, SLOT_TRUST
cdef double MISS_TO_DEVIATION, SCALE_MIN

cdef class Profiles:
    cdef float[:, :, ::1] week
    cdef uint8_t[:, ::1] seen
    cdef float[:, :, :, ::1] days
    cdef uint8_t[:, :, ::1] days_seen
    cdef readonly double[:, ::1] numbers
    cdef double rate, least

    cpdef void learn(self, double[::1] values, Py_ssize_t slot, Py_ssize_t is_rest)
    cpdef void tell(self, Py_ssize_t[::1] slots, double[:, :, ::1] told)

    @cython.locals(one=Py_ssize_t, is_ready=bint)
    cpdef void ready(self, double[::1] found)

@cython.locals(
    slots=Py_ssize_t, per_day=Py_ssize_t, one=Py_ssize_t, value=double, before=double, rate=double,
    first=double, step=double,
)
cpdef void learn(
    double[::1] values, Py_ssize_t slot, Py_ssize_t is_rest, double level_rate,
    float[:, :, ::1] week, uint8_t[:, ::1] seen, float[:, :, :, ::1] days, uint8_t[:, :, ::1] days_seen,
    double[:, ::1] numbers,
)

@cython.locals(
    count=Py_ssize_t, per_day=Py_ssize_t, step=Py_ssize_t, slot=Py_ssize_t, rest=Py_ssize_t, one=Py_ssize_t,
    mean=double, before=double,
)
cpdef void tell(
    Py_ssize_t[::1] slots, float[:, :, ::1] week, uint8_t[:, ::1] seen, float[:, :, :, ::1] days,
    double[:, ::1] numbers, double[:, :, ::1] told,
)

@cython.locals(other=Py_ssize_t)
cdef void _lend(
    Py_ssize_t one, Py_ssize_t slot, double value, Py_ssize_t per_day, float[:, :, ::1] week, uint8_t[:, ::1] seen,
)

@cython.locals(first=double, slow=double, fast=double)
cdef void _learn_day(
    Py_ssize_t one, double value, Py_ssize_t slot, Py_ssize_t is_rest, float[:, :, :, ::1] days,
    uint8_t[:, :, ::1] days_seen,
)

@cython.locals(rate=double)
cdef void _learn_miss(
    Py_ssize_t one, Py_ssize_t slot, double miss, double mean, double level_rate, float[:, :, ::1] week,
    uint8_t[:, ::1] seen, double[:, ::1] numbers,
)

cdef double _moved(double mean, double value, double rate)

cdef double _either(double value, double other)

cdef double _mean(Py_ssize_t one, Py_ssize_t slot, float[:, :, ::1] week, double[:, ::1] numbers)

@cython.locals(spread=double, guess=double, own=double, trust=double, scale=double)
cdef double _scale(
    Py_ssize_t one, Py_ssize_t slot, double mean, float[:, :, ::1] week, uint8_t[:, ::1] seen, double[:, ::1] numbers
)

@cython.locals(least=double)
cdef double _power(Py_ssize_t one, double mean, double[:, ::1] numbers)
