cimport cython
from libc cimport math

cdef Py_ssize_t COUNT, DEMAND, EXPECTED, SCALE, SURPRISES, RUN
cdef Py_ssize_t LEVEL, SEEN_MAX, RATIO_MAX, SCALE_RATE, BELIEVED_MAX, IN_A_ROW_MAX, BEGUN

@cython.locals(one=Py_ssize_t, base=double, believed=double)
cpdef void follow(
    double[::1] values, Py_ssize_t slot, Py_ssize_t per_day, double[::1] rates, double[:, ::1] profile,
    double[:, ::1] seen, double[:, ::1] numbers,
)

@cython.locals(one=Py_ssize_t, step=Py_ssize_t, ratio=double)
cpdef void smoothed(
    Py_ssize_t[::1] slots, double[::1] rates, double[:, ::1] profile, double[:, ::1] numbers, double[:, ::1] path,
)

@cython.locals(one=Py_ssize_t, slot=Py_ssize_t, step=Py_ssize_t, total=double, count=double, value=double)
cpdef void repeated(Py_ssize_t[::1] slots, double least, double[:, ::1] last, double[:, ::1] path)

@cython.locals(base=double)
cdef double _base(Py_ssize_t one, Py_ssize_t slot, double[:, ::1] profile, double[:, ::1] numbers)

@cython.locals(ratio=double)
cdef double _ratio(Py_ssize_t one, double[::1] rates, double[:, ::1] numbers)

@cython.locals(known=double, limit=double, side=double, run=double, rate=double)
cdef double _believed(double miss, Py_ssize_t one, double[::1] rates, double[:, ::1] numbers)

@cython.locals(rate=double, expected=double, move=double, other=Py_ssize_t)
cdef void _learn(
    double value, Py_ssize_t one, Py_ssize_t slot, Py_ssize_t per_day, double[::1] rates, double[:, ::1] profile,
    double[:, ::1] seen, double[:, ::1] numbers,
)
