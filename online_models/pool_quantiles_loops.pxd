cimport cython
from libc cimport math
from libc.stdint cimport uint8_t

cdef double NOTHING, ERROR_RATE, ROOTED, TILT_MAX

@cython.locals(one=Py_ssize_t, row=Py_ssize_t)
cpdef void rooted(double[:, ::1] said, double[:, ::1] came, double[:, ::1] roots, double[::1] errors,
                  double[::1] seen)

@cython.locals(last=Py_ssize_t, one=Py_ssize_t, step=Py_ssize_t, a=Py_ssize_t, b=Py_ssize_t, lead=Py_ssize_t,
               slot=Py_ssize_t, centre=double, hour=double, low=double, high=double, scale=double)
cpdef void bands(double[:, ::1] paths, Py_ssize_t[::1] slots, Py_ssize_t[::1] leads, Py_ssize_t[::1] near,
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
