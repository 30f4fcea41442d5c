cimport cython

cdef Py_ssize_t LARGEST, ERROR, ERRORS, COUNT, CAME, BELIEVED, SCALE, KNOWN, RUN

@cython.locals(one=Py_ssize_t, value=double, centre=double, accepted=double, said=double, error=double, came=double)
cpdef void taken(
    double[::1] values, double[::1] heard, double[::1] centres, double[:, ::1] numbers,
    double[::1] rates, double calibration_rate, double[::1] believed,
)

cdef double _ratio(Py_ssize_t one, double[:, ::1] numbers, double ratio_max)

@cython.locals(known=double, limit=double, side=double, run=double)
cdef double _within(double miss, Py_ssize_t one, double[:, ::1] numbers, double[::1] rates)
