cimport cython
from libc.stdint cimport uint8_t

from online_models.regression_loops cimport Weights
from online_models.residual_loops cimport Residuals
from online_models.season_loops cimport Profiles

cdef double NAN
cdef Py_ssize_t BASE, SCALE

cdef class Steps:
    cdef Profiles profiles
    cdef Residuals residuals
    cdef Weights weights
    cdef Py_ssize_t[::1] knots, firsts, slots
    cdef uint8_t[::1] holidays
    cdef double[::1] ready
    cdef double[:, ::1] met
    cdef double[:, :, ::1] targets, told
    cdef float[:, :, ::1] made_from
    cdef float[:, :, :, ::1] said

    @cython.locals(place=Py_ssize_t, knot=Py_ssize_t, one=Py_ssize_t)
    cpdef void learn(
        self, double[::1] values, Py_ssize_t slot, Py_ssize_t is_holiday, Py_ssize_t is_rest, Py_ssize_t periods,
    )

    @cython.locals(knot=Py_ssize_t, one=Py_ssize_t, number=Py_ssize_t)
    cdef void forget(self, Py_ssize_t place)

    cpdef void describe(
        self, Py_ssize_t periods, Py_ssize_t[::1] slots, Py_ssize_t[::1] is_holiday, double[::1] observed,
        Py_ssize_t[:, ::1] holidays, double[:, :, ::1] told, double[:, :, ::1] inputs,
    )

    @cython.locals(day=Py_ssize_t, steps=Py_ssize_t, step=Py_ssize_t)
    cdef void look_around(self, Py_ssize_t periods, Py_ssize_t[::1] is_holiday, Py_ssize_t[:, ::1] holidays)

    cpdef void paths(
        self, Py_ssize_t made, double[:, :, ::1] inputs, double[:, :, ::1] told, Py_ssize_t[::1] near,
        Py_ssize_t[::1] far, double[::1] way, double[:, ::1] added, double[:, ::1] path,
    )

@cython.locals(
    place=Py_ssize_t, knot=Py_ssize_t, step=Py_ssize_t, row=Py_ssize_t, one=Py_ssize_t, column=Py_ssize_t,
)
cdef void _keep(
    double[:, :, ::1] inputs, double[:, :, ::1] told, double[:, ::1] added, double[::1] ready, Py_ssize_t[::1] knots,
    Py_ssize_t[::1] firsts, Py_ssize_t made, float[:, :, ::1] made_from, float[:, :, :, ::1] said,
)

@cython.locals(one=Py_ssize_t, step=Py_ssize_t, mean=double)
cdef void _add(double[:, :, ::1] told, double[:, ::1] added, double[::1] ready, double[:, ::1] paths)
