cimport cython
from libc cimport math
from libc.stdint cimport uint8_t

from online_models.residual_rings_loops cimport Rings
from online_models.spread_scale_loops cimport Scales
from online_models.waiting_loops cimport Waits

cdef double NOTHING, ERROR_RATE, ROOTED, TILT_MAX

cdef class Misses:
    cdef Waits waits
    cdef Scales scales
    cdef Rings rings
    cdef Py_ssize_t[::1] leads
    cdef double[:, ::1] roots
    cdef double[::1] errors, seen, normal

    cpdef void learn(
        self, double[::1] values, uint8_t[::1] is_bound, int is_closed, Py_ssize_t slot_of_week, Py_ssize_t periods,
    )
    cpdef void around(
        self, double[:, ::1] paths, Py_ssize_t[::1] slots, Py_ssize_t[::1] near, Py_ssize_t[::1] far, double[::1] way,
        double[::1] ceilings, double[:, :, ::1] found,
    )

@cython.locals(one=Py_ssize_t, row=Py_ssize_t)
cdef void _rooted(double[:, ::1] said, double[:, ::1] came, double[:, ::1] roots, double[::1] errors,
                  double[::1] seen)

@cython.locals(last=Py_ssize_t, one=Py_ssize_t, step=Py_ssize_t, a=Py_ssize_t, b=Py_ssize_t, lead=Py_ssize_t,
               slot=Py_ssize_t, centre=double, hour=double, low=double, high=double, scale=double)
cdef void _bands(double[:, ::1] paths, Py_ssize_t[::1] slots, Py_ssize_t[::1] of_week, Py_ssize_t[::1] leads, Py_ssize_t[::1] near,
                 Py_ssize_t[::1] far, double[::1] way, Py_ssize_t[::1] sides, double[:, ::1] unit, double[::1] recent,
                 float[:, :, ::1] usual, double[:, ::1] weights, double[:, :, ::1] table, uint8_t[:, ::1] is_known,
                 double[::1] errors, double[::1] ceilings, double[::1] normal, double[:, :, ::1] found)

cdef double _tilt(double logarithm)

@cython.locals(total=double, step=Py_ssize_t)
cdef double _summed(double[:, ::1] paths, Py_ssize_t one, Py_ssize_t lead)

@cython.locals(root=double, level=Py_ssize_t, miss=double, edge=double)
cdef void _around(double centre, double scale, double limit, Py_ssize_t a, Py_ssize_t b, double share, Py_ssize_t one,
                  Py_ssize_t step, double[:, :, ::1] table, double[:, :, ::1] found)

@cython.locals(spread=double, level=Py_ssize_t)
cdef void _guess(double centre, double error, double limit, double[::1] normal, Py_ssize_t one, Py_ssize_t step,
                 double[:, :, ::1] found)
