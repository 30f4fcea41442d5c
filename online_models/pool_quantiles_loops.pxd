cimport cython
from libc.math cimport exp, log, sqrt
from libc.stdint cimport uint8_t


@cython.locals(one=Py_ssize_t, row=Py_ssize_t)
cpdef void rooted(double[:, ::1] said, double[:, ::1] came, double[:, ::1] roots)

@cython.locals(rows=Py_ssize_t, one=Py_ssize_t, recent=double, step=Py_ssize_t, lead=Py_ssize_t, centre=double,
               place=Py_ssize_t, limit=double, a=Py_ssize_t, b=Py_ssize_t, share=double, slot=Py_ssize_t,
               side=Py_ssize_t, hour=double, wide=double, low=double, high=double, tilt=double, scale=double,
               root=double, miss=double, edge=double)
cpdef void bands(double[:, ::1] paths, Py_ssize_t[::1] slots, Py_ssize_t[::1] leads, Py_ssize_t[::1] near,
                 Py_ssize_t[::1] far, double[::1] way, double[:, ::1] unit, double[::1] fast, float[:, :, ::1] usual,
                 double[::1] level, double[:, ::1] weights, double[:, :, ::1] table, uint8_t[:, ::1] is_known,
                 double[::1] errors, double[::1] ceilings, double[::1] normal, double[:, :, ::1] found)

@cython.locals(spread=double, place=Py_ssize_t, value=double)
cdef void _guess(double centre, double error, double limit, double[::1] normal, Py_ssize_t one, Py_ssize_t step,
                 double[:, :, ::1] found)
