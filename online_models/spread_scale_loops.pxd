cimport cython
from libc.math cimport exp, fabs, isnan, log


@cython.locals(rows=Py_ssize_t, longest=Py_ssize_t, row=Py_ssize_t, feature=Py_ssize_t, one=Py_ssize_t, far=Py_ssize_t,
               before=double, recent=double, hour=double, centre=double, w0=double, w1=double, w2=double, tilt=double,
               miss=double, base=double, pull=double, apart=double, flat=double, ratio=double)
cpdef void learn_scale(double[:, ::1] roots, double[:, ::1] said, Py_ssize_t[:, ::1] delays, double[:, ::1] per_period,
                       Py_ssize_t periods, Py_ssize_t slot, double rate, double[:, ::1] slow, double[:, ::1] seen,
                       double[::1] fast, float[:, ::1] fast_said, float[:, :, ::1] usual, double[::1] level,
                       double[:, ::1] weights, double[:, ::1] sizes, double[:, ::1] unit, double[:, ::1] scaled)

@cython.locals(row=Py_ssize_t, one=Py_ssize_t, total=double, count=double, known=double, typical=double, own=double,
               mixed=double)
cpdef void typical_scale(double[:, ::1] slow, double[:, ::1] seen, double[:, ::1] unit)
