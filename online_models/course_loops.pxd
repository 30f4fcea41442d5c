cimport cython

cdef Py_ssize_t BELIEVED, CAME, COUNT, ERROR, ERRORS, KNOWN, LARGEST, RUN, SAID, SCALE
cdef double TOGETHER_MAX, NAN

cdef class Courses:
    cdef double[:, ::1] numbers
    cdef double[::1] rates
    cdef double calibration_rate, times

    @cython.locals(one=Py_ssize_t, value=double, finite=bint)
    cpdef void accept(self, double[::1] values, double largest, double[::1] found)

    cpdef void take(self, double[::1] values, double[::1] heard, double[::1] centres, double[::1] believed)

    @cython.locals(one=Py_ssize_t, step=Py_ssize_t, is_whole=bint, ceiling=double)
    cpdef void bound(self, double[:, ::1] paths)

    @cython.locals(one=Py_ssize_t, step=Py_ssize_t, together=double, ratio=double, ceiling=double)
    cpdef void correct(self, double[:, ::1] paths, double[:, ::1] means)

    @cython.locals(one=Py_ssize_t, together=double)
    cpdef void ratios(self, double[::1] found)

@cython.locals(one=Py_ssize_t, value=double, centre=double, accepted=double, said=double, error=double, came=double,
    together=double)
cdef void _taken(
    double[::1] values, double[::1] heard, double[::1] centres, double[:, ::1] numbers,
    double[::1] rates, double calibration_rate, double[::1] believed,
)

@cython.locals(one=Py_ssize_t, said=double, believed=double, known=double, ratio=double)
cdef double _together(double[:, ::1] numbers, double calibration_rate)

@cython.locals(ratio=double)
cdef double _ratio(Py_ssize_t one, double[:, ::1] numbers, double ratio_max)

@cython.locals(known=double, limit=double, side=double, run=double)
cdef double _within(double miss, Py_ssize_t one, double[:, ::1] numbers, double[::1] rates)
