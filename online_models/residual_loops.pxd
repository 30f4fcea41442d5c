cimport cython
from libc cimport math

cdef double RESIDUAL_MAX, GUESS_MAX, BASE_UNIT, BASE_MAX, LEVEL_UNIT, LEVEL_RATIO_MAX
cdef Py_ssize_t BASE, EXPECTED, LEVEL, OTHERS, SCALE, SUNDAY
cdef Py_ssize_t DAY, FIXED, GUESSES, HOLIDAY, NEAR, ORIGIN, POOL, RATIO, SEASONAL, SMOOTHED, TURNING, VOLUME

cdef class Residuals:
    cdef float[:, ::1] ring
    cdef double[:, ::1] smoothed, day, origin
    cdef double[::1] rates
    cdef Py_ssize_t[::1] lags

    cpdef void remember(self, double[::1] values, double[:, :, ::1] told, double[::1] ready, Py_ssize_t periods)
    cpdef void describe(
        self, Py_ssize_t periods, Py_ssize_t[::1] slots, Py_ssize_t[:, ::1] holidays, double[:, :, ::1] told,
        double[:, ::1] numbers, double[::1] observed, double[:, :, ::1] found,
    )

@cython.locals(one=Py_ssize_t, row=Py_ssize_t, residual=double)
cpdef void remember(
    double[::1] values, double[:, :, ::1] told, double[::1] ready, double[::1] rates, double[:, ::1] smoothed,
    float[:, ::1] ring, Py_ssize_t place,
)

@cython.locals(
    length=Py_ssize_t, series=Py_ssize_t, one=Py_ssize_t, back=Py_ssize_t, row=Py_ssize_t, others=Py_ssize_t,
    last=double, slow=double,
)
cpdef void look_back(
    float[:, ::1] ring, Py_ssize_t periods, double[:, ::1] smoothed, double[:, ::1] numbers, double[:, ::1] origin,
)

@cython.locals(
    step=Py_ssize_t, slot=Py_ssize_t, holiday=Py_ssize_t, one=Py_ssize_t, place=Py_ssize_t,
    back=Py_ssize_t, row=Py_ssize_t, first=Py_ssize_t, known=bint, mean=double, scale=double, volume=double,
    guess=double, sunday=double,
)
cpdef void describe(
    double[:, ::1] origin, float[:, ::1] ring, Py_ssize_t periods, Py_ssize_t[::1] lags, Py_ssize_t[::1] slots,
    Py_ssize_t[:, ::1] holidays, double[:, ::1] day, double[:, :, ::1] told, double[:, ::1] numbers, double[::1] observed,
    double[:, :, ::1] found,
)

cdef double _within(double value, double largest)

@cython.locals(ratio=double)
cdef double _ratio(double level, double expected)
